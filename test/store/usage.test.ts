/**
 * Sums of usage against the rows themselves: stored sums, rows behind them and the edges of a range must come to what
 * a plain loop over every row comes to.
 */
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FOLD_EVERY, SLOT_MS, type TimeSpan, type UsageColumn } from '../../src/core/usage.ts';
import type { SpendItem } from '../../src/ledger/service.ts';
import {
  callOf,
  callSpend,
  credits,
  DAY,
  NOON,
  spendOf,
  type TestLedger,
  testLedger,
} from '../helpers/ledger.ts';
import { setByok } from '../helpers/rich-ledger.ts';

const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_260_211);
const MODELS = ['haiku', 'sonnet', '4o-mini', 'flash'];
const NO_TAGS = { activity: null, session: null, run: null };

/** A seeded generator: uniform in [0, 1). */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

let t: TestLedger;

const at = (random: () => number): number => NOON + Math.floor(random() * 3 * DAY);

function item(account: string, index: number, random: () => number): SpendItem {
  const when = at(random);
  const tags = {
    activity: random() < 0.3 ? null : `a${Math.floor(random() * 3)}`,
    session: random() < 0.5 ? null : `s${Math.floor(random() * 5)}`,
    run: random() < 0.8 ? null : `r${Math.floor(random() * 9)}`,
  };
  const call = callOf(
    MODELS[Math.floor(random() * 4)]!,
    Math.floor(random() * 900),
    Math.floor(random() * 90),
    tags,
  );
  const input =
    random() < 0.1
      ? { ...spendOf('0.000123'), tags, at: when }
      : {
          ...callSpend(random() < 0.1 ? { ...call, model: 'unlisted', provider: 'anthropic' } : call),
          at: when,
        };
  return { account, key: `${account}-${index}`, input };
}

beforeAll(async () => {
  console.log(`seed ${SEED}`);
  t = testLedger();
  const random = chance(SEED);
  await t.ledger.openAccount({ account: 'few', plan: 'free', zone: 'UTC', anchorAt: null });
  await t.ledger.openAccount({ account: 'none', plan: 'free', zone: 'UTC', anchorAt: null });
  await setByok(t, 'default', { anthropic: '' });
  await setByok(t, 'few', { anthropic: '' });
  t.at = NOON + 3 * DAY;
  for (const account of ['default', 'few']) {
    const grant = {
      source: 'purchased',
      amount: credits('1000'),
      expires: null,
      priority: 50,
      note: null,
    } as const;
    await t.ledger.grant(account, grant);
  }
  // Past two foldings, in batches that do not end where they do.
  const items = Array.from({ length: 2 * FOLD_EVERY + 300 }, (_, index) => item('default', index, random));
  for (let from = 0; from < items.length; from += 700) {
    const results = await t.ledger.spendMany(items.slice(from, from + 700));
    expect(results.filter((result) => result.status !== 'booked')).toEqual([]);
  }
  await t.ledger.spendMany(Array.from({ length: 40 }, (_, index) => item('few', index, random)));
});

afterAll(() => t.done());

const raw = <T>(sql: string): T[] => {
  const db = new Database(t.file, { readonly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
};

interface Row {
  readonly account: number;
  readonly receipt: number;
  readonly at: number;
  readonly model: string | null;
  readonly provider: string | null;
  readonly activity: string | null;
  readonly session: string | null;
  readonly run: string | null;
  readonly byok: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly credits: number;
  readonly list_credits: number | null;
}

type Plain = Record<
  string,
  [calls: number, input: number, output: number, credits: number, list: number, unpriced: number]
>;

/** The loop that says what is right. */
function plainly(
  rows: readonly Row[],
  keyOf: (row: Row) => string | null,
  { since, until }: TimeSpan,
): Plain {
  const sums: Plain = {};
  for (const row of rows) {
    if (row.at < since || row.at >= until) continue;
    const key = String(keyOf(row));
    const sum = sums[key] ?? [0, 0, 0, 0, 0, 0];
    sums[key] = sum;
    sum[0] += 1;
    sum[1] += row.input_tokens;
    sum[2] += row.output_tokens;
    sum[3] += row.credits;
    sum[4] += row.list_credits ?? 0;
    sum[5] += row.list_credits === null ? 1 : 0;
  }
  return sums;
}

const plainCells = (cells: Awaited<ReturnType<TestLedger['store']['usageByAccount']>>): Plain =>
  Object.fromEntries(
    cells.map((cell) => [
      String(cell.key),
      [
        cell.calls,
        Number(cell.inputTokens),
        Number(cell.outputTokens),
        Number(cell.credits),
        Number(cell.listCredits),
        cell.unpriced,
      ],
    ]),
  );

const spanArb = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: NOON - DAY, max: NOON + 3 * DAY }),
      fc.integer({ min: 0, max: 300 }).map((slot) => NOON + slot * SLOT_MS),
    ),
    fc.oneof(fc.integer({ min: 1, max: 3 * SLOT_MS }), fc.integer({ min: 1, max: 4 * DAY })),
  )
  .map(([since, length]) => ({ since, until: since + length }));

const accountOf = async (id: string) => (await t.store.read(id)).state.account;

describe('sums of usage', () => {
  const columns: [UsageColumn, (row: Row) => string | null][] = [
    ['total', () => null],
    ['model', (row) => row.model],
    ['provider', (row) => row.provider],
    ['activity', (row) => row.activity],
    ['session', (row) => row.session],
    ['run', (row) => row.run],
  ];

  test.each(columns)('by %s are those of the rows, for every range', async (column, keyOf) => {
    for (const id of ['default', 'few']) {
      const account = await accountOf(id);
      const rows = raw<Row>(`SELECT * FROM usage WHERE account = ${account.no}`);
      await fc.assert(
        fc.asyncProperty(fc.array(spanArb, { minLength: 1, maxLength: 3 }), async (spans) => {
          const cells = await t.store.usage(account, column, spans);
          expect(cells.map(plainCells)).toEqual(spans.map((span) => plainly(rows, keyOf, span)));
        }),
        { seed: SEED, numRuns: 40 },
      );
    }
  });

  test('the stored ones are in use: this history has folded twice', async () => {
    const account = await accountOf('default');
    expect(raw('SELECT * FROM usage_folded')).toEqual([{ account: account.no, receipt: 2 * FOLD_EVERY }]);
    expect(raw<{ calls: number }>('SELECT sum(calls) AS calls FROM usage_rollup')[0]!.calls).toBe(
      raw<{ calls: number }>(
        `SELECT count(*) AS calls FROM usage WHERE account = ${account.no} AND receipt <= ${2 * FOLD_EVERY}`,
      )[0]!.calls,
    );
    // Calls of all times in random order: every quarter of an hour reaches over the whole history.
    expect(account.receiptSeq).toBeGreaterThan(2 * FOLD_EVERY);
  });

  test('by account are those of the rows of each', async () => {
    const ids = new Map<number, string>();
    for (const id of ['default', 'few', 'none']) ids.set((await accountOf(id)).no, id);
    const rows = raw<Row>('SELECT * FROM usage');
    await fc.assert(
      fc.asyncProperty(spanArb, async (span) => {
        const cells = plainCells(await t.store.usageByAccount(span));
        expect(cells).toEqual(plainly(rows, (row) => ids.get(row.account)!, span));
      }),
      { seed: SEED, numRuns: 40 },
    );
  });

  test('start with the first call, to a quarter of an hour', async () => {
    for (const id of ['default', 'few']) {
      const account = await accountOf(id);
      const [first] = raw<{ at: number }>(`SELECT min(at) AS at FROM usage WHERE account = ${account.no}`);
      const start = (await t.store.usageStart(account))!;
      expect(start).toBeLessThanOrEqual(first!.at);
      expect(first!.at - start).toBeLessThan(SLOT_MS);
    }
    expect(await t.store.usageStart(await accountOf('none'))).toBe(null);
    expect(await t.store.usage(await accountOf('none'), 'model', [{ since: 0, until: NOON * 2 }])).toEqual([
      [],
    ]);
  });

  test('tokens and credits are exact past 2^53', async () => {
    const account = await accountOf('default');
    const db = new Database(t.file);
    const span = { since: NOON + 100 * DAY, until: NOON + 101 * DAY };
    try {
      db.exec('BEGIN');
      const insert = db.prepare(`INSERT INTO usage_rollup VALUES (?, ?, 'big', 'x', 1, ?, ?, ?, ?, 0, 1, 1)`);
      const large = BigInt(Number.MAX_SAFE_INTEGER);
      insert.run(account.no, Math.ceil(span.since / SLOT_MS), large, 1, large, large);
      insert.run(account.no, Math.ceil(span.since / SLOT_MS) + 1, 2, 1, 2, 2);
      db.exec('COMMIT');
      const [cells] = await t.store.usage(account, 'model', [span]);
      expect(cells).toEqual([
        expect.objectContaining({
          key: 'big',
          inputTokens: large + 2n,
          credits: large + 2n,
          listCredits: large + 2n,
        }),
      ]);
    } finally {
      db.exec('DROP TRIGGER usage_rollup_no_delete');
      db.exec(`DELETE FROM usage_rollup WHERE model = 'big'`);
      db.exec(
        `CREATE TRIGGER usage_rollup_no_delete BEFORE DELETE ON usage_rollup
BEGIN SELECT RAISE(ABORT, 'usage_rollup is append-only'); END`,
      );
      db.close();
    }
  });
});

test('a dry run folds nothing, and what it decided is not in any sum', async () => {
  const account = await accountOf('few');
  const span = { since: 0, until: NOON + 10 * DAY };
  const before = await t.store.usage(account, 'total', [span]);
  await t.ledger.spend('few', { ...spendOf('1'), tags: NO_TAGS }, { dryRun: true });
  expect(await t.store.usage(account, 'total', [span])).toEqual(before);
});

test('a long history without stored sums catches up in bounded steps', async () => {
  const db = new Database(t.file);
  const account = await accountOf('default');
  // As a restored ledger: rows and no sums.
  db.exec('DROP TRIGGER usage_rollup_no_delete; DROP TRIGGER usage_folded_no_delete');
  const refuse = (table: string) =>
    `CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END`;
  db.exec('DELETE FROM usage_rollup; DELETE FROM usage_folded');
  db.exec(refuse('usage_rollup'));
  db.exec(refuse('usage_folded'));
  db.close();
  const span = { since: 0, until: NOON + 10 * DAY };
  const rows = raw<Row>(`SELECT * FROM usage WHERE account = ${account.no}`);
  const wanted = plainly(rows, (row) => row.model, span);
  expect(plainCells((await t.store.usage(account, 'model', [span]))[0]!)).toEqual(wanted);
  const random = chance(SEED + 1);
  const more = 3 * FOLD_EVERY - account.receiptSeq;
  await t.ledger.spendMany(
    Array.from({ length: more }, (_, index) => item('default', 10_000 + index, random)),
  );
  expect(raw('SELECT receipt FROM usage_folded')).toEqual([{ receipt: 3 * FOLD_EVERY }]);
  const after = raw<Row>(`SELECT * FROM usage WHERE account = ${account.no}`);
  expect(plainCells((await t.store.usage(await accountOf('default'), 'model', [span]))[0]!)).toEqual(
    plainly(after, (row) => row.model, span),
  );
});
