/** What a PostgreSQL ledger does when its server, its connection or another process is in the way. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, describe, expect, it, test } from 'vitest';
import { MIGRATIONS, postgresSteps, SCHEMA_VERSION } from '../../migrations/index.ts';
import { defaultRows } from '../../src/catalog/index.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { settingRows } from '../../src/ledger/new-ledger.ts';
import { arrayLiteral } from '../../src/store/postgres-arrays.ts';
import { isLost, postgresRefusal } from '../../src/store/postgres-errors.ts';
import { createPostgres, openPostgres } from '../../src/store/postgres-open.ts';
import { numbered } from '../../src/store/postgres-sql.ts';
import { NOON, serviceOver, spendOf, storeOptions, zones } from '../helpers/ledger.ts';
import { type LossyWire, lossyWire } from '../helpers/lossy-postgres.ts';
import { type PostgresTestLedger, postgresLedger, testDatabase } from '../helpers/postgres.ts';

let open: PostgresTestLedger[] = [];
let wires: LossyWire[] = [];
const make = async (...args: Parameters<typeof postgresLedger>): Promise<PostgresTestLedger> => {
  const t = await postgresLedger(...args);
  open.push(t);
  return t;
};
afterEach(async () => {
  for (const wire of wires) await wire.close();
  for (const each of open) await each.done();
  open = [];
  wires = [];
});

async function session(t: PostgresTestLedger): Promise<pg.Client> {
  const client = new pg.Client(t.database.url);
  await client.connect();
  return client;
}

/** The ledger through a wire that can be cut. */
async function overWire(t: PostgresTestLedger, busyBudgetMs = 5_000) {
  const wire = await lossyWire(t.database.url);
  wires.push(wire);
  const store = await openPostgres(
    { url: wire.url, location: 'postgres://there' },
    { ...storeOptions, busyBudgetMs },
  );
  return { wire, store, ledger: serviceOver(store, () => t.at) };
}

describe('a connection that is lost while it commits', () => {
  it.each(['before', 'after'] as const)(
    '%s the server heard it: the spend is booked once, without a key',
    async (cut) => {
      const t = await make();
      const { wire, store, ledger } = await overWire(t);
      await ledger.spend('default', spendOf('1'));
      wire.cutNext(cut);
      const receipt = await ledger.spend('default', spendOf('2'));
      expect(wire.cuts).toBe(1);
      expect(receipt).toMatchObject({ credits: 2_000_000, available: 47_000_000, replayed: false });
      expect((await t.ledger.balance('default')).available).toBe(47_000_000);
      expect(
        await t.ledger.log('default', { since: null, until: null, kind: 'spent', limit: null }),
      ).toHaveLength(2);
      await store.close();
    },
  );

  it.each(['before', 'after'] as const)('%s: so is an account opened', async (cut) => {
    const t = await make();
    const { wire, store, ledger } = await overWire(t);
    wire.cutNext(cut);
    const opened = await ledger.openAccount({ account: 'acme', plan: 'pro', zone: 'UTC', anchorAt: null });
    expect([wire.cuts, opened.account]).toEqual([1, 'acme']);
    expect((await t.ledger.balance('acme')).available).toBe(1_050_000_000);
    await store.close();
  });

  it('and a server that stays away: the outcome is unknown, and the same key settles it', async () => {
    const t = await make();
    const { wire, store, ledger } = await overWire(t, 500);
    wire.cutNext('for good');
    const lost = await ledger.spend('default', spendOf('2'), { key: 'k' }).catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: 'remote_unreachable', details: { outcome: 'unknown' } });
    expect(await t.ledger.spend('default', spendOf('2'), { key: 'k' })).toMatchObject({ replayed: true });
    await store.close();
  });

  it('where nothing was sent, nothing was written, and it says so', async () => {
    const t = await make();
    const { wire, store, ledger } = await overWire(t, 200);
    await wire.close();
    await expect(ledger.spend('default', spendOf('2'))).rejects.toMatchObject({
      code: 'remote_unreachable',
      details: { outcome: 'nothing_written' },
    });
    await store.close();
  });
});

it('reads and writes go on after the server has ended every connection', async () => {
  const t = await make();
  await t.ledger.spend('default', spendOf('1'));
  const other = await session(t);
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'credits' AND pid <> pg_backend_pid() AND query LIKE '%COMMIT%'`;
  await other.query(end);
  expect((await t.ledger.balance('default')).available).toBe(49_000_000);
  await other.query(end);
  expect((await t.ledger.spend('default', spendOf('1'))).available).toBe(48_000_000);
  await other.end();
});

describe('an account that another process keeps locked', () => {
  it('is busy, never short of credits; the others are served', async () => {
    const t = await make({ options: { busyBudgetMs: 400 } });
    await t.ledger.openAccount({ account: 'acme', plan: 'free', zone: 'UTC', anchorAt: null });
    const other = await session(t);
    await other.query("BEGIN; SELECT 1 FROM account WHERE id = 'default' FOR UPDATE");
    const [stuck, served] = await Promise.allSettled([
      t.ledger.spend('default', spendOf('1')),
      t.ledger.spend('acme', spendOf('1')),
    ]);
    expect(stuck).toMatchObject({ status: 'rejected', reason: { code: 'ledger_busy' } });
    expect(served).toMatchObject({ status: 'fulfilled', value: { available: 49_000_000 } });
    await other.query('ROLLBACK');
    expect((await t.ledger.spend('default', spendOf('1'))).available).toBe(49_000_000);
    await other.end();
  });

  it('is busy after the same wait for who waits behind another', async () => {
    const t = await make({ options: { busyBudgetMs: 2_000 } });
    const behind = await t.reopen();
    const other = await session(t);
    await other.query("BEGIN; SELECT 1 FROM account WHERE id = 'default' FOR UPDATE");
    const first = t.ledger.spend('default', spendOf('1')).catch((error) => error);
    await other.query('SELECT pg_sleep(0.2)');
    const second = behind.ledger.spend('default', spendOf('1')).catch((error) => error);
    expect(await Promise.race([second, sleep(3_000, 'still waits')])).toMatchObject({ code: 'ledger_busy' });
    expect(await first).toMatchObject({ code: 'ledger_busy' });
    await second;
    await other.query('ROLLBACK');
    expect((await t.ledger.spend('default', spendOf('1'))).available).toBe(49_000_000);
    await other.end();
  });

  it('is served when the other is done', async () => {
    const t = await make();
    const other = await session(t);
    await other.query("BEGIN; SELECT 1 FROM account WHERE id = 'default' FOR UPDATE");
    const waiting = t.ledger.spend('default', spendOf('1'));
    await other.query('SELECT pg_sleep(0.1)');
    await other.query('COMMIT');
    expect((await waiting).available).toBe(49_000_000);
    await other.end();
  });
});

describe('the schema', () => {
  it('of a newer program is refused, by who opens it and by who had it open', async () => {
    const t = await make();
    const other = await session(t);
    await other.query('UPDATE credits_schema SET version = 99');
    await expect(t.reopen()).rejects.toMatchObject({ code: 'ledger_newer' });
    await expect(t.ledger.spend('default', spendOf('1'))).rejects.toMatchObject({ code: 'ledger_newer' });
    await other.query('UPDATE credits_schema SET version = $1', [SCHEMA_VERSION]);
    await other.end();
  });

  it('of an older one is migrated once, however many open it', async () => {
    const t = await make();
    const other = await session(t);
    // Back to before the last step, which added two tables.
    expect(MIGRATIONS.at(-1)!.name).toBe('0005-access-token');
    await other.query('DROP TABLE access_token_end, access_token');
    await other.query('UPDATE credits_schema SET version = $1', [SCHEMA_VERSION - 1]);
    const again = await Promise.all([t.reopen(), t.reopen(), t.reopen()]);
    for (const { ledger } of again) await ledger.spend('default', spendOf('1'));
    expect((await t.ledger.balance('default')).available).toBe(47_000_000);
    await other.end();
  });

  it('is made once: of several that make a ledger, one does', async () => {
    const place = await testDatabase();
    const start = () => ({
      mode: 'test' as const,
      now: NOON,
      settings: settingRows(defaultRows()),
      account: openWork(
        { account: 'default', plan: 'free', zone: 'UTC', anchorAt: null },
        NOON,
        zones,
        false,
      ),
    });
    const ends = await Promise.allSettled([1, 2, 3].map(() => createPostgres(place, start(), storeOptions)));
    const codes = ends.map((end) =>
      end.status === 'rejected' ? (end.reason as { code: string }).code : 'made',
    );
    expect(codes.sort()).toEqual(['ledger_exists', 'ledger_exists', 'made']);
    for (const end of ends) if (end.status === 'fulfilled') await end.value.close();
  });

  it('is nothing where a refused account would have been the first', async () => {
    const place = await testDatabase();
    const account = openWork(
      { account: 'default', plan: 'none', zone: 'UTC', anchorAt: null },
      NOON,
      zones,
      false,
    );
    const start = { mode: 'test' as const, now: NOON, settings: settingRows(defaultRows()), account };
    await expect(createPostgres(place, start, storeOptions)).rejects.toMatchObject({ code: 'unknown_plan' });
    await expect(openPostgres(place, storeOptions)).rejects.toMatchObject({ code: 'no_ledger' });
  });

  it('has steps for every version', () => {
    expect(postgresSteps(0)).toHaveLength(MIGRATIONS.length + 1);
    expect(postgresSteps(SCHEMA_VERSION)).toEqual([]);
  });
});

test('a batch that meets a check of the database is nobody’s but its own', async () => {
  const t = await make();
  await t.ledger.openAccount({ account: 'acme', plan: 'free', zone: 'UTC', anchorAt: null });
  const other = await session(t);
  await other.query(`ALTER TABLE receipt ADD CONSTRAINT mine CHECK (note IS NULL OR note <> 'never')`);
  const [bad, good] = await Promise.allSettled([
    t.ledger.spend('default', spendOf('1', { note: 'never' })),
    t.ledger.spend('acme', spendOf('1')),
  ]);
  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'integrity_failure' } });
  expect(good).toMatchObject({ status: 'fulfilled' });
  await other.query('ALTER TABLE receipt DROP CONSTRAINT mine');
  await other.end();
});

test('a number beyond 2^53 is refused, not rounded', async () => {
  const t = await make();
  const other = await session(t);
  await other.query('UPDATE account SET last_at = 9007199254740993 WHERE no = 1');
  await expect(t.ledger.balance('default')).rejects.toMatchObject({ code: 'ledger_unreadable' });
  await other.query('UPDATE account SET last_at = $1 WHERE no = 1', [NOON]);
  await other.end();
});

test.each([
  ['40001', 'ledger_busy', 75],
  ['40P01', 'ledger_busy', 75],
  ['55P03', 'ledger_busy', 75],
  ['57014', 'ledger_busy', 75],
  ['53300', 'ledger_busy', 75],
  ['53100', 'disk_full', 75],
  ['ECONNREFUSED', 'remote_unreachable', 75],
  ['57P01', 'remote_unreachable', 75],
  ['08006', 'remote_unreachable', 75],
  ['28P01', 'unauthenticated', 4],
  ['3D000', 'no_ledger', 2],
  ['25006', 'ledger_read_only', 4],
  ['42501', 'ledger_read_only', 4],
  ['23514', 'integrity_failure', 7],
  ['P0001', 'integrity_failure', 7],
  ['XX001', 'ledger_unreadable', 7],
  ['22021', 'invalid_argument', 2],
])('%s is %s', (code, refusal, exitCode) => {
  const error = postgresRefusal(Object.assign(new Error('no'), { code }), 'postgres://there');
  expect(isLedgerError(error) && [error.code, error.exitCode]).toEqual([refusal, exitCode]);
});

test('what the driver says without a code is a lost connection all the same; a defect stays one', () => {
  for (const text of [
    'Connection terminated unexpectedly',
    'Query read timeout',
    'Client was closed and is not queryable',
  ]) {
    expect(isLost(new Error(text)), text).toBe(true);
  }
  expect(isLost(new TypeError('undefined is no function'))).toBe(false);
});

test('arrays say every text as it is', async () => {
  const t = await make();
  const other = await session(t);
  const texts = ['', 'NULL', 'a,b', '{x}', '"q"', 'back\\slash', 'ünï 😀', ' ', '\n', null];
  const { rows } = await other.query({
    text: 'SELECT unnest($1::text[])',
    values: [arrayLiteral(texts, 'text')],
    rowMode: 'array',
  });
  expect(rows.flat()).toEqual(texts);
  const bytes = [Buffer.from([0, 92, 255]), null];
  const { rows: found } = await other.query({
    text: 'SELECT unnest($1::bytea[])',
    values: [arrayLiteral(bytes, 'bytea')],
    rowMode: 'array',
  });
  expect(found.flat()).toEqual(bytes);
  await other.end();
  expect(numbered('a = ? AND (? IS NULL OR b = ?)')).toBe('a = $1 AND (CAST($2 AS text) IS NULL OR b = $3)');
});
