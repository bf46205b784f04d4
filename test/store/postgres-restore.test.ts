/**
 * A ledger moved from SQLite to PostgreSQL: receipts and chains are the same, every view is the same, and what is booked
 * next is the same on both. Then it is changed by hand, and `verify` names what was changed.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { restoreLines } from '../../src/ledger/export/restore-lines.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import type { PostgresStore } from '../../src/store/postgres.ts';
import { openPostgres } from '../../src/store/postgres-open.ts';
import { placeIn, putInPlace, writePostgres } from '../../src/store/postgres-restore.ts';
import {
  type AnyTestLedger,
  callOf,
  callSpend,
  credits,
  DAY,
  NOON,
  serviceOver,
  sha256,
  spendOf,
  storeOptions,
  testLedger,
} from '../helpers/ledger.ts';
import { type TestDatabase, testDatabase } from '../helpers/postgres.ts';
import { giveAccess, richLedger } from '../helpers/rich-ledger.ts';
import { richMoney } from '../helpers/rich-money.ts';
import { failed, findings } from '../helpers/tamper.ts';

const RICH: readonly (readonly [string, () => Promise<AnyTestLedger>])[] = [
  [
    'everything but money',
    async () => {
      const t = await richLedger();
      await giveAccess(t);
      return t;
    },
  ],
  ['money', richMoney],
];

/** Lines of an export, one text each. */
async function linesOf(ledger: LocalLedger): Promise<string[]> {
  const lines: string[] = [];
  for await (const page of ledger.exportLedger()) for (const line of page) lines.push(JSON.stringify(line));
  return lines;
}

async function restored(lines: readonly string[]): Promise<{ place: TestDatabase; store: PostgresStore }> {
  const place = await testDatabase();
  await writePostgres(place, storeOptions, (writer) => {
    async function* paced() {
      for (const [index, text] of lines.entries()) {
        // Sent in small parts, so that no order is right by chance.
        if (index % 7 === 0) await writer.flush();
        yield { no: index + 1, text };
      }
    }
    return restoreLines(paced(), writer, { sha256, schemaVersion: SCHEMA_VERSION });
  });
  return { place, store: await openPostgres(place, storeOptions) };
}

const BY = ['model', 'day', 'month', 'session', 'run', 'source', 'activity', 'account', 'provider'] as const;

/** Everything that can be read of an account. */
async function viewsOf(ledger: LocalLedger, id: string): Promise<Record<string, unknown>> {
  const range = { since: NOON - DAY, until: NOON + 400 * DAY };
  const query = { since: null, until: null, kind: null, limit: null };
  const usage = BY.map((by) => ledger.usage(id, { by, ...range }));
  const rows = async (what: 'usage' | 'entries' | 'lots') => {
    const all: unknown[] = [];
    for await (const page of ledger.exportRows(what, id)) all.push(...page);
    return all;
  };
  return {
    account: await ledger.account(id),
    balance: await ledger.balance(id),
    past: await Promise.all([1, 40, 90, 200].map((days) => ledger.balance(id, NOON + days * DAY))),
    holds: await ledger.holds(id, true),
    log: await ledger.log(id, query),
    part: await ledger.log(id, { since: NOON + DAY, until: NOON + 90 * DAY, kind: 'spent', limit: 5 }),
    usage: await Promise.all(usage),
    forecast: await ledger.forecast(id, 30),
    plan: await ledger.plan(id),
    cycle: await ledger.cycle(id),
    byok: await ledger.byok(id),
    tokens: await ledger.tokenRecords(id),
    topup: await ledger.topup(id),
    attempts: await ledger.purchases(id, null),
    exports: [await rows('usage'), await rows('entries'), await rows('lots')],
  };
}

describe.each(RICH)('a ledger with %s', (_name, make) => {
  let t: AnyTestLedger;
  let store: PostgresStore;
  let moved: LocalLedger;
  let lines: string[];
  beforeAll(async () => {
    t = await make();
    lines = await linesOf(t.ledger);
    ({ store } = await restored(lines));
    moved = serviceOver(store, () => t.at);
  });
  afterAll(async () => {
    await store.close();
    await t.done();
  });

  it('verifies with the heads of the one it was', async () => {
    const { heads } = await t.ledger.verify();
    const view = await moved.verify({ heads });
    expect(findings(view)).toEqual([]);
    expect(view.heads).toEqual(heads);
  });

  it('is exported to the letter as the one it was', async () => {
    expect(await linesOf(moved)).toEqual(lines);
  });

  it('shows the same of every account', async () => {
    const accounts = await t.ledger.accounts();
    expect(await moved.accounts()).toEqual(accounts);
    expect(accounts.length).toBeGreaterThan(2);
    for (const { account } of accounts) {
      expect(await viewsOf(moved, account), account).toEqual(await viewsOf(t.ledger, account));
    }
    expect(await store.accessTokens()).toEqual(await t.store.accessTokens());
    expect(await moved.plans()).toEqual(await t.ledger.plans());
  });

  it('goes on the same', async () => {
    const both = async (work: (ledger: LocalLedger) => Promise<unknown>): Promise<void> => {
      const [here, there] = await Promise.all(
        [t.ledger, moved].map((ledger) => work(ledger).catch((error: Error) => `${error}`)),
      );
      expect(there).toEqual(here);
    };
    const NO_TAGS = { activity: null, session: null, run: null };
    for (const days of [0, 1, 31]) {
      t.at += days * DAY;
      for (const { account } of await t.ledger.accounts()) {
        const hold = { amount: credits('0.5'), call: null, tags: NO_TAGS, ttlMs: 60_000, note: 'on' };
        await both((ledger) => ledger.spend(account, spendOf('1'), { key: `on-${days}` }));
        await both((ledger) => ledger.spend(account, callSpend(callOf('haiku', 1_000, 10))));
        await both(async (ledger) => {
          const held = await ledger.hold(account, hold);
          const settle = { hold: held.hold!, amount: credits('0.75'), call: null, tags: NO_TAGS, note: null };
          return [held, await ledger.settle(account, settle)];
        });
        await both((ledger) => ledger.setPlan(account, { plan: 'pro', mode: null }));
      }
      await both((ledger) => ledger.runCycle('rollover', null));
      await both((ledger) => ledger.expire(null, null));
    }
    const { heads } = await t.ledger.verify();
    expect((await moved.verify()).heads).toEqual(heads);
  });
});

/** What somebody with the database changes, and the check that sees it. */
const CHANGES: readonly (readonly [string, string, readonly string[]])[] = [
  ['an amount', 'UPDATE entry SET amount = amount + 1 WHERE account = 1 AND seq = 3', ['chain']],
  ['a note', "UPDATE receipt SET note = 'x' WHERE account = 1 AND seq = 2", ['chain']],
  [
    'a detail, by a blank',
    "UPDATE receipt SET detail = detail || ' ' WHERE account = 1 AND seq = 1",
    ['chain'],
  ],
  ['a balance', 'UPDATE account SET available = available + 1 WHERE no = 1', ['projection']],
  ['a lot', 'UPDATE lot SET priority = 7 WHERE account = 1', ['projection']],
  ['a sum of usage', 'INSERT INTO usage_folded VALUES (1, 3)', ['projection']],
  ['a rate', "UPDATE rate SET input = '9' WHERE no = 1", ['settings']],
  [
    'a receipt that goes',
    'DELETE FROM usage WHERE account = 1; DELETE FROM entry WHERE account = 1 AND seq = 4',
    ['chain'],
  ],
  ['an account that goes', 'DELETE FROM account WHERE no = 2', ['sequence', 'storage']],
  [
    'a lot nobody has',
    'INSERT INTO lot SELECT 99, no, source, priority, granted_at, expires_at, ended_at, end_kind, NULL, NULL, granted, available, held, spent, expired, revoked, note, live FROM lot WHERE account = 2',
    ['storage'],
  ],
];

const SCHEMA_CHANGES: readonly (readonly [string, string, string])[] = [
  ['a trigger that is gone', 'DROP TRIGGER entry_no_update ON entry', 'append_only'],
  ['a trigger that is switched off', 'ALTER TABLE entry DISABLE TRIGGER entry_no_delete', 'append_only'],
  [
    'a trigger function that lets all pass',
    "CREATE OR REPLACE FUNCTION credits_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    'append_only',
  ],
  ['a check that is gone', 'ALTER TABLE lot DROP CONSTRAINT lot_check', 'schema'],
  [
    'a check that is another',
    'ALTER TABLE account DROP CONSTRAINT account_available_check, ADD CONSTRAINT account_available_check CHECK (available > -5)',
    'schema',
  ],
  ['an index that is gone', 'DROP INDEX receipt_key', 'schema'],
  ['a foreign key that is gone', 'ALTER TABLE entry DROP CONSTRAINT entry_account_receipt_fkey', 'schema'],
  ['a column more', 'ALTER TABLE entry ADD COLUMN mine text', 'schema'],
  [
    'a trigger more',
    'CREATE TRIGGER mine BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION credits_refuse()',
    'schema',
  ],
  ['a version that is wrong', 'UPDATE credits_schema SET version = 1', 'schema'],
  ['a table that is gone', 'DROP TABLE usage_rollup', 'schema'],
];

/** A few of everything that a change by hand needs: it is made again for each. */
async function small(): Promise<AnyTestLedger> {
  const t = testLedger({ plan: 'pro' });
  await t.ledger.openAccount({ account: 'acme', plan: 'free', zone: 'UTC', anchorAt: null });
  for (const no of [1, 2, 3]) await t.ledger.spend('default', spendOf(`${no}`, { note: 'n' }));
  await t.ledger.spend('acme', callSpend(callOf('haiku', 1_000, 10)));
  return t;
}

describe('changed by hand', () => {
  let t: AnyTestLedger;
  let place: TestDatabase;
  let store: PostgresStore;
  beforeAll(async () => {
    t = await small();
    ({ place, store } = await restored(await linesOf(t.ledger)));
  });
  afterAll(async () => {
    await store.close();
    await t.done();
  });

  /** Verifies after a change, in a copy that is thrown away: the change is made in a schema of its own. */
  async function changed(sql: string): Promise<Awaited<ReturnType<LocalLedger['verify']>>> {
    const copy = await restored(await linesOf(t.ledger));
    const client = new pg.Client(copy.place.url);
    await client.connect();
    try {
      await client.query(sql);
      return await serviceOver(copy.store, () => t.at).verify();
    } finally {
      await client.end();
      await copy.store.close();
    }
  }

  it.each(CHANGES)('%s is seen', async (_what, sql, checks) => {
    // As a superuser can: triggers and foreign keys out of the way.
    const view =
      await changed(`SET session_replication_role = replica; ALTER TABLE lot DROP CONSTRAINT lot_check; ${sql};
      ALTER TABLE lot ADD CONSTRAINT lot_check CHECK (granted = available + held + spent + expired + revoked)`);
    for (const check of checks) expect(failed(view), findings(view).join('\n')).toContain(check);
    expect(failed(view)).not.toContain('schema');
  });

  it.each(SCHEMA_CHANGES)('%s is seen', async (_what, sql, check) => {
    const view = await changed(sql);
    expect(failed(view), findings(view).join('\n')).toContain(check);
  });

  it('what is append-only refuses everybody who leaves the triggers alone', async () => {
    const client = new pg.Client(place.url);
    await client.connect();
    for (const sql of [
      'UPDATE entry SET amount = 1',
      'DELETE FROM receipt',
      'TRUNCATE usage',
      'DELETE FROM account',
      'TRUNCATE lot',
      'UPDATE rate SET input = NULL',
      'UPDATE ledger SET created_at = 1',
    ]) {
      await expect(client.query(sql), sql).rejects.toThrow(/append-only|foreign key/);
    }
    await client.end();
  });

  it('an export that was changed leaves nothing behind', async () => {
    const lines = await linesOf(t.ledger);
    const at = lines.findIndex((line) => line.includes('"kind":"spend"'));
    const bad = lines.with(at, lines[at]!.replace('"spend"', '"grant"'));
    await expect(restored(bad)).rejects.toMatchObject({ code: 'integrity_failure' });
  });

  it('one ledger takes the place of another, which is kept', async () => {
    const { place: target, store: old } = await restored(await linesOf(t.ledger));
    const working = `${target.schema}_new`;
    const kept = `${target.schema}_old`;
    const client = new pg.Client(target.url);
    await client.connect();
    await client.query(`CREATE SCHEMA ${working}`);
    const lines = await linesOf(t.ledger);
    await writePostgres(placeIn(target, working), storeOptions, (writer) =>
      restoreLines(
        lines.map((text, index) => ({ no: index + 1, text })),
        writer,
        { sha256, schemaVersion: SCHEMA_VERSION },
      ),
    );
    await expect(putInPlace(doorOf(old), working, kept, false)).rejects.toMatchObject({
      code: 'ledger_exists',
    });
    expect(await putInPlace(doorOf(old), working, kept, true)).toBe(kept);
    // Who had it open goes on with the new one.
    const ledger = serviceOver(old, () => t.at);
    expect(findings(await ledger.verify())).toEqual([]);
    const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${kept}.receipt`);
    expect(rows[0].n).toBeGreaterThan(5);
    await client.end();
    await old.close();
  });
});

const doorOf = (store: PostgresStore) =>
  (store as unknown as { door: Parameters<typeof putInPlace>[0] }).door;
