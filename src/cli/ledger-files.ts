/**
 * What the command line does with a ledger as a file: copy it, put a copy in its place, look it over. Loaded by `wire.ts`
 * when one of these is asked for.
 */
import fs from 'node:fs';
import path from 'node:path';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { invalid, LedgerError } from '../core/errors.ts';
import { restoreLines } from '../ledger/export/restore-lines.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Head } from '../ledger/verify-view.ts';
import { backupSqlite } from '../store/sqlite-backup.ts';
import { doctorFile } from '../store/sqlite-doctor.ts';
import { sqliteRefusal, unreadable } from '../store/sqlite-errors.ts';
import { makeFolder } from '../store/sqlite-file.ts';
import { migrationBackup } from '../store/sqlite-open.ts';
import { copyBackup, occupantOf, putInPlace, removeFile } from '../store/sqlite-restore.ts';
import { writeSqlite } from '../store/sqlite-writer.ts';
import { kindOf, linesOf, requireSound, stampOf } from './restore-source.ts';
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

/** Verifies the working file, in the schema of this program. @throws LedgerError `integrity_failure` */
async function check(
  working: string,
  heads: Readonly<Record<string, Head>> | undefined,
  { onProgress }: RestoreOptions,
  tools: FileTools,
): Promise<void> {
  const service = await tools.open(working);
  try {
    await requireSound(service, heads, onProgress);
  } finally {
    await service.close();
  }
}

/** `ledger.db.replaced-20260220T120000Z`; numbered when that is taken. */
function freeName(ledger: string, at: number): string {
  const base = `${ledger}.replaced-${stampOf(at)}`;
  for (let no = 1; ; no += 1) {
    const name = no === 1 ? base : `${base}-${no}`;
    if (!fs.existsSync(name)) return name;
  }
}
