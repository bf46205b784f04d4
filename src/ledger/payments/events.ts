/**
 * Events of the provider: each says where to look, and what is booked is how things stand there. So an event may come twice,
 * late, in any order or not at all. The one entry for webhooks, for polling and for tests.
 *
 * Source: contract 9; docs/PAYMENTS.md (events).
 */

import type { Microcredits } from '../../core/credits.ts';
import { isLedgerError, LedgerError } from '../../core/errors.ts';
import { readId } from '../../core/ids.ts';
import { decideFraudWarning, decideReturns } from '../../core/ledger/clawback.ts';
import { decideAdopt } from '../../core/ledger/payments.ts';
import { cheapestMix, type Purchase } from '../../core/topup.ts';
import type { Attempt, Returns } from '../../core/wallet.ts';
import { finishCard, refreshCard } from './cards.ts';
import type { PaymentRun } from './payment-run.ts';
import type { Intent, ProviderEvent } from './provider.ts';
import { settleAttempt, settleByIntent } from './settle-attempt.ts';
import { applyInvoiceEvent, applySubscription } from './subscriptions.ts';

/** What an event came to, in a word. `foreign`: of another installation, or of nobody. */
export type EventOutcome =
  | 'granted'
  | 'clawed'
  | 'reinstated'
  | 'noted'
  | 'refreshed'
  | 'dropped'
  | 'foreign'
  | 'nothing';

/** An attempt of ours. */
export interface Found {
  readonly account: string;
  readonly attempt: Attempt;
}

/**
 * Applies an event.
 * @throws LedgerError `payment_unknown` (the provider does not answer: apply it again later), `mode_mismatch`
 */
export async function applyEvent(run: PaymentRun, event: ProviderEvent): Promise<EventOutcome> {
  if (event.livemode !== (run.deps.store.mode === 'live')) {
    throw new LedgerError('mode_mismatch', `event ${event.id} is of the other mode`);
  }
  const { subject } = event;
  switch (subject.what) {
    case 'intent':
      return applyIntent(run, subject.id);
    case 'returns':
      return subject.intent === null ? 'foreign' : applyReturns(run, subject.intent);
    case 'checkout':
      return applyCheckout(run, subject.id);
    case 'card':
      return applyCard(run, subject.paymentMethod, subject.customer);
    case 'customer_deleted': {
      const account = await run.deps.store.payments.accountOfCustomer(subject.customer);
      return account === null ? 'foreign' : refreshCard(run, account);
    }
    case 'fraud_warning':
      return subject.intent === null ? 'foreign' : applyWarning(run, subject.intent);
    case 'invoice':
      return applyInvoiceEvent(run, subject.id);
    case 'subscription':
      return applySubscription(run, subject.id);
    case 'nothing':
      return 'nothing';
    default:
      subject satisfies never;
      return 'nothing';
  }
}

/** How a payment stands; `payment_unknown` where the provider does not say. */
async function intentOf(run: PaymentRun, id: string): Promise<Intent | null> {
  const provider = await run.provider();
  const answer = await provider.retrieveIntent(id);
  if (answer.outcome === 'intent') return answer.intent;
  if (answer.outcome === 'missing') return null;
  const why = answer.outcome === 'refused' ? answer.code : answer.reason;
  throw new LedgerError('payment_unknown', `the provider does not say how ${id} stands (${why})`, {
    hint: 'try again later: `credits payments sync`',
  });
}

/** The attempt that a payment belongs to: by its id, else by what was sent along with it. */
async function attemptFor(run: PaymentRun, intent: Intent): Promise<Found | 'foreign' | 'new'> {
  const { payments } = run.deps.store;
  const known = await payments.attemptOf({ intent: intent.intent });
  if (known !== null) return { account: known.account, attempt: await run.attempt(known.account, known.no) };
  const { ours } = intent;
  if (ours === null) return 'foreign';
  const account = await run.account(ours.account).catch((error: unknown) => {
    if (isLedgerError(error) && error.code === 'unknown_account') return null;
    throw error;
  });
  if (account === null || (await run.installation(account)) !== ours.installation) return 'foreign';
  const named = readId('pay', ours.attempt);
  if (named === undefined || named.tag !== account.tag) return 'new';
  const attempt = await payments.attempt(account, named.no);
  // A number may have been given again after a restore: another amount is another purchase.
  if (attempt === null || String(attempt.credits) !== ours.credits) return 'new';
  if (attempt.status === 'succeeded' && attempt.intent !== intent.intent) return 'new';
  return { account: account.id, attempt };
}

async function applyIntent(run: PaymentRun, id: string): Promise<EventOutcome> {
  const intent = await intentOf(run, id);
  return intent === null ? 'nothing' : settleIntent(run, intent);
}

/** Books how a payment stands, whoever made it known. */
export async function settleIntent(run: PaymentRun, intent: Intent): Promise<EventOutcome> {
  const found = await attemptFor(run, intent);
  if (found === 'foreign') return 'foreign';
  if (found === 'new') return intent.status === 'succeeded' ? adopt(run, intent) : 'nothing';
  const { account, attempt } = found;
  // An attempt that is being paid on a page has ended its first payment: that one says nothing any more.
  const isOld = attempt.intent !== null && attempt.intent !== intent.intent && intent.status !== 'succeeded';
  if (isOld) return 'nothing';
  const after = await settleByIntent(run, account, attempt, intent);
  if (after.status === 'succeeded' && attempt.status !== 'succeeded') return 'granted';
  return after.changedBy === attempt.changedBy ? 'nothing' : 'noted';
}

/** A payment of ours that the ledger lost, or a second one for an attempt: the money is here, so the credits are too. */
async function adopt(run: PaymentRun, intent: Intent): Promise<EventOutcome> {
  const ours = intent.ours!;
  const purchase = await knownPrice(run, intent);
  if (purchase === null || intent.receivedCents !== intent.amountCents || intent.customer === null)
    return 'foreign';
  const provider = await run.provider();
  const payer = {
    provider: provider.name,
    customer: intent.customer,
    paymentMethod: null,
    intent: intent.intent,
  };
  try {
    await run.decide(ours.account, {}, ({ booking, wallet }) => ({
      change: decideAdopt(booking, wallet, { ...purchase, kind: ours.kind }, payer, run.author),
      value: null,
    }));
  } catch (error) {
    // A payment belongs to one attempt: somebody else has booked it since the look above.
    if ((await run.deps.store.payments.attemptOf({ intent: intent.intent })) !== null) return 'nothing';
    throw error;
  }
  return 'granted';
}

/** Credits and money must be those of the price list, now or at any time before. */
async function knownPrice(run: PaymentRun, intent: Intent): Promise<Purchase | null> {
  const { ours, amountCents } = intent;
  if (!/^[1-9]\d{0,15}$/.test(ours!.credits)) return null;
  const credits = Number(ours!.credits) as Microcredits;
  if (!Number.isSafeInteger(credits)) return null;
  const catalogue = await run.deps.store.catalogue();
  const dates = new Set([run.now(), ...catalogue.rows.packages.map((row) => row.from)]);
  for (const at of dates) {
    const packages = catalogue.packagesAt(at);
    const single = packages.find((row) => row.credits === credits && row.priceCents === amountCents);
    if (single !== undefined)
      return { credits, priceCents: amountCents, parts: [{ id: single.id, count: 1 }] };
    const mix = cheapestMix(packages, credits);
    if (mix?.priceCents === amountCents) return mix;
  }
  return null;
}

/** Refunds and disputes of a payment: first how it stands, then what of it went back. */
export async function applyReturns(run: PaymentRun, id: string): Promise<EventOutcome> {
  const settled = await applyIntent(run, id);
  if (settled === 'foreign') return 'foreign';
  const known = await run.deps.store.payments.attemptOf({ intent: id });
  if (known === null) return settled;
  const provider = await run.provider();
  const { refunds, disputes } = await provider.returnsOf(id);
  const found: Returns = Object.fromEntries(
    [...refunds, ...disputes].map(({ id, status, amountCents }) => [id, { status, cents: amountCents }]),
  );
  const outcome = await returnOf(run, known.account, known.no, found);
  return outcome === 'nothing' ? settled : outcome;
}

async function returnOf(run: PaymentRun, account: string, no: number, found: Returns): Promise<EventOutcome> {
  const { lot, lots = [] } = await run.attempt(account, no);
  const loads = { attempt: no, lot, lots };
  const { decided, value } = await run.decide(account, loads, ({ booking, wallet }) => {
    // Something was given back since it was looked at: there is a lot more.
    if (wallet.attempts.get(no)?.lots?.some((each) => !booking.lots.has(each)))
      return { change: undefined, value: null };
    const change = decideReturns(booking, wallet, no, found);
    return { change, value: change !== undefined };
  });
  if (value === null) return returnOf(run, account, no, found);
  if (!value || 'replay' in decided) return 'nothing';
  const kind = decided.booked.at(-1)?.receipt.kind;
  return kind === 'clawback' ? 'clawed' : kind === 'reinstate' ? 'reinstated' : 'noted';
}

async function applyCheckout(run: PaymentRun, session: string): Promise<EventOutcome> {
  const known = await run.deps.store.payments.attemptOf({ session });
  if (known !== null) {
    const before = await run.attempt(known.account, known.no);
    const after = await settleAttempt(run, known.account, known.no, 'found');
    if (after.status === 'succeeded' && before.status !== 'succeeded') return 'granted';
    return after.changedBy === before.changedBy ? 'nothing' : 'noted';
  }
  const provider = await run.provider();
  const page = await provider.retrieveCheckout(session);
  if (page.subscription !== null) return applySubscription(run, page.subscription);
  if (page.intent !== null) return applyIntent(run, page.intent);
  const account =
    page.customer === null ? null : await run.deps.store.payments.accountOfCustomer(page.customer);
  if (account === null) return 'foreign';
  const view = await finishCard(run, account);
  return view.receipt === null ? 'nothing' : 'refreshed';
}

async function applyCard(
  run: PaymentRun,
  paymentMethod: string,
  customer: string | null,
): Promise<EventOutcome> {
  const account = customer === null ? null : await run.deps.store.payments.accountOfCustomer(customer);
  if (account !== null) return refreshCard(run, account);
  // Detached: it does not say from whom. Whoever has it saved finds out.
  const holder = await run.deps.store.payments.accountOfCard(paymentMethod);
  return holder === null ? 'foreign' : refreshCard(run, holder);
}

async function applyWarning(run: PaymentRun, intent: string): Promise<EventOutcome> {
  await applyIntent(run, intent);
  const known = await run.deps.store.payments.attemptOf({ intent });
  if (known === null) return 'foreign';
  const { value } = await run.decide(known.account, {}, ({ booking, wallet }) => {
    const change = decideFraudWarning(booking, wallet);
    return { change, value: change !== undefined };
  });
  return value ? 'noted' : 'nothing';
}
