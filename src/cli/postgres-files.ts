/** What `restore`, `backup` and `doctor` do with a PostgreSQL ledger. */
import fs from 'node:fs';
import path from 'node:path';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { invalid, LedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import { restoreLines } from '../ledger/export/restore-lines.ts';
import { doctorPostgres } from '../store/postgres-doctor.ts';
import type { PostgresDoor } from '../store/postgres-door.ts';
import { doorTo, openPostgres, type PostgresPlace } from '../store/postgres-open.ts';
import {
  dropSchema,
  makeSchema,
  type PostgresWriter,
  placeIn,
  postgresFacts,
  putInPlace,
  writePostgres,
} from '../store/postgres-restore.ts';
import { kindOf, linesOf, requireSound, stampOf } from './restore-source.ts';
import type { PostgresTools } from './wire-postgres.ts';
import type { LedgerFiles, OccupantView, PreparedRestore, RestoreOptions } from './wire-types.ts';

export function createPostgresFiles(
  place: PostgresPlace,
  clock: () => Instant,
  tools: PostgresTools,
): LedgerFiles {
  const withDoor = async <T>(use: (door: PostgresDoor) => Promise<T>): Promise<T> => {
    const door = doorTo(place, tools.store);
    try {
      return await use(door);
    } finally {
      await door.close();
    }
  };
  const occupant = (): Promise<OccupantView> =>
    withDoor(async (door) => {
      const facts = await postgresFacts(door);
      return facts === null ? { is: 'nothing' } : { is: 'ledger', ...facts };
    });
  return {
    ledger: place.location,
    backup() {
      throw invalid(
        'a PostgreSQL ledger is backed up by PostgreSQL',
        'use `pg_dump`, or `credits export --what ledger -o FILE`, which `credits restore` takes',
      );
    },
    occupant,
    prepareRestore: async (file, options) => {
      const { is } = await occupant();
      return prepare(path.resolve(file), options, { ...tools, place, clock, replaces: is === 'ledger' });
    },
    doctor: () => withDoor((door) => doctorPostgres(door, clock())),
  };
}

interface Preparing extends PostgresTools {
  readonly place: PostgresPlace;
  readonly clock: () => Instant;
  readonly replaces: boolean;
}

async function prepare(
  source: string,
  options: RestoreOptions,
  { place, clock, replaces, ...tools }: Preparing,
): Promise<PreparedRestore> {
  if (kindOf(source) === 'backup') {
    throw invalid(
      `${source} is a backup of a SQLite ledger, which goes into a file`,
      'restore it with `--db FILE`, then `credits export --what ledger` writes what PostgreSQL takes',
    );
  }
  const door = doorTo(place, tools.store);
  const schema = `credits_restore_${tools.store.newTag()}`;
  const discard = async (): Promise<void> => {
    try {
      await dropSchema(door, schema);
    } finally {
      await door.close();
    }
  };
  await makeSchema(door, schema).catch(async (error) => {
    await door.close();
    throw error;
  });
  try {
    const working = placeIn(place, schema);
    const facts = await fill(source, working, options, tools);
    return {
      view: { kind: 'export', bytes: fs.statSync(source).size, ...facts },
      async commit() {
        if (options.signal.aborted) throw new LedgerError('cancelled', 'interrupted; nothing was changed');
        const kept = await putInPlace(
          door,
          schema,
          `credits_replaced_${stampOf(clock()).toLowerCase()}`,
          replaces,
        );
        return kept === null ? null : `schema ${kept}`;
      },
      discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Makes and verifies the ledger in its working schema. */
async function fill(
  source: string,
  working: PostgresPlace,
  { onProgress, signal }: RestoreOptions,
  { store: facts, sha256, over }: PostgresTools,
) {
  const { heads } = await writePostgres(working, facts, (writer) =>
    restoreLines(paced(source, writer, signal), writer, { sha256, schemaVersion: SCHEMA_VERSION }),
  );
  const service = await over(await openPostgres(working, facts));
  try {
    await requireSound(service, heads, onProgress);
  } finally {
    await service.close();
  }
  const door = doorTo(working, facts);
  try {
    return (await postgresFacts(door))!;
  } finally {
    await door.close();
  }
}

/** Lines of the file, no faster than they are written. */
async function* paced(source: string, writer: PostgresWriter, signal: AbortSignal) {
  for await (const line of linesOf(source)) {
    if (writer.isFull) {
      await writer.flush();
      signal.throwIfAborted();
    }
    yield line;
  }
}
