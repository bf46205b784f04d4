/** Requests that share one transaction: each sees what those before it did, also where no row of it is written yet. */
import { describe, expect, it } from 'vitest';
import { type Microcredits, parseCredits } from '../../src/core/credits.ts';
import { ROWS_AT_ONCE } from '../../src/store/sqlite-statements.ts';
import { spendOf } from '../helpers/ledger.ts';
import { type Engine, ledgersOn } from './engines.ts';

const gift = (credits: string) => ({
  source: 'promotional' as const,
  amount: parseCredits(credits) as Microcredits,
  expires: null,
  priority: 50,
  note: null,
});

/** On one engine. */
export function groupCommitContract(engine: Engine): void {
  const make = ledgersOn(engine);

  describe('requests of one transaction', () => {
    it('a grant repeated with its key answers with the lot that the same transaction makes', async () => {
      const { ledger } = await make();
      const [first, again] = await Promise.all([
        ledger.grant('default', gift('10'), { key: 'gift' }),
        ledger.grant('default', gift('10'), { key: 'gift' }),
      ]);
      expect(again).toEqual({ ...first, replayed: true });
    });

    it('a spend repeated with its key is booked once, another request under it is refused', async () => {
      const { ledger } = await make();
      const [first, again, other] = await Promise.allSettled([
        ledger.spend('default', spendOf('2'), { key: 'one' }),
        ledger.spend('default', spendOf('2'), { key: 'one' }),
        ledger.spend('default', spendOf('3'), { key: 'one' }),
      ]);
      expect(first).toMatchObject({ status: 'fulfilled', value: { replayed: false } });
      expect(again).toMatchObject({ status: 'fulfilled', value: { replayed: true } });
      expect(other).toMatchObject({ status: 'rejected', reason: { code: 'key_reused' } });
    });

    it('a receipt that is asked for again twice at once is shown as it was, both times', async () => {
      const { ledger } = await make();
      await ledger.grant('default', gift('5'), { key: 'gift' });
      const first = await ledger.spend('default', spendOf('52'), { key: 'one' });
      const again = await Promise.all(
        Array.from({ length: 3 }, () => ledger.spend('default', spendOf('52'), { key: 'one' })),
      );
      expect(first.slices).toHaveLength(2);
      for (const each of again) expect(each).toEqual({ ...first, replayed: true });
    });

    it('a hold made and settled at once leaves its rows in order', async () => {
      const { ledger } = await make();
      const { call, tags } = { call: null, tags: { activity: null, session: null, run: null } };
      const amount = parseCredits('5');
      const [hold] = await Promise.all([
        ledger.hold('default', { amount, call, tags, ttlMs: 60_000, note: null }, { key: 'h' }),
        ledger.spend('default', spendOf('1')),
      ]);
      expect(hold.available).toBe(45_000_000);
    });

    it.each([ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 3])(
      '%i spends leave as many receipts, entries and calls, in order',
      async (count) => {
        const { ledger } = await make();
        const items = Array.from({ length: count }, (_, no) => ({
          account: 'default',
          key: `k${no}`,
          input: spendOf('0.5'),
        }));
        const results = await ledger.spendMany(items);
        expect(results.map((result) => result.status)).toEqual(items.map(() => 'booked'));
        const entries = await ledger.log('default', { since: null, until: null, kind: 'spent', limit: null });
        expect(entries.map((entry) => entry.available)).toEqual(
          items.map((_, no) => 49_500_000 - no * 500_000),
        );
      },
    );
  });
}
