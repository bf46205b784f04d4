/** What every ledger does with a request, whatever it lies on. */

import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/core/time.ts';
import { callOf, callSpend, credits, DAY, NOON, spendOf } from '../helpers/ledger.ts';
import { type Engine, ledgersOn } from './engines.ts';

/** On one engine. */
export function ledgerContract(engine: Engine): void {
  const make = ledgersOn(engine);

  describe('a ledger', () => {
    it('books a spend in burn order and shows it by source', async () => {
      const t = await make({ plan: 'pro' });
      await t.ledger.grant('default', {
        source: 'purchased',
        amount: credits('500'),
        expires: null,
        priority: 50,
        note: null,
      });
      const receipt = await t.ledger.spend('default', spendOf('1040'));
      expect(receipt.slices.map(({ source, credits: c }) => [source, c / 1e6])).toEqual([
        ['monthly', 1000],
        ['welcome', 40],
      ]);
      expect(receipt.available).toBe(credits('510'));
      const balance = await t.ledger.balance('default');
      expect(balance.available).toBe(credits('510'));
      expect(balance.sources.find((row) => row.source === 'monthly')?.spent).toBe(credits('1000'));
    });

    it('answers a known key with the first receipt, and refuses another request under it', async () => {
      const t = await make({ plan: 'pro' });
      const input = callSpend(callOf('haiku', 1200, 300));
      const first = await t.ledger.spend('default', input, { key: 'a' });
      t.at += 400 * DAY;
      const again = await t.ledger.spend(
        'default',
        { ...input, call: callOf('Claude-Haiku', 1200, 300) },
        { key: 'a' },
      );
      expect(again).toEqual({ ...first, replayed: true });
      await expect(t.ledger.spend('default', spendOf('1'), { key: 'a' })).rejects.toMatchObject({
        code: 'key_reused',
      });
    });

    it('replays a hold after its expiry byte for byte, and a refusal binds no key', async () => {
      const t = await make();
      const input = {
        amount: credits('60'),
        call: null,
        tags: { activity: null, session: null, run: null },
        ttlMs: 60_000,
        note: null,
      };
      await expect(t.ledger.hold('default', input, { key: 'h' })).rejects.toMatchObject({
        code: 'insufficient_credits',
      });
      await t.ledger.grant('default', {
        source: 'promotional',
        amount: credits('10'),
        expires: null,
        priority: 50,
        note: null,
      });
      const first = await t.ledger.hold('default', input, { key: 'h' });
      t.at += 3 * 60_000;
      const again = await t.ledger.hold('default', input, { key: 'h' });
      expect(again).toEqual({ ...first, replayed: true });
      const [hold] = await t.ledger.holds('default', true);
      expect(hold?.status).toBe('lapsed');
      const late = await t.ledger.settle('default', {
        hold: hold!.hold,
        amount: credits('5'),
        call: null,
        tags: input.tags,
        note: null,
      });
      expect(late).toMatchObject({
        late: true,
        overrun: credits('5'),
        released: 0,
        available: credits('55'),
      });
    });

    it('refuses a hold of another account, and writes nothing in a dry run', async () => {
      const t = await make();
      await t.ledger.openAccount({ account: 'acme', plan: 'free', zone: 'Europe/Berlin', anchorAt: null });
      const input = {
        amount: credits('5'),
        call: null,
        tags: { activity: null, session: null, run: null },
        ttlMs: 60_000,
        note: null,
      };
      const held = await t.ledger.hold('acme', input);
      await expect(t.ledger.release('default', { hold: held.hold!, note: null })).rejects.toMatchObject({
        code: 'unknown_hold',
      });
      const dry = await t.ledger.spend('acme', spendOf('1'), { dryRun: true, key: 'k' });
      expect(dry).toMatchObject({ receipt: null, dryRun: true, available: credits('44') });
      expect((await t.ledger.balance('acme')).available).toBe(credits('45'));
      expect((await t.ledger.spend('acme', spendOf('2'), { key: 'k' })).replayed).toBe(false);
    });

    it('says when the month ends also after it was spent', async () => {
      const t = await make({ plan: 'pro' });
      await t.ledger.spend('default', spendOf('1000'));
      const { sources, cycle } = await t.ledger.balance('default');
      expect(sources.map((row) => [row.source, row.nextExpiry])).toEqual([
        ['monthly', cycle!.end],
        ['welcome', null],
        ['purchased', null],
      ]);
    });

    it('shows the past as it was and the future by the clock alone', async () => {
      const t = await make({ plan: 'pro' });
      t.at = NOON + DAY;
      await t.ledger.spend('default', spendOf('100'));
      t.at = NOON + 2 * DAY;
      await t.ledger.spend('default', spendOf('200'));
      expect((await t.ledger.balance('default', NOON + DAY)).available).toBe(credits('950'));
      expect((await t.ledger.balance('default', NOON)).available).toBe(credits('1050'));
      expect((await t.ledger.balance('default', NOON + 40 * DAY)).available).toBe(credits('50'));
    });

    it('goes on after months without credits, whether or not cron ran in them', async () => {
      const month = (from: string, monthly: string) => ({
        plan: 'pro',
        monthly: credits(monthly),
        priceCents: 1_200,
        from: parseInstant(from),
      });
      const t = await make({ plan: 'pro' });
      await t.ledger.openAccount({ account: 'seldom', plan: 'pro', zone: 'UTC', anchorAt: null });
      await t.ledger.definePlan(month('2026-02-10', '0'));
      await t.ledger.definePlan(month('2026-03-15', '1000'));
      t.at = parseInstant('2026-03-01');
      expect((await t.ledger.runCycle('rollover', 'default')).changes).toMatchObject([
        { expired: credits('1000'), granted: 0, start: null, end: null },
      ]);
      expect((await t.ledger.runCycle('rollover', 'default')).changes).toEqual([]);
      expect((await t.ledger.cycle('default')).start).toBeNull();
      t.at = parseInstant('2026-04-01');
      expect((await t.ledger.runCycle('rollover', null)).granted).toBe(2_000_000_000n);
      const ends = { available: credits('1050'), cycle: { start: parseInstant('2026-03-31T12:00:00Z') } };
      for (const id of ['default', 'seldom']) expect(await t.ledger.balance(id)).toMatchObject(ends);
      expect((await t.ledger.verify()).ok).toBe(true);
    });

    it('rolls over once, whoever asks, and reports missed cycles', async () => {
      const t = await make({ plan: 'pro' });
      t.at = Date.UTC(2026, 4, 2);
      const first = await t.ledger.runCycle('rollover', null);
      expect(first.changes).toMatchObject([
        { account: 'default', granted: credits('1000'), expired: credits('1000'), missed: 2 },
      ]);
      expect((await t.ledger.runCycle('rollover', null)).changes).toEqual([]);
      expect(await t.ledger.cycle('default')).toMatchObject({
        granted: credits('1000'),
        next: { credits: credits('1000') },
      });
    });

    it.each(['\ud800', 'a\0b'])('refuses the text %j, which a database would not keep', async (text) => {
      const t = await make();
      const tags = { activity: null, session: null, run: null };
      const hold = { amount: credits('1'), call: null, tags, ttlMs: 60_000, note: null };
      const refused = { code: 'invalid_argument' };
      await expect(t.ledger.spend('default', spendOf('1', { note: text }))).rejects.toMatchObject(refused);
      await expect(t.ledger.spend('default', spendOf('1'), { key: text })).rejects.toMatchObject(refused);
      await expect(
        t.ledger.spend('default', spendOf('1', { tags: { ...tags, run: text } })),
      ).rejects.toMatchObject(refused);
      await expect(
        t.ledger.hold('default', { ...hold, tags: { ...tags, session: text } }),
      ).rejects.toMatchObject(refused);
      await t.ledger.changeByok('default', { action: 'add', provider: 'openai', env: null });
      const call = callOf(`gpt${text}`, 1, 1, { provider: 'openai' });
      await expect(t.ledger.spend('default', callSpend(call))).rejects.toMatchObject(refused);
      await expect(t.ledger.hold('default', { ...hold, amount: null, call })).rejects.toMatchObject(refused);
    });

    it('answers a repeated plan change with the plan of then, whatever came after', async () => {
      const t = await make({ plan: 'pro' });
      t.at += DAY;
      const first = await t.ledger.setPlan('default', { plan: 'harness', mode: null }, { key: 'p' });
      t.at += DAY;
      await t.ledger.setPlan('default', { plan: 'pro', mode: null });
      t.at += DAY;
      const again = await t.ledger.setPlan('default', { plan: 'harness', mode: null }, { key: 'p' });
      expect(again).toEqual({ ...first, receipt: { ...first.receipt, replayed: true } });
    });

    it('looks a key up before it minds the clock of a live ledger', async () => {
      const t = await make({ mode: 'live' });
      const { ledger } = t;
      const first = await ledger.spend('default', spendOf('1'), { key: 'k' });
      const ahead = t.ahead(30 * 3_600_000);
      expect(await ahead.spend('default', spendOf('1'), { key: 'k' })).toEqual({ ...first, replayed: true });
      await expect(ahead.spend('default', spendOf('2'), { key: 'k' })).rejects.toMatchObject({
        code: 'key_reused',
      });
      await expect(ahead.spend('default', spendOf('1'))).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(
        ahead.changeByok('default', { action: 'add', provider: 'openai', env: null }),
      ).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      expect((await ledger.balance('default')).available).toBe(credits('49'));
    });

    it('lets a dry run of many see its own earlier lines, and a dry run of a known key its receipt', async () => {
      const t = await make();
      const item = (key: string, amount: string) => ({ account: 'default', key, input: spendOf(amount) });
      const dry = await t.ledger.spendMany(
        [item('a', '30'), item('b', '30'), item('a', '30'), item('a', '1')],
        {
          dryRun: true,
        },
      );
      expect(dry.map((each) => (each.status === 'refused' ? each.error.code : each.status))).toEqual([
        'booked',
        'insufficient_credits',
        'replayed',
        'key_reused',
      ]);
      expect((await t.ledger.balance('default')).available).toBe(credits('50'));
      const first = await t.ledger.spend('default', spendOf('5'), { key: 'a' });
      expect(await t.ledger.spend('default', spendOf('5'), { key: 'a', dryRun: true })).toEqual({
        ...first,
        replayed: true,
        dryRun: true,
      });
    });

    it('binds a key to the words of a span, not to its length', async () => {
      const t = await make();
      const grant = (text: string, afterMs: number) =>
        t.ledger.grant(
          'default',
          {
            source: 'promotional',
            amount: credits('5'),
            expires: { afterMs, text },
            priority: 50,
            note: null,
          },
          { key: 'g' },
        );
      await grant('30d', 30 * DAY);
      t.at += DAY;
      expect((await grant('30d', 30 * DAY)).replayed).toBe(true);
      await expect(grant('720h', 30 * DAY)).rejects.toMatchObject({ code: 'key_reused' });
    });

    // Two requests over HTTP are two transactions, in no promised order.
    const together = engine.isRemote ? undefined : it;
    together?.('prices a call by a rate that was set earlier in the same transaction', async () => {
      const t = await make({ plan: 'pro' });
      const set = {
        model: 'haiku',
        name: null,
        provider: null,
        input: '2',
        output: '2',
        cacheRead: null,
        cacheWrite: null,
        from: null,
      };
      const [, spent] = await Promise.all([
        t.ledger.setModel(set),
        t.ledger.spend('default', callSpend(callOf('haiku', 1000, 0))),
      ]);
      expect(spent.credits).toBe(credits('2'));
    });

    it('adds a dated id as a model of its own, which calls of that id then cost', async () => {
      const t = await make({ plan: 'pro' });
      const dated = callSpend(callOf('gpt-4o-2024-05-13', 1000, 0));
      expect((await t.ledger.spend('default', dated)).credits).toBe(credits('2.5'));
      const rates = { input: '5', output: '15', cacheRead: null, cacheWrite: null };
      await t.ledger.setModel({
        model: 'gpt-4o-2024-05-13',
        name: null,
        provider: 'openai',
        ...rates,
        from: null,
      });
      expect((await t.ledger.spend('default', dated)).credits).toBe(credits('5'));
      expect((await t.ledger.spend('default', callSpend(callOf('4o', 1000, 0)))).credits).toBe(
        credits('2.5'),
      );
    });

    it('knows a request by its key whatever its model is called by now', async () => {
      const t = await make({ plan: 'pro' });
      const dated = callSpend(callOf('haiku-20250101', 1_000, 0));
      const unknown = callSpend({ ...callOf('brand-new', 1_000, 0), provider: 'openai' });
      await t.ledger.changeByok('default', { action: 'add', provider: 'openai', env: null });
      const first = [
        await t.ledger.spend('default', dated, { key: 'dated' }),
        await t.ledger.spend('default', unknown, { key: 'unknown' }),
      ];
      const rates = { input: '9', output: '9', cacheRead: null, cacheWrite: null, from: null, name: null };
      await t.ledger.setModel({ model: 'haiku-20250101', provider: 'anthropic', ...rates });
      await t.ledger.aliasModel({ alias: 'brand-new', model: '4o' });
      expect([
        await t.ledger.spend('default', dated, { key: 'dated' }),
        await t.ledger.spend('default', unknown, { key: 'unknown' }),
      ]).toEqual(first.map((receipt) => ({ ...receipt, replayed: true })));
      for (const other of [
        callSpend(callOf('sonnet', 1_000, 0)),
        callSpend(callOf('haiku-20250101', 999, 0)),
      ]) {
        await expect(t.ledger.spend('default', other, { key: 'dated' })).rejects.toMatchObject({
          code: 'key_reused',
        });
      }
    });

    it('changes prices by dated rows that never touch the past', async () => {
      const t = await make({ plan: 'pro' });
      const call = callSpend(callOf('haiku', 1000, 0));
      expect((await t.ledger.spend('default', call)).credits).toBe(credits('0.25'));
      t.at += DAY;
      const set = {
        model: 'haiku',
        name: null,
        provider: null,
        input: '1',
        output: '5',
        cacheRead: null,
        cacheWrite: null,
        from: null,
      };
      await t.ledger.setModel(set, { key: 's' });
      expect((await t.ledger.setModel(set, { key: 's' })).receipt.replayed).toBe(true);
      expect((await t.ledger.spend('default', call)).credits).toBe(credits('1'));
      const { ledger } = await t.reopen();
      expect((await ledger.spend('default', { ...call, at: NOON })).credits).toBe(credits('0.25'));
    });
  });
}
