/** A ledger in which everything has happened once: what tests of `verify`, export and backup start from. */
import type { CallInput } from '../../src/core/calls.ts';
import { decide } from '../../src/core/ledger/decide.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import type { GrantInput, HoldInput, ReceiptView, SettleInput } from '../../src/ledger/service.ts';
import {
  type AnyTestLedger,
  accessTokens,
  callOf,
  callSpend,
  credits,
  DAY,
  NOON,
  spendOf,
  type TestLedger,
  testLedger,
} from './ledger.ts';

const NO_TAGS = { activity: null, session: null, run: null };
const MINUTE = 60_000;

const grantOf = (
  source: GrantInput['source'],
  amount: string,
  more: Partial<GrantInput> = {},
): GrantInput => ({
  source,
  amount: credits(amount),
  expires: null,
  priority: 50,
  note: null,
  ...more,
});

const holdOf = (amount: string | CallInput, ttlMs = 10 * MINUTE, note: string | null = null): HoldInput => ({
  amount: typeof amount === 'string' ? credits(amount) : null,
  call: typeof amount === 'string' ? null : amount,
  tags: typeof amount === 'string' ? { ...NO_TAGS, session: 'a session' } : NO_TAGS,
  ttlMs,
  note,
});

const settleOf = (hold: ReceiptView, amount: string | CallInput): SettleInput => ({
  hold: hold.hold!,
  amount: typeof amount === 'string' ? credits(amount) : null,
  call: typeof amount === 'string' ? null : amount,
  tags: NO_TAGS,
  note: null,
});

/** Providers that an account pays with its own keys, as a command of its own books them. */
export async function setByok(
  t: AnyTestLedger,
  account: string,
  byok: Record<string, string>,
): Promise<void> {
  const [result] = await t.store.execute([
    {
      account,
      now: t.at,
      loads: {},
      dryRun: false,
      decide: ({ state, catalogue }) =>
        decide(
          state,
          { type: 'setting', detail: { byok, by: 'tester' }, byok, note: null },
          t.at,
          { catalogue, zones: UTC_RULES },
          { key: null, request: null },
        ),
    },
  ]);
  if (!result!.ok) throw result!.error;
}

async function spendAndHold(t: AnyTestLedger): Promise<void> {
  const { ledger } = t;
  await ledger.grant('default', grantOf('purchased', '500', { note: 'by hand' }), { key: 'grant-1' });
  await ledger.grant(
    'default',
    grantOf('promotional', '25.5', { expires: { at: NOON + 5 * DAY }, priority: 10 }),
  );
  await ledger.spend('default', spendOf('30.000001', { note: 'two lots' }), { key: 'spend-1' });
  await ledger.spend('default', spendOf('1', { tags: { activity: 'chat', session: 's', run: 'r' } }), {
    dryRun: true,
  });
  t.at += MINUTE;
  const call = callOf('haiku', 1200, 300, { cachedTokens: 200, cacheWriteTokens: 100, toolCalls: 2 });
  await ledger.spend('default', callSpend({ ...call, activity: 'agent', session: 's-1', run: 'r-1' }));
  await ledger.spend('default', { ...callSpend(callOf('4o', 10, 10)), at: NOON + 1 });
  const less = await ledger.hold('default', holdOf('100', 10 * MINUTE, 'a hold'), { key: 'hold-1' });
  await ledger.settle('default', settleOf(less, '60.5'), { key: 'settle-1' });
  const call1 = await ledger.hold('default', holdOf(callOf('sonnet', 1000, 2000)));
  await ledger.settle('default', settleOf(call1, callOf('', 900, 1500)));
  const gone = await ledger.hold('default', holdOf('5'));
  await ledger.release('default', { hold: gone.hold!, note: 'not needed' });
  const late = await ledger.hold('default', holdOf('7', MINUTE));
  await ledger.hold('default', holdOf('8', MINUTE));
  t.at += 2 * MINUTE;
  await ledger.settle('default', settleOf(late, '9'));
}

async function endLots(t: AnyTestLedger): Promise<void> {
  const { ledger } = t;
  const gift = await ledger.grant('default', grantOf('promotional', '40', { priority: 1 }));
  const under = await ledger.hold('default', holdOf('15'));
  await ledger.revoke('default', { lot: gift.lot!, note: 'a mistake' }, { key: 'revoke-1' });
  await ledger.settle('default', settleOf(under, '4'));
  await ledger.revoke('default', { lot: gift.lot!, note: null });
  const other = await ledger.grant('default', grantOf('promotional', '12', { priority: 2 }));
  const held = await ledger.hold('default', holdOf('3'));
  await ledger.expire('default', other.lot!);
  await ledger.release('default', { hold: held.hold!, note: null });
  // A used-up lot that is revoked all the same.
  const empty = await ledger.grant('default', grantOf('promotional', '2', { priority: 0 }));
  await ledger.spend('default', spendOf('2'));
  await ledger.revoke('default', { lot: empty.lot!, note: null });
  t.at = NOON + 6 * DAY;
  await ledger.expire('default', null);
}

async function owe(t: AnyTestLedger): Promise<void> {
  const { ledger } = t;
  await ledger.openAccount({ account: 'poor', plan: 'free', zone: 'Australia/Lord_Howe', anchorAt: null });
  const hold = await ledger.hold('poor', holdOf('20'));
  await ledger.settle('poor', settleOf(hold, '75.25'));
  await ledger.grant('poor', grantOf('purchased', '100'));
  await setByok(t, 'poor', { anthropic: 'MY_KEY' });
  await ledger.spend('poor', callSpend(callOf('haiku', 5000, 100)));
  await ledger.spend('poor', callSpend(callOf('haiku', 50, 10, { noByok: true })));
  await ledger.spend('poor', callSpend(callOf('claude-unknown', 10, 10, { provider: 'anthropic' })));
  const free = await ledger.hold('poor', holdOf(callOf('haiku', 100, 100)));
  await ledger.settle('poor', settleOf(free, callOf('', 80, 60)));
  const byAmount = await ledger.hold('poor', holdOf(callOf('sonnet', 100, 100)));
  await ledger.settle('poor', settleOf(byAmount, '1.5'));
  const forCall = await ledger.hold('poor', holdOf('6'));
  await ledger.settle('poor', settleOf(forCall, callOf('4o-mini', 1000, 1000)));
}

async function changePlans(t: AnyTestLedger): Promise<void> {
  const { ledger } = t;
  const anchorAt = Date.UTC(2025, 7, 30, 22);
  await ledger.openAccount({ account: 'acme', plan: 'pro', zone: 'Europe/Berlin', anchorAt });
  await ledger.spend('acme', spendOf('300'));
  t.at += DAY;
  await ledger.setPlan('acme', { plan: 'harness', mode: null });
  await ledger.setPlan('acme', { plan: 'pro', mode: null });
  await ledger.setPlan('acme', { plan: 'harness', mode: null }, { key: 'keep' });
  await ledger.setPlan('acme', { plan: 'team', mode: 'restart' });
  await ledger.setPlan('acme', { plan: 'pro', mode: 'next-cycle' });
  t.at += 70 * DAY;
  await ledger.runCycle('rollover', null);
  await ledger.setPlan('acme', { plan: 'free', mode: null });
  t.at += 40 * DAY;
  await ledger.runCycle('rollover', 'acme');
  await ledger.setPlan('acme', { plan: 'pro', mode: null });
}

async function changePrices(t: AnyTestLedger): Promise<void> {
  const { ledger } = t;
  const rates = { input: '0.333333333', output: '2', cacheRead: '0.1', cacheWrite: '0.5' };
  const set = { model: 'haiku', name: null, provider: null, from: null, ...rates };
  await ledger.setModel(set, { key: 'set-1' });
  await ledger.spend(
    'default',
    callSpend(callOf('haiku', 1001, 77, { cachedTokens: 5, cacheWriteTokens: 6 })),
  );
  await ledger.setModel({ ...set, model: 'new/model', provider: 'mine', name: 'New Model' });
  await ledger.aliasModel({ alias: 'newest', model: 'new/model' });
  await ledger.spend('default', callSpend(callOf('newest', 10, 10)));
  await ledger.definePlan({ plan: 'pro', monthly: credits('1200'), priceCents: 1300, from: t.at - DAY });
  // Dated back: what was booked before is not priced again.
  await ledger.setModel({ ...set, model: '4o', input: '9', from: NOON });
  t.at += 31 * DAY;
  await ledger.runCycle('rollover', null);
}

/** Access tokens, one of them ended; only newer schemas have them. */
export async function giveAccess(t: AnyTestLedger): Promise<void> {
  let made = 0;
  const tokens = accessTokens(t, () => `${++made}`.padEnd(43, 'x'));
  await tokens.create({ role: 'spend', account: 'acme' }, { key: 'token-1' });
  const { id } = await tokens.create({ role: 'admin', account: null });
  await tokens.revoke(id!);
}

/** Makes it; the clock stands after its last receipt, and three holds are open. */
export async function richLedger(): Promise<TestLedger> {
  const t = testLedger({ plan: 'pro' });
  await spendAndHold(t);
  await endLots(t);
  await owe(t);
  await changePlans(t);
  await changePrices(t);
  await t.ledger.openAccount({ account: 'closed', plan: 'free', zone: 'UTC', anchorAt: null });
  const left = await t.ledger.hold('closed', holdOf('10'));
  await t.ledger.closeAccount('closed', { key: 'close' });
  await t.ledger.settle('closed', settleOf(left, '3'));
  await t.ledger.grant('closed', grantOf('purchased', '5'));
  await t.ledger.hold('acme', holdOf('11', DAY));
  await t.ledger.hold('poor', holdOf(callOf('sonnet', 100, 100), DAY));
  await t.ledger.hold('default', holdOf(callOf('4o', 100, 100), DAY));
  return t;
}
