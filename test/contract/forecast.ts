/** Forecasts through the service. */
import { describe, expect, it } from 'vitest';
import { formatCredits } from '../../src/core/credits.ts';
import { formatInstant, parseInstant } from '../../src/core/time.ts';
import { type AnyTestLedger, credits, DAY, NOON, spendOf } from '../helpers/ledger.ts';
import { type Engine, ledgersOn } from './engines.ts';

const ask = (t: AnyTestLedger, days = 30) => t.ledger.forecast('default', days);

/** Spends an amount now and lets a day go by. */
async function aDay(t: AnyTestLedger, amount: string): Promise<void> {
  await t.ledger.spend('default', spendOf(amount));
  t.at += DAY;
}

/** On one engine. */
export function forecastContract(engine: Engine): void {
  const make = ledgersOn(engine);

  describe('the burn rate', () => {
    it('is of whole days since the account was opened; today is not over', async () => {
      const t = await make();
      for (const amount of ['1', '2', '3']) await aDay(t, amount);
      await t.ledger.spend('default', spendOf('40'));
      const view = await ask(t);
      expect(view.window).toMatchObject({ days: 3, asked: 30, today: false, credits: 6_000_000n });
      expect(formatCredits(view.perDay)).toBe('2');
      // 4 left, opened at noon: half of today takes 1, tomorrow 2, and the rest goes on the day after.
      expect(formatInstant(view.runsOutAt!)).toBe('2026-02-05T00:00:00.000Z');
    });

    it('is of the last days asked for', async () => {
      const t = await make();
      for (const amount of ['1', '1', '8', '4']) await aDay(t, amount);
      expect(formatCredits((await ask(t, 2)).perDay)).toBe('6');
      expect((await ask(t, 2)).window).toMatchObject({ days: 2, since: parseInstant('2026-02-02') });
      expect(formatCredits((await ask(t, 1)).perDay)).toBe('4');
      expect(formatCredits((await ask(t, 400)).perDay)).toBe('3.5');
    });

    it('is rounded up to the next microcredit', async () => {
      const t = await make();
      for (const amount of ['1', '0', '0']) {
        if (amount !== '0') await t.ledger.spend('default', spendOf(amount));
        t.at += DAY;
      }
      expect(formatCredits((await ask(t)).perDay)).toBe('0.333334');
    });

    it('is of the zone’s days', async () => {
      const t = await make({ zone: 'Pacific/Auckland' });
      // 31 January noon UTC is 1 February, 01:00, in Auckland.
      await t.ledger.spend('default', spendOf('3'));
      t.at = parseInstant('2026-02-01T10:59:59Z');
      expect((await ask(t)).window).toMatchObject({ days: 1, today: true });
      t.at = parseInstant('2026-02-01T11:00:00Z');
      expect((await ask(t)).window).toMatchObject({ days: 1, today: false, credits: 3_000_000n });
    });

    it('takes today where no earlier day says anything', async () => {
      const t = await make();
      await t.ledger.spend('default', spendOf('4'));
      expect(await ask(t)).toMatchObject({ perDay: credits('4'), window: { days: 1, today: true } });
      const later = await make();
      later.at += 3 * DAY;
      await later.ledger.spend('default', spendOf('4'));
      expect(await ask(later)).toMatchObject({ perDay: credits('1'), window: { days: 4, today: true } });
    });

    it('is nothing without usage', async () => {
      const t = await make();
      expect(await ask(t)).toMatchObject({
        perDay: 0,
        runsOutAt: null,
        expiringUnspent: [],
        window: { days: 1, today: true, credits: 0n },
      });
      t.at += 40 * DAY;
      expect(await ask(t)).toMatchObject({ perDay: 0, runsOutAt: null, window: { days: 30, today: false } });
    });
  });

  describe('the forecast', () => {
    it('names lots that will expire unspent, holds and expiries by the clock', async () => {
      const t = await make({ plan: 'pro' });
      const gift = await t.ledger.grant('default', {
        source: 'promotional',
        amount: credits('300'),
        expires: { at: NOON + 10 * DAY },
        priority: 50,
        note: null,
      });
      await aDay(t, '24');
      const hold = { amount: credits('20'), call: null, tags: { activity: null, session: null, run: null } };
      await t.ledger.hold('default', { ...hold, ttlMs: 3_600_000, note: null });
      const view = await ask(t);
      expect(formatCredits(view.available)).toBe('1306');
      expect(formatCredits(view.perDay)).toBe('24');
      expect(view.runsOutAt).toBe(null);
      // Of the gift 24 are spent and 20 held; 9 days take 216, the month's 1,000 are used for the rest of the cycle.
      expect(
        view.expiringUnspent.map(({ lot, credits: amount, at }) => [lot, formatCredits(amount), at]),
      ).toEqual([
        [gift.lot, '40', NOON + 10 * DAY],
        [expect.stringMatching(/^lot_/), '568', parseInstant('2026-02-28T12:00:00Z')],
      ]);
    });

    it('counts the cycle that is due', async () => {
      const t = await make({ plan: 'pro' });
      await aDay(t, '500');
      t.at = NOON + 29 * DAY;
      const view = await ask(t);
      expect(view).toMatchObject({ cycleDue: true, available: credits('50') });
      expect(view.perDay).toBeGreaterThan(0);
      expect(view.runsOutAt === null || view.runsOutAt > t.at).toBe(true);
      expect(view.expiringUnspent).toMatchObject([{ lot: null, source: 'monthly' }]);
    });

    it('refuses an account that is not there', async () => {
      const t = await make();
      await expect(t.ledger.forecast('nobody', 30)).rejects.toMatchObject({ code: 'unknown_account' });
    });
  });
}
