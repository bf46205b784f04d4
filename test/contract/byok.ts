/** Own provider keys through the service. Source of the rules: contract 5.10. */
import { describe, expect, it } from 'vitest';
import { callOf, callSpend, credits } from '../helpers/ledger.ts';
import { type Engine, ledgersOn } from './engines.ts';

const add = (provider: string, env: string | null = null) => ({ action: 'add', provider, env }) as const;

/** On one engine. */
export function byokContract(engine: Engine): void {
  const make = ledgersOn(engine);

  describe('an own provider key', () => {
    it('records calls with 0 credits and their list price, also on an empty account in debt', async () => {
      const t = await make();
      await t.ledger.changeByok('default', add('OpenAI', 'OPENAI_API_KEY'));
      const hold = await t.ledger.hold('default', {
        amount: credits('50'),
        call: null,
        tags: { activity: null, session: null, run: null },
        ttlMs: 60_000,
        note: null,
      });
      await t.ledger.settle('default', {
        hold: hold.hold!,
        amount: credits('60'),
        call: null,
        tags: { activity: null, session: null, run: null },
        note: null,
      });
      const spent = await t.ledger.spend('default', callSpend(callOf('4o', 1000, 1000)));
      expect(spent).toMatchObject({
        credits: 0,
        debt: credits('10'),
        usage: { byok: true, listCredits: credits('12.5') },
      });
      await expect(
        t.ledger.spend('default', callSpend(callOf('4o', 1000, 1000, { noByok: true }))),
      ).rejects.toMatchObject({ code: 'in_debt' });
    });

    it('needs no price: an unknown model is recorded under its given id', async () => {
      const t = await make();
      await t.ledger.changeByok('default', add('openai'));
      const call = callOf('gpt-9-preview', 10, 10, { provider: 'openai' });
      expect((await t.ledger.spend('default', callSpend(call))).usage).toMatchObject({
        model: 'gpt-9-preview',
        listCredits: null,
      });
      await expect(
        t.ledger.spend('default', callSpend({ ...call, provider: 'google' })),
      ).rejects.toMatchObject({ code: 'unknown_model' });
      await expect(
        t.ledger.spend('default', callSpend(callOf('sonnet', 10, 10, { provider: 'openai' }))),
      ).rejects.toMatchObject({ code: 'invalid_argument' });
    });

    it('holds nothing, and lapses like any other hold: booked once, by the next write', async () => {
      const t = await make();
      await t.ledger.changeByok('default', add('openai'));
      const input = {
        amount: null,
        call: callOf('4o', 10, 10),
        tags: { activity: null, session: null, run: null },
        ttlMs: 60_000,
        note: null,
      };
      const [{ hold }, second] = [
        await t.ledger.hold('default', input),
        await t.ledger.hold('default', { ...input, ttlMs: 90_000 }),
      ];
      t.at += 60_000;
      expect(await t.ledger.expire(null, null)).toMatchObject({ holds: [hold], expired: 0 });
      expect(await t.ledger.expire(null, null)).toMatchObject({ holds: [], expired: 0 });
      t.at += 30_000;
      await t.ledger.spend('default', callSpend(callOf('4o', 10, 10)));
      const statuses = (await t.store.holds((await t.store.read('default')).state.account, false)).map(
        ({ status }) => status,
      );
      expect(statuses).toEqual(['lapsed', 'lapsed']);
      const late = { hold: second.hold!, amount: null, call: callOf('', 5, 5), tags: input.tags, note: null };
      expect(await t.ledger.settle('default', late)).toMatchObject({ credits: 0, late: true });
    });

    it('is set once, replayed by its key, and removed again', async () => {
      const t = await make();
      const first = await t.ledger.changeByok('default', add('google', 'GEMINI_API_KEY'), { key: 'b' });
      expect(
        await t.ledger.changeByok('default', add('google', 'GEMINI_API_KEY'), { key: 'b' }),
      ).toMatchObject({
        receipt: { receipt: first.receipt!.receipt, replayed: true },
      });
      expect((await t.ledger.changeByok('default', add('google', 'GEMINI_API_KEY'))).receipt).toBeNull();
      const removed = await t.ledger.changeByok('default', {
        action: 'remove',
        provider: 'google',
        env: null,
      });
      expect(removed.providers).toEqual([]);
      await expect(
        t.ledger.changeByok('default', { action: 'remove', provider: 'google', env: null }),
      ).rejects.toMatchObject({ code: 'unknown_provider' });
      await expect(t.ledger.changeByok('default', add('nobody'))).rejects.toMatchObject({
        code: 'unknown_provider',
      });
      for (const secret of ['sk-secret', `AIza${'Sy'.repeat(17)}x`, 'sk_live_0123456789abcdef']) {
        await expect(t.ledger.changeByok('default', add('openai', secret))).rejects.toMatchObject({
          code: 'invalid_argument',
        });
      }
    });
  });
}
