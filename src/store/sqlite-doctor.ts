/**
 * What can be wrong around a SQLite ledger: its place, its modes, how it is written, its clock. Changes nothing. The rules
 * of the entries are `verify`'s.
 *
 * Source: contract 6 (`doctor`), 1 (accounts ahead of the clock), 2 (modes).
 */
import fs from 'node:fs';
import path from 'node:path';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { isLedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import { clockFinding, type DoctorFinding, type FileFindings, finding } from './doctor-findings.ts';
import { readRefusal } from './sqlite-dump.ts';
import { type Connection, openFile } from './sqlite-file.ts';

/** A log larger than this says that something keeps an old snapshot open. */
const WAL_MOST = 64 * 1024 * 1024;
/** Most accounts named. */
const MOST = 20;

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');
const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1_048_576)} MiB`;

/** @param wall the wall clock, epoch ms */
export function doctorFile(file: string, wall: Instant): FileFindings {
  let opened: { db: Connection; version: number };
  try {
    opened = openFile(file, 'read');
  } catch (error) {
    return unusable(file, error);
  }
  const { db, version } = opened;
  try {
    let mode: string | null = null;
    const findings = [
      readable('ledger', file, () => {
        mode = db.prepare('SELECT mode FROM ledger').pluck().get() as string;
        return { id: 'ledger', level: 'ok', detail: [`${file}: a ${mode} ledger`] };
      }),
      modes(file),
      space(file),
      log(file),
      leftovers(file),
      durability(db),
      schema(version),
      readable('integrity', file, () => integrity(db)),
      readable('clock', file, () => clock(db, wall)),
    ];
    return { findings, mode, refusal: null };
  } finally {
    db.close();
  }
}

/** What a damaged file does not let read is a finding. */
function readable(id: string, file: string, probe: () => DoctorFinding): DoctorFinding {
  try {
    return probe();
  } catch (error) {
    const refusal = readRefusal(error, file);
    if (!isLedgerError(refusal) || refusal.code !== 'ledger_unreadable') throw refusal;
    return { id, level: 'fail', detail: [refusal.message] };
  }
}

function unusable(file: string, error: unknown): FileFindings {
  if (!isLedgerError(error)) throw error;
  const { code, message, hint } = error;
  const level = code === 'no_ledger' ? 'warn' : 'fail';
  const findings: DoctorFinding[] = [{ id: 'ledger', level, detail: [message] }];
  if (code !== 'no_ledger' && fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true) {
    findings.push(modes(file));
  }
  return { findings, mode: null, refusal: { code, message, ...(hint === undefined ? {} : { hint }) } };
}

/** Who else can read or replace it. */
function modes(file: string): DoctorFinding {
  const real = fs.realpathSync(file);
  const problems: string[] = [];
  for (const each of [real, `${real}-wal`, `${real}-shm`]) {
    const stats = fs.statSync(each, { throwIfNoEntry: false });
    if (stats === undefined || (stats.mode & 0o077) === 0) continue;
    problems.push(`${each} has mode ${octal(stats.mode)}, others can use it: \`chmod 600\``);
  }
  const folder = path.dirname(real);
  const { mode } = fs.statSync(folder);
  if ((mode & 0o022) !== 0) {
    problems.push(`${folder} has mode ${octal(mode)}, others can replace what is in it: \`chmod 700\``);
  }
  return finding(
    'modes',
    problems,
    `the file and its side files are for their owner alone; folder ${octal(mode)}`,
  );
}

function space(file: string): DoctorFinding {
  const { bavail, bsize } = fs.statfsSync(file);
  const free = bavail * bsize;
  const { size } = fs.statSync(file);
  // A migration keeps a copy first, and a restore needs one more.
  const wanted = Math.max(WAL_MOST, 2 * size);
  const problems =
    free < wanted
      ? [`${megabytes(free)} are free; a migration or restore may need ${megabytes(wanted)}`]
      : [];
  return finding('space', problems, `${megabytes(free)} are free, the ledger has ${megabytes(size)}`);
}

function log(file: string): DoctorFinding {
  const size = fs.statSync(`${fs.realpathSync(file)}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const problems =
    size > WAL_MOST
      ? [
          `the log (-wal) has ${megabytes(size)}: a process that reads for long keeps it from being copied back`,
        ]
      : [];
  return finding('log', problems, `the log (-wal) has ${megabytes(size)}`);
}

/** Working files of a backup, restore or migration that was killed. They hold a ledger's content. */
function leftovers(file: string): DoctorFinding {
  const { dir, base } = path.parse(fs.realpathSync(file));
  const names = fs
    .readdirSync(dir)
    .filter((name) => name.startsWith(`${base}.`) && /\.(?:restore-\d+|part(?:-\d+)?)$/.test(name));
  const problems = names
    .slice(0, MOST)
    .map((name) => `${path.join(dir, name)} was left by a command that was killed`);
  return finding('leftovers', problems, 'no working file was left behind');
}

/** WAL and FULL: without them an acknowledged write may not survive a power cut. */
function durability(db: Connection): DoctorFinding {
  const problems: string[] = [];
  if (db.pragma('journal_mode', { simple: true }) !== 'wal') {
    problems.push('it is not in WAL mode, as a copy is; the next write changes that');
  }
  const synchronous = db.pragma('synchronous', { simple: true });
  if (synchronous !== 2) problems.push(`synchronous is ${synchronous}, it must be 2 (FULL)`);
  return finding('durability', problems, 'WAL, synchronous FULL, on a local file system');
}

function schema(version: number): DoctorFinding {
  const problems =
    version < SCHEMA_VERSION
      ? [`schema ${version}; the next command that opens it copies it, then migrates it to ${SCHEMA_VERSION}`]
      : [];
  return finding('schema', problems, `schema ${version}, the newest that this program knows`);
}

function integrity(db: Connection): DoctorFinding {
  const lines = db.pragma(`quick_check(${MOST})`) as { quick_check: string }[];
  const problems = lines.map((line) => line.quick_check).filter((line) => line !== 'ok');
  return finding('integrity', problems, 'no damaged page; `credits verify` checks what is in them', 'fail');
}

/** Ledger time never falls: what was booked ahead holds an account's clock there. */
function clock(db: Connection, wall: Instant): DoctorFinding {
  const rows = db
    .prepare(`SELECT id, last_at FROM account WHERE last_at > ? ORDER BY last_at DESC, id LIMIT ${MOST + 1}`)
    .raw(true)
    .all(wall) as [string, number][];
  return clockFinding(rows, wall, MOST);
}
