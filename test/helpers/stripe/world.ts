/** Everything the fake knows: objects by kind, the clock, the events, and the money that moved. */
import type { Stripe } from 'stripe';
import type { MagicCard } from './cards.ts';
import { missing } from './refusal.ts';
import type {
  WireBalanceTransaction,
  WireCharge,
  WireCustomer,
  WireDispute,
  WireEvent,
  WireFraudWarning,
  WireInvoice,
  WireInvoicePayment,
  WireObject,
  WirePaymentIntent,
  WirePaymentMethod,
  WirePortalSession,
  WirePrice,
  WireProduct,
  WireRefund,
  WireSession,
  WireSetupIntent,
  WireSubscription,
} from './wire.ts';

/** The API version that the SDK of the tests pins; checked against the SDK in the fake's own test. */
export const API_VERSION = '2026-10-28.endive';

/** The request that is being answered, for the events it causes. */
export interface RequestFacts {
  id: string;
  key: string | null;
}

/** How a fake is set up. */
export interface WorldFacts {
  /** Instant the virtual clock starts at, epoch ms. */
  startAt: number;
  livemode: boolean;
}

/** State of one fake. */
export class World {
  readonly livemode: boolean;
  readonly customers = new Map<string, WireCustomer>();
  readonly paymentMethods = new Map<string, WirePaymentMethod>();
  readonly paymentIntents = new Map<string, WirePaymentIntent>();
  readonly setupIntents = new Map<string, WireSetupIntent>();
  readonly sessions = new Map<string, WireSession>();
  readonly charges = new Map<string, WireCharge>();
  readonly refunds = new Map<string, WireRefund>();
  readonly disputes = new Map<string, WireDispute>();
  readonly products = new Map<string, WireProduct>();
  readonly prices = new Map<string, WirePrice>();
  readonly subscriptions = new Map<string, WireSubscription>();
  readonly invoices = new Map<string, WireInvoice>();
  readonly invoicePayments = new Map<string, WireInvoicePayment>();
  readonly balanceTransactions = new Map<string, WireBalanceTransaction>();
  readonly portalSessions = new Map<string, WirePortalSession>();
  readonly fraudWarnings = new Map<string, WireFraudWarning>();
  /** What each payment method does when it is charged. */
  readonly behaviours = new Map<string, MagicCard>();
  /** Payment methods that their holder set up for payments without the holder. */
  readonly setUp = new Set<string>();
  /** What is still to happen, in order: disputes, warnings. */
  readonly sequels: (() => void)[] = [];
  /** Oldest first. */
  readonly events: WireEvent[] = [];
  /** The request in hand. */
  request: RequestFacts | null = null;
  /** Called with each new event. */
  onEvent: (event: WireEvent) => void = () => {};
  #nowMs: number;
  #count = 0;

  constructor(facts: WorldFacts) {
    this.#nowMs = facts.startAt;
    this.livemode = facts.livemode;
  }

  /** The virtual clock, epoch ms. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** The virtual clock as the API tells it, whole seconds. */
  get now(): number {
    return Math.floor(this.#nowMs / 1000);
  }

  set nowMs(value: number) {
    if (value < this.#nowMs) throw new Error('the virtual clock never runs backwards');
    this.#nowMs = value;
  }

  id(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${String(this.#count).padStart(6, '0')}fake`;
  }

  /** An object of whatever kind by its id. */
  find(id: string): WireObject | undefined {
    for (const kind of this.#kinds()) {
      const found = kind.get(id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #kinds(): readonly ReadonlyMap<string, WireObject>[] {
    return [
      this.customers,
      this.paymentMethods,
      this.paymentIntents,
      this.setupIntents,
      this.sessions,
      this.charges,
      this.refunds,
      this.disputes,
      this.products,
      this.prices,
      this.subscriptions,
      this.invoices,
      this.invoicePayments,
      this.balanceTransactions,
    ];
  }

  /** Tells the world that something happened to an object, with what its changed fields were before. */
  emit(type: Stripe.Event.Type, object: WireObject, previous?: Record<string, unknown>): void {
    const event: WireEvent = {
      id: this.id('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: this.now,
      data: {
        object: structuredClone(object),
        ...(previous === undefined ? {} : { previous_attributes: previous }),
      },
      livemode: this.livemode,
      pending_webhooks: 0,
      request: { id: this.request?.id ?? null, idempotency_key: this.request?.key ?? null },
      type,
    };
    this.events.push(event);
    this.onEvent(event);
  }

  /** Books money that came (> 0) or went (< 0); fees are left out. */
  move(
    type: Stripe.BalanceTransaction['type'],
    amount: number,
    currency: string,
    source: string,
  ): WireBalanceTransaction {
    const transaction: WireBalanceTransaction = {
      id: this.id('txn'),
      object: 'balance_transaction',
      amount,
      available_on: this.now,
      balance_type: 'payments',
      created: this.now,
      currency,
      description: null,
      exchange_rate: null,
      fee: 0,
      fee_details: [],
      net: amount,
      reporting_category: type,
      source,
      status: 'available',
      type,
    };
    this.balanceTransactions.set(transaction.id, transaction);
    return transaction;
  }
}

/** The object of an id. @throws Refusal 404 `resource_missing` */
export function take<Item>(kind: ReadonlyMap<string, Item>, what: string, id: string): Item {
  const found = kind.get(id);
  if (found === undefined) throw missing(what, id);
  return found;
}
