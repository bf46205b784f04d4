/**
 * One payment from its reservation to its end. Every step is noted before and after the provider is asked, so that whoever
 * comes later, after a crash at any point, can go on by looking: a payment of the provider succeeds at most once, and it
 * is never made a second time while the first may exist.
 *
 * Source: contract 9; docs/PAYMENTS.md (one charge).
 */
import { isLedgerError } from '../../core/errors.ts';
import { payId } from '../../core/ids.ts';
import { decideProgress, decideSuccess, type Progress, purchaseText } from '../../core/ledger/payments.ts';
import { ACTIVE, type Attempt, isUnheard } from '../../core/wallet.ts';
import type { PaymentRun } from './payment-run.ts';
import type { CheckoutSession, Intent, IntentAnswer, IntentMetadata } from './provider.ts';

/** How an attempt is taken up. */
export type Approach =
  /** By who has just reserved it, or asks for it again with its key: it is carried on. */
  | 'own'
  /** By who found it: what has not asked the bank yet and that nobody waits for is let go. */
  | 'found';

/** A purchase that nobody has carried on for so long is nobody's any more, ms. */
const STALE_MS = 60_000;

/** Takes an attempt as far as it goes now. @returns it as it is then; what the provider does not tell stays open */
export async function settleAttempt(
  run: PaymentRun,
  account: string,
  no: number,
  approach: Approach,
): Promise<Attempt> {
  const attempt = await run.attempt(account, no);
  if (!ACTIVE.has(attempt.status)) return attempt;
  // Another provider knows nothing of it, and must not be asked.
  if (attempt.provider !== (await run.provider()).name) return attempt;
  return new Settling(run, account, approach).go(attempt);
}

/** Books how a payment of ours stands; for events. */
export async function settleByIntent(
  run: PaymentRun,
  account: string,
  attempt: Attempt,
  intent: Intent,
): Promise<Attempt> {
  const settling = new Settling(run, account, 'found');
  // While a page is open another card may be tried on it: what counts is how the page stands.
  const isOnPage = attempt.session !== null && ACTIVE.has(attempt.status);
  return isOnPage && intent.status !== 'succeeded'
    ? settling.go(attempt)
    : settling.standing(attempt, intent);
}

export const keyOf = (attempt: string, step: 'create' | 'confirm' | 'checkout'): string =>
  `topup:${attempt}:${step}`;

class Settling {
  readonly #run: PaymentRun;
  readonly #account: string;
  readonly #approach: Approach;

  constructor(run: PaymentRun, account: string, approach: Approach) {
    this.#run = run;
    this.#account = account;
    this.#approach = approach;
  }

  async go(attempt: Attempt): Promise<Attempt> {
    if (attempt.session !== null) return this.#page(attempt);
    if (attempt.paymentMethod === null || attempt.status === 'requires_action')
      return this.#openPage(attempt);
    if (attempt.intent === null) return this.#make(attempt);
    const provider = await this.#run.provider();
    return this.#answered(attempt, await provider.retrieveIntent(attempt.intent));
  }

  /** Makes the payment, unless its answer got lost: then it is there. */
  async #make(attempt: Attempt): Promise<Attempt> {
    const provider = await this.#run.provider();
    const metadata = await this.#metadata(attempt);
    const { customer, paymentMethod, amountCents, currency } = attempt;
    const isLookedUp = this.#approach === 'found' || attempt.status === 'unknown';
    if (isLookedUp) {
      const found = await provider.findIntent({ ...metadata, customer });
      if (found.outcome !== 'missing') return this.#answered(attempt, found);
      if (await this.#isNobodys(attempt))
        return this.#note(attempt, { status: 'canceled', reason: 'not_continued' });
      if (this.#approach === 'found' && attempt.kind === 'manual') return attempt;
    }
    const answer = await provider.createIntent({
      metadata,
      customer,
      paymentMethod: paymentMethod!,
      amountCents,
      currency,
      description: purchaseText(attempt.credits),
      key: keyOf(metadata.attempt, 'create'),
    });
    // A key keeps a server's error for a day. What was not made takes no money, nor does what turns up late: only who has
    // noted a payment confirms it, and nothing is noted of an attempt that has ended.
    if (answer.outcome === 'unknown' && isLookedUp && this.#isStale(attempt, await this.#lastAt())) {
      return this.#note(attempt, { status: 'canceled', reason: 'not_made' });
    }
    return this.#answered(attempt, answer);
  }

  async #lastAt(): Promise<number> {
    return (await this.#run.account(this.#account)).lastAt;
  }

  /** @param lastAt of the account: its time never runs backwards */
  #isStale({ reservedAt }: Attempt, lastAt: number): boolean {
    return Math.max(this.#run.now(), lastAt) - reservedAt >= STALE_MS;
  }

  /**
   * True for what must not go on to charge: a purchase that nobody waits for, a top-up that has been switched off since, a
   * card that has been removed or exchanged, an account that is closed.
   */
  async #isNobodys(attempt: Attempt): Promise<boolean> {
    const { store } = this.#run.deps;
    const account = await this.#run.account(this.#account);
    if (account.closedAt !== null) return true;
    const { policy, card } = await store.payments.wallet(account, this.#run.now());
    if (attempt.paymentMethod !== null && attempt.paymentMethod !== card?.paymentMethod) return true;
    if (attempt.kind === 'manual') {
      return this.#approach === 'found' && this.#isStale(attempt, account.lastAt);
    }
    return policy?.enabled !== true;
  }

  async #answered(attempt: Attempt, answer: IntentAnswer): Promise<Attempt> {
    switch (answer.outcome) {
      case 'intent':
        return this.standing(attempt, answer.intent);
      case 'refused':
        return this.#refused(attempt, answer.code);
      case 'missing':
        // With another account's key it may exist all the same: nobody is told that it failed. Books of a simulation that
        // are gone held no money.
        return this.#note(attempt, {
          status: attempt.provider === 'simulated' ? 'canceled' : 'unknown',
          reason: 'missing',
        });
      case 'unknown':
        return this.#note(attempt, { status: 'unknown', reason: 'no_answer' });
    }
  }

  /** A definite no. Before the payment was made, nothing can have been charged; after it, the payment tells. */
  async #refused(attempt: Attempt, code: string): Promise<Attempt> {
    if (attempt.intent !== null) return this.#note(attempt, { status: 'unknown', reason: code });
    return this.#note(attempt, { status: 'failed', reason: code, failure: 'provider_config' });
  }

  /** Books how the payment stands, and goes on where it can. */
  async standing(attempt: Attempt, intent: Intent): Promise<Attempt> {
    const wrong = await this.#mismatch(attempt, intent);
    if (wrong !== null && (ACTIVE.has(attempt.status) || intent.status === 'succeeded')) {
      return this.#note(attempt, { status: 'mismatch', intent: intent.intent, reason: wrong });
    }
    switch (intent.status) {
      case 'succeeded':
        return this.#succeed(attempt, intent.intent);
      case 'requires_confirmation':
        return this.#confirm(attempt, intent);
      case 'processing':
        return this.#note(attempt, { status: 'processing', intent: intent.intent, reason: null });
      case 'requires_action':
        return this.#askHolder(attempt, intent);
      case 'declined':
        return this.#declined(attempt, intent);
      case 'canceled':
        return this.#canceled(attempt, intent);
      default:
        return this.#note(attempt, { status: 'unknown', intent: intent.intent, reason: 'unknown_status' });
    }
  }

  /** What comes in must be what was asked for. @returns what differs, or null */
  async #mismatch(attempt: Attempt, intent: Intent): Promise<string | null> {
    const { mode } = this.#run.deps.store;
    if (intent.livemode !== (mode === 'live')) return 'livemode';
    if (intent.currency !== attempt.currency) return 'currency';
    if (intent.customer !== attempt.customer) return 'customer';
    if (intent.amountCents !== attempt.amountCents) return 'amount';
    if (intent.status === 'succeeded' && intent.receivedCents !== attempt.amountCents) return 'amount';
    return null;
  }

  /** Asks the bank: it is noted first that this may have happened. */
  async #confirm(before: Attempt, { intent }: Intent): Promise<Attempt> {
    // What was found may not go on; and what has ended meanwhile is not begun again.
    if (!ACTIVE.has(before.status) || (await this.#isNobodys(before))) return this.#letGo(before, intent);
    if (before.kind === 'manual' && this.#approach === 'found') {
      // Somebody may be asking the bank at this moment: that is not taken back by who only looks.
      if (before.intent !== null && isUnheard(before)) return before;
      return this.#note(before, { status: 'created', intent });
    }
    const created = await this.#note(before, { status: 'created', intent, reason: null });
    const attempt = await this.#note(created, { status: 'confirming' });
    if (attempt.status !== 'confirming') return attempt;
    const provider = await this.#run.provider();
    const key = keyOf(await this.#id(attempt), 'confirm');
    const answer = await provider.confirmIntent({ intent, key });
    if (answer.outcome !== 'refused') {
      if (answer.outcome === 'intent' && answer.intent.status === 'requires_confirmation') {
        return this.#note(attempt, { status: 'unknown', reason: 'not_confirmed' });
      }
      return this.#answered(attempt, answer);
    }
    // Refused also when somebody else has confirmed it: how it stands decides.
    const standing = await provider.retrieveIntent(intent);
    if (standing.outcome === 'intent' && standing.intent.status === 'requires_confirmation') {
      return this.#letGo(attempt, intent, { reason: answer.code, failure: 'provider_config' });
    }
    return this.#answered(attempt, standing);
  }

  /** Ends a payment that asked for no money yet, or was refused. One that was paid meanwhile is booked. */
  async #letGo(
    attempt: Attempt,
    intent: string,
    failed?: Pick<Progress, 'reason' | 'failure'>,
  ): Promise<Attempt> {
    const provider = await this.#run.provider();
    const answer = await provider.cancelIntent(intent);
    if (answer.outcome === 'intent' && answer.intent.status === 'succeeded') {
      return this.standing(attempt, answer.intent);
    }
    const isSure = answer.outcome === 'intent' && answer.intent.status === 'canceled';
    // Somebody else may have asked the bank meanwhile; a declined payment has no card left to be asked with.
    const mayBePaid =
      answer.outcome === 'intent'
        ? answer.intent.status === 'processing' || answer.intent.status === 'unknown'
        : answer.outcome === 'unknown' && failed?.failure === 'provider_config';
    if (failed !== undefined && !mayBePaid)
      return this.#note(attempt, { status: 'failed', intent, ...failed });
    if (isSure) return this.#note(attempt, { status: 'canceled', intent, reason: 'not_continued' });
    return this.#note(attempt, { status: 'unknown', intent, reason: 'no_answer' });
  }

  #declined(attempt: Attempt, { intent, decline }: Intent): Promise<Attempt> {
    return this.#letGo(attempt, intent, failedBy(decline));
  }

  /**
   * A payment is ended before its decline is noted. Whoever died in between leaves one that is canceled: what the bank had
   * said counts all the same, or a card could be declined any number of times.
   */
  async #canceled(attempt: Attempt, { intent, decline }: Intent): Promise<Attempt> {
    if (decline === null || attempt.session !== null)
      return this.#note(attempt, { status: 'canceled', intent });
    if (decline.kind !== 'holder')
      return this.#note(attempt, { status: 'failed', intent, ...failedBy(decline) });
    const { code: reason } = decline;
    return this.#openPage(await this.#note(attempt, { status: 'requires_action', intent, reason }));
  }

  /** The bank wants the holder. There is never a second open way to pay: the payment ends before a page is opened. */
  async #askHolder(attempt: Attempt, { intent, decline }: Intent): Promise<Attempt> {
    if (attempt.session !== null) return this.#note(attempt, { status: 'requires_action' });
    const provider = await this.#run.provider();
    const answer = await provider.cancelIntent(intent);
    if (answer.outcome === 'intent' && answer.intent.status === 'succeeded') {
      return this.standing(attempt, answer.intent);
    }
    if (answer.outcome !== 'intent' || answer.intent.status !== 'canceled') {
      return this.#note(attempt, { status: 'unknown', intent, reason: 'no_answer' });
    }
    const reason = decline?.code ?? 'authentication_required';
    return this.#openPage(await this.#note(attempt, { status: 'requires_action', intent, reason }));
  }

  /** Opens the page on which the holder pays. Without an answer the attempt waits; the next look opens it. */
  async #openPage(attempt: Attempt): Promise<Attempt> {
    if (!ACTIVE.has(attempt.status)) return attempt;
    if (attempt.session === null && (await this.#isNobodys(attempt))) {
      return this.#note(attempt, { status: 'canceled', reason: 'not_continued' });
    }
    try {
      const { session } = await pageOf(this.#run, this.#account, attempt);
      return await this.#note(attempt, { status: 'requires_action', session });
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      if (error.code === 'payment_unknown') return attempt;
      return this.#note(attempt, { status: 'failed', reason: error.code, failure: 'provider_config' });
    }
  }

  async #page(attempt: Attempt): Promise<Attempt> {
    const provider = await this.#run.provider();
    let page: CheckoutSession;
    try {
      page = await provider.retrieveCheckout(attempt.session!);
    } catch (error) {
      if (isLedgerError(error)) return attempt;
      throw error;
    }
    if (page.intent !== null && (page.isPaid || page.status === 'complete')) {
      const answer = await provider.retrieveIntent(page.intent);
      if (answer.outcome !== 'intent') return attempt;
      return this.standing(attempt, answer.intent);
    }
    if (page.status === 'expired') return this.#note(attempt, { status: 'canceled', reason: 'expired' });
    return attempt;
  }

  async #note(attempt: Attempt, progress: Progress): Promise<Attempt> {
    const { wallet } = await this.#run.decide(
      this.#account,
      { attempt: attempt.no },
      ({ booking, wallet }) => ({
        change: decideProgress(booking, wallet, attempt.no, progress),
        value: null,
      }),
    );
    return wallet.attempts.get(attempt.no)!;
  }

  async #succeed(attempt: Attempt, intent: string): Promise<Attempt> {
    const { wallet } = await this.#run.decide(
      this.#account,
      { attempt: attempt.no },
      ({ booking, wallet }) => ({
        change: decideSuccess(booking, wallet, attempt.no, intent)?.change,
        value: null,
      }),
    );
    return wallet.attempts.get(attempt.no)!;
  }

  async #id({ no }: Attempt): Promise<string> {
    return payId(await this.#run.account(this.#account), no);
  }

  #metadata(attempt: Attempt): Promise<IntentMetadata> {
    return metadataOf(this.#run, this.#account, attempt);
  }
}

/** What a decline means for the next attempt. */
const failedBy = (decline: Intent['decline']): Pick<Progress, 'reason' | 'failure'> => ({
  reason: decline?.code ?? 'declined',
  failure: decline?.kind === 'hard' ? 'hard' : 'soft',
});

async function metadataOf(run: PaymentRun, id: string, attempt: Attempt): Promise<IntentMetadata> {
  const account = await run.account(id);
  return {
    account: id,
    installation: await run.installation(account),
    attempt: payId(account, attempt.no),
    kind: attempt.kind,
    credits: String(attempt.credits),
  };
}

/**
 * The page on which an attempt can be paid; the same one every time.
 * @throws LedgerError `payment_unknown`, `payment_declined`
 */
export async function pageOf(run: PaymentRun, account: string, attempt: Attempt): Promise<CheckoutSession> {
  const provider = await run.provider();
  const metadata = await metadataOf(run, account, attempt);
  return provider.startPurchase({
    metadata,
    customer: attempt.customer,
    amountCents: attempt.amountCents,
    currency: attempt.currency,
    description: purchaseText(attempt.credits),
    key: keyOf(metadata.attempt, 'checkout'),
  });
}
