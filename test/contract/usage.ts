/** Reports of usage through the service. */
import { describe, expect, it } from 'vitest';
import { formatCredits } from '../../src/core/credits.ts';
import { formatInstant, parseInstant } from '../../src/core/time.ts';
import { FOLD_EVERY } from '../../src/core/usage.ts';
import type { UsageBy, UsageQuery, UsageReport } from '../../src/ledger/service.ts';
import { type AnyTestLedger, callOf, callSpend, credits, DAY, NOON, spendOf } from '../helpers/ledger.ts';
import { setByok } from '../helpers/rich-ledger.ts';
import { type Engine, ledgersOn } from './engines.ts';

const NO_TAGS = { activity: null, session: null, run: null };

const ask = (t: AnyTestLedger, by: UsageBy, more: Partial<UsageQuery> = {}): Promise<UsageReport> =>
  t.ledger.usage('default', { by, since: null, until: null, ...more });

/** `key calls credits` of each row. */
const lines = ({ rows }: UsageReport): string[] =>
  rows.map((row) => `${row.key} ${row.calls} ${formatCredits(row.credits)}`);

/** Spends an amount at an instant; the clock goes on to there. */
async function at(t: AnyTestLedger, when: string, amount: string): Promise<void> {
  t.at = parseInstant(when);
  await t.ledger.spend('default', spendOf(amount));
}

/** On one engine. */
export function usageContract(engine: Engine): void {
  const make = ledgersOn(engine);

  describe('days of usage', () => {
    it.each([
      ['UTC', '2026-03-01T23:59:59.999Z', '2026-03-02T00:00:00Z'],
      ['Europe/Berlin', '2026-03-01T22:59:59.999Z', '2026-03-01T23:00:00Z'],
      ['America/New_York', '2026-03-02T04:59:59.999Z', '2026-03-02T05:00:00Z'],
      ['Asia/Kolkata', '2026-03-01T18:29:59.999Z', '2026-03-01T18:30:00Z'],
      ['Asia/Kathmandu', '2026-03-01T18:14:59.999Z', '2026-03-01T18:15:00Z'],
    ])('turn at midnight in %s', async (zone, before, after) => {
      const t = await make({ zone });
      await at(t, before, '1');
      await at(t, after, '2');
      expect(lines(await ask(t, 'day'))).toEqual(['2026-03-01 1 1', '2026-03-02 1 2']);
      expect((await ask(t, 'day')).zone).toBe(zone);
      const since = { day: '2026-03-02' };
      expect(lines(await ask(t, 'day', { since }))).toEqual(['2026-03-02 1 2']);
      expect(lines(await ask(t, 'day', { until: since }))).toEqual(['2026-03-01 1 1']);
      expect(lines(await ask(t, 'month'))).toEqual(['2026-03 2 3']);
    });

    it('are the same from stored sums as from rows', async () => {
      const t = await make({ zone: 'Asia/Kathmandu' });
      const grant = {
        source: 'purchased',
        amount: credits('9000'),
        expires: null,
        priority: 50,
        note: null,
      } as const;
      await t.ledger.grant('default', grant);
      const count = 2 * FOLD_EVERY;
      t.at = NOON + 4 * DAY;
      const step = (4 * DAY) / count;
      const items = Array.from({ length: count }, (_, index) => ({
        account: 'default',
        key: `k${index}`,
        input: { ...spendOf('1'), at: NOON + Math.floor(index * step) },
      }));
      expect((await t.ledger.spendMany(items)).every(({ status }) => status === 'booked')).toBe(true);
      const midnight = parseInstant('2026-01-31T18:15:00Z');
      const perDay = count / 4;
      const first = Math.ceil((midnight - NOON) / step);
      expect(lines(await ask(t, 'day'))).toEqual([
        `2026-01-31 ${first} ${first}`,
        ...['2026-02-01', '2026-02-02', '2026-02-03'].map((day) => `${day} ${perDay} ${perDay}`),
        `2026-02-04 ${perDay - first} ${perDay - first}`,
      ]);
    });

    it('count a call at its own time, not when it was booked', async () => {
      const t = await make();
      t.at = NOON + 3 * DAY;
      await t.ledger.spend('default', { ...spendOf('4'), at: NOON + DAY });
      expect(lines(await ask(t, 'day'))).toEqual(['2026-02-01 1 4']);
    });
  });

  describe('the range', () => {
    it('is the last 30 days and holds the present millisecond', async () => {
      const t = await make();
      await at(t, '2026-02-01T12:00:00Z', '1');
      await at(t, '2026-02-01T12:00:00.001Z', '2');
      await at(t, '2026-03-03T12:00:00.001Z', '3');
      const report = await ask(t, 'model');
      expect(lines(report)).toEqual(['null 2 5']);
      expect([report.since, report.until].map(formatInstant)).toEqual([
        '2026-02-01T12:00:00.001Z',
        '2026-03-03T12:00:00.001Z',
      ]);
      const given = await ask(t, 'model', { until: parseInstant('2026-03-03T12:00:00.001Z') });
      expect(lines(given)).toEqual(['null 1 2']);
    });

    it('reads by the account’s clock where the caller’s is behind', async () => {
      const t = await make();
      await at(t, '2026-03-03T12:00:00Z', '3');
      t.at = NOON;
      expect(lines(await ask(t, 'model'))).toEqual(['null 1 3']);
    });

    it('by account reads each by its own clock too', async () => {
      const t = await make();
      await t.ledger.openAccount({ account: 'acme', plan: 'free', zone: 'UTC', anchorAt: null });
      await t.ledger.spend('acme', spendOf('1'));
      await at(t, '2026-03-03T12:00:00Z', '3');
      t.at = NOON;
      expect(lines(await ask(t, 'account'))).toEqual(['default 1 3', 'acme 1 1']);
      expect(lines(await ask(t, 'account', { until: NOON + DAY }))).toEqual(['acme 1 1']);
    });

    it('may begin before everything and end after it', async () => {
      const t = await make();
      await at(t, '2026-03-03T12:00:00Z', '3');
      const report = await ask(t, 'day', { since: 0, until: parseInstant('9999-12-31'), trend: true });
      expect(lines(report)).toEqual(['2026-03-03 1 3']);
      expect(report.periods?.[0]).toBe('2026-03-03');
      const empty = await ask(t, 'day', { since: 0, until: parseInstant('2026-03-03'), trend: true });
      expect(empty).toMatchObject({
        rows: [],
        periods: [],
        total: { calls: 0, credits: 0n, listCredits: 0n },
      });
    });

    it('refuses to be empty', async () => {
      const t = await make();
      const refusal = { code: 'invalid_argument' };
      await expect(ask(t, 'model', { since: NOON + DAY })).rejects.toMatchObject(refusal);
      await expect(ask(t, 'model', { since: NOON, until: NOON })).rejects.toMatchObject(refusal);
      await expect(
        ask(t, 'model', { since: { day: '2026-01-02' }, until: { day: '2026-01-02' } }),
      ).rejects.toMatchObject(refusal);
      await expect(t.ledger.usage('nobody', { by: 'model', since: null, until: null })).rejects.toMatchObject(
        {
          code: 'unknown_account',
        },
      );
    });
  });

  /** Calls of every kind. */
  async function varied(): Promise<AnyTestLedger> {
    const t = await make({ plan: 'pro' });
    const { ledger } = t;
    const grant = {
      source: 'promotional',
      amount: credits('2'),
      expires: null,
      priority: 1,
      note: null,
    } as const;
    await ledger.grant('default', grant);
    const hold = await ledger.hold('default', {
      amount: credits('0.5'),
      call: null,
      tags: NO_TAGS,
      ttlMs: 60_000,
      note: null,
    });
    // 3 credits: 1.5 promotional and 1.5 monthly.
    await ledger.spend('default', callSpend(callOf('4o', 800, 100, { session: 's1', activity: 'chat' })));
    // The rest of the month, then all of the welcome credits.
    await ledger.spend(
      'default',
      spendOf('1048.5', { tags: { activity: 'chat', session: 's2', run: 'r1' } }),
    );
    t.at += DAY;
    await setByok(t, 'default', { anthropic: '' });
    await ledger.spend('default', callSpend(callOf('haiku', 1_000, 200, { session: 's1' })));
    await ledger.spend('default', callSpend(callOf('claude-next', 10, 10, { provider: 'anthropic' })));
    // Late, 75 credits: the 0.5 that came back, and debt.
    await ledger.settle('default', {
      hold: hold.hold!,
      amount: credits('75'),
      call: null,
      tags: NO_TAGS,
      note: null,
    });
    return t;
  }

  describe('what usage goes by', () => {
    it('by source says which lots paid, what is owed and what the own key paid', async () => {
      const t = await varied();
      const { rows, total } = await ask(t, 'source');
      expect(
        rows.map(({ key, calls, credits: paid, unpriced }) => [key, calls, formatCredits(paid), unpriced]),
      ).toEqual([
        ['monthly', 1, '1000', 0],
        ['debt', 0, '74.5', 0],
        ['welcome', 0, '50', 0],
        ['promotional', 2, '2', 0],
        ['byok', 2, '0', 1],
      ]);
      expect(formatCredits(total.credits)).toBe('1126.5');
    });

    it('by source names a call that cost nothing apart', async () => {
      const t = await make();
      await t.ledger.spend('default', callSpend(callOf('haiku', 0, 0)));
      expect(lines(await ask(t, 'source'))).toEqual(['null 1 0']);
    });

    it('keeps list prices of calls on the own key, and says where there is none', async () => {
      const t = await varied();
      const { rows, total } = await ask(t, 'model');
      const byModel = new Map(rows.map((row) => [row.key, row]));
      expect(byModel.get('claude-haiku')).toMatchObject({
        calls: 1,
        credits: 0n,
        listCredits: 500_000n,
        unpriced: 0,
      });
      expect(byModel.get('claude-next')).toMatchObject({
        calls: 1,
        credits: 0n,
        listCredits: null,
        unpriced: 1,
      });
      expect(byModel.get(null)).toMatchObject({ calls: 2, inputTokens: 0n });
      expect(rows.map((row) => row.key)).toEqual([null, 'gpt-4o', 'claude-haiku', 'claude-next']);
      expect(total).toMatchObject({ calls: 5, inputTokens: 1_810n, outputTokens: 310n, unpriced: 1 });
    });

    it('comes to the same total every way', async () => {
      const t = await varied();
      const { total } = await ask(t, 'model');
      for (const by of [
        'day',
        'month',
        'session',
        'run',
        'source',
        'activity',
        'account',
        'provider',
      ] as const) {
        expect((await ask(t, by)).total, by).toEqual(total);
        expect((await ask(t, by, { trend: true })).total, by).toEqual(total);
      }
      expect(lines(await ask(t, 'session'))).toEqual(['s2 1 1048.5', 'null 2 75', 's1 2 3']);
      expect(lines(await ask(t, 'run'))).toEqual(['r1 1 1048.5', 'null 4 78']);
      expect(lines(await ask(t, 'activity'))).toEqual(['chat 2 1051.5', 'null 3 75']);
      expect(lines(await ask(t, 'provider'))).toEqual(['null 2 1123.5', 'openai 1 3', 'anthropic 2 0']);
    });

    it('stays as it was when prices change', async () => {
      const t = await varied();
      const before = await ask(t, 'model');
      const set = { model: 'gpt-4o', name: null, provider: null, input: '99', output: '99' };
      await t.ledger.setModel({ ...set, cacheRead: null, cacheWrite: null, from: NOON - 9 * DAY });
      expect(await ask(t, 'model')).toEqual(before);
    });

    it('shows trends by local day, with days of nothing', async () => {
      const t = await make();
      await at(t, '2026-02-02T10:00:00Z', '1');
      await at(t, '2026-02-05T10:00:00Z', '2');
      t.at = parseInstant('2026-02-06T10:00:00Z');
      const report = await ask(t, 'model', { trend: true });
      expect(report.periods).toEqual(['2026-02-02', '2026-02-03', '2026-02-04', '2026-02-05', '2026-02-06']);
      expect(report.rows[0]!.trend).toEqual([1_000_000n, 0n, 0n, 2_000_000n, 0n]);
      const months = await ask(t, 'month', { trend: true, since: 0 });
      expect(months.periods).toEqual(['2026-02']);
      expect((await ask(t, 'model')).periods).toBe(null);
    });

    it('by account covers all of them, in UTC', async () => {
      const t = await make({ zone: 'Asia/Tokyo' });
      for (const account of ['acme', 'idle']) {
        await t.ledger.openAccount({ account, plan: 'free', zone: 'UTC', anchorAt: null });
      }
      await t.ledger.spend('acme', spendOf('7'));
      await t.ledger.spend('default', spendOf('1'));
      const report = await t.ledger.usage('nobody', {
        by: 'account',
        since: { day: '2026-01-31' },
        until: null,
      });
      expect(lines(report)).toEqual(['acme 1 7', 'default 1 1']);
      expect(report).toMatchObject({ account: null, zone: 'UTC', since: parseInstant('2026-01-31') });
    });
  });
}
