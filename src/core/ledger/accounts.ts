/**
 * Opening and closing accounts, and settings that move no credits.
 * Source: contract 4 (welcome), 5.8 (anchor), 5.11 (settings book a receipt), 5.12; 6 (`init`, `accounts`).
 */
import { requirePlan } from '../catalogue.ts';
import { ZERO } from '../credits.ts';
import { cycleAt } from '../cycles.ts';
import { invalid } from '../errors.ts';
import { type PlanContext, WELCOME_CREDITS } from '../plans.ts';
import type { Account, AccountState, Instant } from '../types.ts';
import { Booking, type Decision, type RequestKey, refuseClosed } from './booking.ts';
import type { SettingCommand } from './commands.ts';
import { grantLot } from './grant-lot.ts';
import { enterCycle } from './grants.ts';
import { planState } from './plan-change.ts';
import { sweep } from './sweep.ts';

/** A new account. `no`, `tag` and `head` come from the store, which alone can make them unique. */
export interface NewAccount {
  readonly no: number;
  readonly id: string;
  readonly tag: string;
  readonly head: string;
  readonly zone: string;
  readonly plan: string;
  /** What its cycles count from; null: now. */
  readonly anchorAt: Instant | null;
}

/** Shape of an account id (contract 6). */
export const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

/** Id of the ledger's own settings chain; no account can be called so. */
export const LEDGER_CHAIN = '@ledger';

/**
 * Checks an account id.
 * @throws LedgerError `invalid_argument`
 */
export function requireAccountId(id: string): string {
  if (ACCOUNT_ID.test(id)) return id;
  throw invalid(
    `${JSON.stringify(id)} is no account id`,
    'letters, digits and . _ : @ - , at most 128, starting with a letter or digit',
  );
}

/** An account before its first receipt. */
export function blankAccount(
  facts: Pick<Account, 'no' | 'id' | 'tag' | 'head' | 'zone'>,
  at: Instant,
): Account {
  return {
    ...facts,
    plan: 'free',
    anchorAt: null,
    cycle: 0,
    cycleStart: null,
    cycleEnd: null,
    pendingPlan: null,
    pendingAt: null,
    createdAt: at,
    closedAt: null,
    lastAt: at,
    receiptSeq: 0,
    entrySeq: 0,
    available: ZERO,
    held: ZERO,
    debt: ZERO,
    byok: {},
  };
}

/**
 * Opens an account: a setting receipt with its facts, the welcome lot, and on a paid plan the running cycle's lot.
 * @throws LedgerError `unknown_plan`, `invalid_argument` (an anchor later than now): nothing is booked then
 */
export function decideOpen(facts: NewAccount, at: Instant, context: PlanContext): Decision {
  const plan = requirePlan(context.catalogue, facts.plan, at);
  const anchorAt = facts.anchorAt ?? at;
  if (anchorAt > at) throw invalid('the anchor cannot be later than now');
  const { no, id, tag, head, zone } = facts;
  const account = blankAccount({ no, id, tag, head, zone }, at);
  const empty: AccountState = { account, lots: new Map(), holds: new Map() };
  const booking = new Booking(empty, at);
  booking.account = { ...booking.account, plan: plan.id };
  booking.close('setting', {
    credits: ZERO,
    detail: { opened: { id, zone }, plan: planState(booking) },
  });
  const lot = grantLot(booking, { source: 'welcome', amount: WELCOME_CREDITS });
  booking.close('grant', { credits: WELCOME_CREDITS, detail: { lot } });
  if (plan.monthly > 0) {
    const cycle = cycleAt(anchorAt, at, zone, context.zones);
    const { plan: state, ...rest } = enterCycle(booking, plan.id, cycle.start, cycle.end, anchorAt);
    const monthly = grantLot(booking, { source: 'monthly', amount: plan.monthly, ...rest });
    booking.close('grant', { credits: plan.monthly, detail: { lot: monthly, plan: state } });
  }
  return booking.done();
}

/**
 * Closes an account: no new spends, holds, cycles or top-ups. What is left in it stays.
 * @throws LedgerError `account_closed` when it is closed already
 */
export function decideClose(booking: Booking, key: RequestKey): void {
  refuseClosed(booking.account);
  sweep(booking);
  booking.account = { ...booking.account, closedAt: booking.at };
  booking.close('setting', { credits: ZERO, detail: { closed: true } }, key);
}

/** Books a change of settings; the content is hashed with the receipt. @throws LedgerError `account_closed` */
export function decideSetting(booking: Booking, command: SettingCommand, key: RequestKey): void {
  refuseClosed(booking.account);
  sweep(booking);
  if (command.byok !== null) booking.account = { ...booking.account, byok: command.byok };
  booking.close('setting', { credits: ZERO, note: command.note, detail: command.detail }, key);
}
