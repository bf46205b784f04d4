/**
 * What the command line does with a ledger as a file: copy it, put a copy in its place, look it over. Loaded by `wire.ts`
 * when one of these is asked for.
 */
import fs from 'node:fs';
import path from 'node:path';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { invalid, LedgerError } from '../core/errors.ts';
import { formatInstant } from '../core/time.ts';
import { type ExportLine, restoreLines } from '../ledger/export/restore-lines.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Head } from '../ledger/verify-view.ts';
import { backupSqlite } from '../store/sqlite-backup.ts';
import { doctorFile } from '../store/sqlite-doctor.ts';
import { sqliteRefusal, unreadable } from '../store/sqlite-errors.ts';
import { makeFolder } from '../store/sqlite-file.ts';
import { migrationBackup } from '../store/sqlite-open.ts';
import { copyBackup, occupantOf, putInPlace, removeFile } from '../store/sqlite-restore.ts';
import { writeSqlite } from '../store/sqlite-writer.ts';
import { readFailure } from './read-input.ts';
import type { LedgerFiles, PreparedRestore, RestoreOptions, WireOptions } from './wire-types.ts';

/** What `wire.ts` lends. */
export interface FileTools {
  /** Path of the ledger. */
  readonly ledger: string;
  readonly sha256: (text: string) => string;
  /** Opens a file for writing, migrating it. */
  readonly open: (file: string) => Promise<LedgerService>;
}

export function createLedgerFiles({ clock }: WireOptions, tools: FileTools): LedgerFiles {
  const { ledger } = tools;
  return {
    ledger,
    backup: (file) => backupSqlite(ledger, path.resolve(file)),
    occupant: () => occupantOf(ledger),
    prepareRestore: (file, options) => prepare(path.resolve(file), options, tools, clock),
    doctor: () => doctorFile(ledger, clock()),
  };
}

const SQLITE_MAGIC = 'SQLite format 3\0';

/** @throws LedgerError `invalid_argument` (cannot be read), `ledger_unreadable` (neither backup nor export) */
function kindOf(file: string): 'backup' | 'export' {
  let start: string;
  try {
    const fd = fs.openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(SQLITE_MAGIC.length);
      start = bytes.toString('latin1', 0, fs.readSync(fd, bytes));
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw readFailure(file, error);
  }
  if (start === SQLITE_MAGIC) return 'backup';
  if (start.startsWith('{')) return 'export';
  throw unreadable(file, 'it is neither a backup nor the output of `credits export --what ledger`');
}

async function prepare(
  source: string,
  options: RestoreOptions,
  tools: FileTools,
  clock: () => number,
): Promise<PreparedRestore> {
  const { ledger } = tools;
  const kind = kindOf(source);
  const occupant = occupantOf(ledger);
  if (occupant.is !== 'nothing' && fs.realpathSync(source) === fs.realpathSync(ledger)) {
    throw invalid('a ledger cannot be restored from itself', 'name the backup as FILE, the ledger with --db');
  }
  makeFolder(path.dirname(path.resolve(ledger)));
  const working = `${ledger}.restore-${process.pid}`;
  const discard = (): void => {
    removeFile(working);
    for (let version = 1; version < SCHEMA_VERSION; version += 1)
      removeFile(migrationBackup(working, version));
  };
  discard();
  try {
    const heads = kind === 'export' ? await load(source, working, tools.sha256) : copy(source, working);
    await check(working, heads, options, tools);
    const facts = occupantOf(working);
    if (facts.is !== 'ledger') throw unreadable(source, 'it holds no ledger');
    const { is: _, schema: __, ...found } = facts;
    const { size: bytes } = fs.statSync(working);
    return {
      view: { kind, bytes, ...found },
      commit() {
        if (options.signal.aborted) throw new LedgerError('cancelled', 'interrupted; nothing was changed');
        return putInPlace(working, ledger, occupant.is, freeName(ledger, clock()));
      },
      discard,
    };
  } catch (error) {
    discard();
    throw sqliteRefusal(error, source);
  }
}

function copy(source: string, working: string): undefined {
  copyBackup(source, working);
}

async function load(source: string, working: string, sha256: FileTools['sha256']) {
  const { heads } = await writeSqlite(working, (writer) =>
    restoreLines(linesOf(source), writer, { sha256, schemaVersion: SCHEMA_VERSION }),
  );
  return heads;
}

/** Lines of a file as they are, however long; only a line feed ends one. */
async function* linesOf(file: string): AsyncGenerator<ExportLine> {
  let no = 0;
  let rest = '';
  for await (const block of fs.createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const parts = (rest + block).split('\n');
    rest = parts.pop()!;
    for (const text of parts) yield { no: ++no, text };
  }
  if (rest !== '') yield { no: ++no, text: rest };
}

/** Verifies the working file, in the schema of this program. @throws LedgerError `integrity_failure` */
async function check(
  working: string,
  heads: Readonly<Record<string, Head>> | undefined,
  { onProgress }: RestoreOptions,
  tools: FileTools,
): Promise<void> {
  const service = await tools.open(working);
  try {
    const view = await service.verify({ ...(heads === undefined ? {} : { heads }), onProgress });
    if (view.ok) return;
    const failed = view.checks.filter((each) => !each.ok);
    throw new LedgerError(
      'integrity_failure',
      `the backup does not add up: ${failed.map(({ id, detail }) => `${id} (${detail[0] ?? ''})`).join(', ')}`,
      { hint: 'nothing was changed; try an older backup', details: { failed: failed.map(({ id }) => id) } },
    );
  } finally {
    await service.close();
  }
}

/** `ledger.db.replaced-20260220T120000Z`; numbered when that is taken. */
function freeName(ledger: string, at: number): string {
  const base = `${ledger}.replaced-${formatInstant(at).replace(/[-:]|\.\d+/g, '')}`;
  for (let no = 1; ; no += 1) {
    const name = no === 1 ? base : `${base}-${no}`;
    if (!fs.existsSync(name)) return name;
  }
}
