/**
 * Payments without a provider, for test ledgers that have no key: the behaviour of Stripe's test methods, with books of its
 * own that are kept beside the ledger. Nobody is ever charged.
 *
 * What the provider's side does at a time of its own (a holder who pays on a page, a bank that takes a day) happens here
 * when it is looked at the next time, as `payments sync` does.
 */
import { invalid, LedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import type { Books } from '../ledger/payments/payment-store.ts';
import type {
  CardFacts,
  CheckoutSession,
  Intent,
  IntentAnswer,
  IntentInput,
  PaymentProvider,
  PaymentRecord,
  PaymentReturns,
  ProviderEvent,
} from '../ledger/payments/provider.ts';
import {
  cancelable,
  charged,
  type Draft,
  eventOf,
  intentOf,
  type Paid,
  returnsOf,
  type SimulatedIntent,
  sums,
} from './simulated-books.ts';
import { testCard } from './simulated-cards.ts';

/** What it is made with. */
export interface SimulatedOptions {
  readonly books: Books;
  /** Its own clock, epoch ms. */
  readonly clock: () => Instant;
}

interface StoredCard extends CardFacts {
  readonly customer: string | null;
  readonly method: string;
}

interface StoredSession {
  readonly intent: string;
  readonly customer: string;
  readonly reference: string;
  readonly installation: string;
  readonly status: 'open' | 'complete' | 'expired';
}

const PAGE = 500;
const read = <T>(body: string | undefined): T | undefined =>
  body === undefined ? undefined : (JSON.parse(body) as T);
const plain = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, '_');
const noSubscriptions = (): LedgerError =>
  invalid(
    'subscriptions need Stripe',
    'set STRIPE_SECRET_KEY; without it `plan set` and `cycle rollover` do it',
  );

export class SimulatedProvider implements PaymentProvider {
  readonly name = 'simulated';
  readonly mode = 'test';
  readonly #books: Books;
  readonly #clock: () => Instant;

  constructor({ books, clock }: SimulatedOptions) {
    this.#books = books;
    this.#clock = clock;
  }

  async ensureCustomer({ account }: { readonly account: string }): Promise<string> {
    return `cus_sim_${account}`;
  }

  async hasCustomer(): Promise<boolean> {
    return true;
  }

  async startCardSetup(): Promise<CheckoutSession> {
    throw invalid('simulated payments have no page to save a card on', 'use `credits card add pm_card_visa`');
  }

  async attachTestMethod(input: {
    readonly customer: string;
    readonly method: string;
    readonly key: string;
  }): Promise<CardFacts> {
    const { customer, method, key } = input;
    const found = testCard(method);
    if (found === undefined) {
      throw invalid(`${JSON.stringify(method)} is no test method`, 'for example pm_card_visa');
    }
    if (found.refused !== null) {
      const { code, message } = found.refused;
      throw new LedgerError('payment_declined', message, { details: { reason: code } });
    }
    const facts: CardFacts = {
      paymentMethod: `pm_sim_${plain(key)}`,
      brand: found.brand,
      last4: found.last4,
      expMonth: 12,
      expYear: new Date(this.#clock()).getUTCFullYear() + 3,
    };
    const id = facts.paymentMethod;
    return this.#books.transact([id], (rows) => {
      const known = read<StoredCard>(rows.get(id));
      if (known !== undefined) return { result: factsOf(known), put: [] };
      return { result: facts, put: [row(id, { ...facts, customer, method })] };
    });
  }

  async useCard(): Promise<void> {}

  async describeCard(input: {
    readonly customer: string;
    readonly paymentMethod: string;
  }): Promise<CardFacts | null> {
    const card = await this.#one<StoredCard>(input.paymentMethod);
    return card?.customer === input.customer ? factsOf(card) : null;
  }

  removeCard(paymentMethod: string): Promise<void> {
    return this.#books.transact([paymentMethod], (rows) => {
      const card = read<StoredCard>(rows.get(paymentMethod));
      const put = card === undefined ? [] : [row(paymentMethod, { ...card, customer: null })];
      return { result: undefined, put };
    });
  }

  createIntent(input: IntentInput): Promise<IntentAnswer> {
    const id = `pi_sim_${input.metadata.attempt}`;
    return this.#books.transact([id, input.paymentMethod], (rows) => {
      const known = read<SimulatedIntent>(rows.get(id));
      if (known !== undefined) return { result: answer(known), put: [] };
      const card = read<StoredCard>(rows.get(input.paymentMethod));
      if (card?.customer !== input.customer) {
        const message = `no such payment method: ${input.paymentMethod}`;
        return { result: { outcome: 'refused', code: 'resource_missing', message }, put: [] };
      }
      const made = intentOf(id, input, card.method, this.#clock());
      return { result: answer(made), put: [row(id, made)] };
    });
  }

  async confirmIntent({ intent }: { readonly intent: string }): Promise<IntentAnswer> {
    return this.#change(intent, (found) => {
      if (found.status !== 'requires_confirmation') return { refused: found.status };
      return charged(found, this.#clock());
    });
  }

  async retrieveIntent(intent: string): Promise<IntentAnswer> {
    const found = await this.#one<SimulatedIntent>(intent);
    if (found?.status !== 'processing') return found === undefined ? { outcome: 'missing' } : answer(found);
    // The bank has taken its time by now.
    return this.#change(intent, (each) => paidNow(each, this.#clock()));
  }

  async findIntent({ attempt }: { readonly attempt: string }): Promise<IntentAnswer> {
    return this.retrieveIntent(`pi_sim_${attempt}`);
  }

  async cancelIntent(intent: string): Promise<IntentAnswer> {
    return this.#change(intent, (found) =>
      cancelable(found) ? { intent: { ...found, status: 'canceled' }, events: [] } : undefined,
    );
  }

  async startPurchase(input: Omit<IntentInput, 'paymentMethod'>): Promise<CheckoutSession> {
    const { attempt, installation } = input.metadata;
    const id = `cs_sim_${attempt}`;
    const intent = `pi_sim_${attempt}_page`;
    const session: StoredSession = {
      intent,
      customer: input.customer,
      reference: attempt,
      installation,
      status: 'open',
    };
    await this.#books.transact([id], (rows) => ({
      result: undefined,
      put: rows.has(id)
        ? []
        : [row(id, session), row(intent, intentOf(intent, input, 'pm_card_visa', this.#clock()))],
    }));
    return this.#session(id);
  }

  async checkoutUrl(id: string): Promise<string | null> {
    return (await this.#session(id)).url;
  }

  /** The holder pays between the answer that opened the page and the next look at it. */
  async retrieveCheckout(id: string): Promise<CheckoutSession> {
    const session = await this.#one<StoredSession>(id);
    if (session?.status === 'open') {
      await this.#change(session.intent, (found) => paidNow(found, this.#clock()));
      await this.#books.transact([], () => ({
        result: undefined,
        put: [row(id, { ...session, status: 'complete' })],
      }));
    }
    return this.#session(id);
  }

  async expireCheckout(id: string): Promise<CheckoutSession> {
    await this.#books.transact([id], (rows) => {
      const session = read<StoredSession>(rows.get(id));
      const put = session?.status === 'open' ? [row(id, { ...session, status: 'expired' })] : [];
      return { result: undefined, put };
    });
    return this.#session(id);
  }

  async returnsOf(intent: string): Promise<PaymentReturns> {
    const found = await this.#one<SimulatedIntent>(intent);
    return found === undefined ? { intent, paidCents: 0, refunds: [], disputes: [] } : returnsOf(found);
  }

  async eventsSince(after: string | null): Promise<{ events: ProviderEvent[]; cursor: string | null }> {
    const events: ProviderEvent[] = [];
    let from = after === null ? 0 : Number(after);
    for (;;) {
      const rows = await this.#books.list('evt_', from, PAGE);
      events.push(...rows.map(({ body }) => JSON.parse(body) as ProviderEvent));
      from = rows.at(-1)?.no ?? from;
      if (rows.length < PAGE) return { events, cursor: from === 0 ? after : String(from) };
    }
  }

  readWebhook(): never {
    throw new LedgerError('unauthenticated', 'simulated payments have no webhooks');
  }

  async *payments(): AsyncGenerator<readonly PaymentRecord[]> {
    let from = 0;
    for (;;) {
      const rows = await this.#books.list('pi_', from, PAGE);
      yield rows.map(({ body }) => {
        const found = JSON.parse(body) as SimulatedIntent;
        return { intent: publicOf(found), ...sums(found) };
      });
      if (rows.length < PAGE) return;
      from = rows.at(-1)!.no;
    }
  }

  startSubscription = async (): Promise<never> => Promise.reject(noSubscriptions());
  changeSubscription = async (): Promise<never> => Promise.reject(noSubscriptions());
  describeSubscription = async (): Promise<null> => null;
  describeInvoice = async (): Promise<null> => null;
  invoicesOf = async (): Promise<readonly never[]> => [];
  describePrice = async (): Promise<null> => null;

  async close(): Promise<void> {}

  /** What the provider's side does by itself, for tests: a refund, a dispute, or how one went on. */
  async happen(intent: string, change: (paid: Paid) => Paid): Promise<void> {
    await this.#change(intent, (found) => {
      const next = { ...found, ...change({ refunds: found.refunds, disputes: found.disputes }) };
      const events = [eventOf('charge.updated', next, this.#clock())];
      return { intent: next, events };
    });
  }

  async #one<T>(id: string): Promise<T | undefined> {
    return this.#books.transact([id], (rows) => ({ result: read<T>(rows.get(id)), put: [] }));
  }

  async #session(id: string): Promise<CheckoutSession> {
    const session = await this.#one<StoredSession>(id);
    if (session === undefined) throw invalid(`there is no session ${id}`);
    const { status, intent, customer, reference, installation } = session;
    const url = status === 'open' ? `https://checkout.invalid/simulated/${id}` : null;
    const isPaid = status === 'complete';
    const none = { card: null, subscription: null, livemode: false };
    return { session: id, status, url, isPaid, intent, customer, reference, installation, ...none };
  }

  /** Changes one payment; what `change` does not answer stays as it is. */
  #change(
    id: string,
    change: (found: SimulatedIntent) => Draft | { readonly refused: string } | undefined,
  ): Promise<IntentAnswer> {
    return this.#books.transact<IntentAnswer>([id], (rows) => {
      const found = read<SimulatedIntent>(rows.get(id));
      if (found === undefined) return { result: { outcome: 'missing' }, put: [] };
      const changed = change(found);
      if (changed === undefined) return { result: answer(found), put: [] };
      if ('refused' in changed) {
        const message = `the payment is ${changed.refused}`;
        return { result: { outcome: 'refused', code: 'payment_intent_unexpected_state', message }, put: [] };
      }
      const { intent, events } = changed;
      const numbered = { ...intent, events: found.events + events.length };
      const put = events.map((event, index) => {
        const named = { ...event, id: `evt_sim_${plain(id)}_${found.events + index + 1}` };
        return row(named.id, named);
      });
      return { result: answer(numbered), put: [row(id, numbered), ...put] };
    });
  }
}

function paidNow(found: SimulatedIntent, at: Instant): Draft | undefined {
  if (found.status !== 'processing' && found.status !== 'requires_confirmation') return undefined;
  const intent: SimulatedIntent = { ...found, status: 'succeeded', receivedCents: found.amountCents };
  return { intent, events: [eventOf('payment_intent.succeeded', intent, at)] };
}

const row = (id: string, body: object) => ({ id, body: JSON.stringify(body) });

const factsOf = ({ paymentMethod, brand, last4, expMonth, expYear }: StoredCard): CardFacts => ({
  paymentMethod,
  brand,
  last4,
  expMonth,
  expYear,
});

function publicOf(found: SimulatedIntent): Intent {
  const { method: _method, refunds: _refunds, disputes: _disputes, events: _events, ...intent } = found;
  return intent;
}

const answer = (found: SimulatedIntent): IntentAnswer => ({ outcome: 'intent', intent: publicOf(found) });
