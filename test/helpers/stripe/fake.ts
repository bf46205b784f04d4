/**
 * A fake of Stripe for tests: HTTP on loopback with the state of one Stripe account. It is not a copy of the service: it
 * knows what a seller of credits touches, refuses every parameter it does not know, and keeps a log of every request.
 * Amounts are minor units; its clock is virtual and moves only when told.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MagicCard, magicCard } from './cards.ts';
import { type FaultFacts, type FaultPoint, Faults } from './faults.ts';
import { completeSession, expireOldSessions, expireSession, settleSession } from './objects/checkout.ts';
import { deleteCustomer, detach } from './objects/customers.ts';
import {
  closeDispute,
  type DisputeFacts,
  escalateDispute,
  openDispute,
  warnOfFraud,
} from './objects/disputes.ts';
import { finishProcessing } from './objects/payments.ts';
import { createPrice } from './objects/prices.ts';
import { failRefund, finishRefund, refund } from './objects/refunds.ts';
import { cancelSubscription, renewSubscriptions, retryInvoice } from './objects/subscriptions.ts';
import { Refusal } from './refusal.ts';
import {
  type Answer,
  carryOut,
  faultBody,
  fingerprintOf,
  Keys,
  type RequestLine,
  refusedBy,
} from './requests.ts';
import { type Delivery, signed, Webhooks } from './webhooks.ts';
import type { WireEvent } from './wire.ts';
import { World } from './world.ts';

export interface FakeFacts {
  /** Instant the virtual clock starts at, epoch ms; 2026-03-01T00:00:00Z unless told. */
  startAt?: number;
  livemode?: boolean;
  /** Port on loopback; 0 chooses one. */
  port?: number;
}

/** The secret key that a fake takes. */
export const TEST_KEY = 'sk_test_fake';
export const LIVE_KEY = 'sk_live_fake';

/** What of one payment the money says. */
export interface PaymentBook {
  intent: string;
  attempt: string | null;
  paid: number;
  refunded: number;
  /** Disputes that took money and are not won. */
  disputed: number;
}

/** A request in the log, with the status that was sent; 0 when nothing was. */
export interface LogLine extends RequestLine {
  status: number;
  replayed: boolean;
}

/** A running fake with the hooks that play card holders, banks and time. */
export interface FakeStripe {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly world: World;
  readonly log: readonly LogLine[];
  readonly webhooks: Webhooks;
  /** Lets something go wrong. */
  fault(facts: FaultFacts): FaultPoint;
  /** From now on nothing goes wrong any more. */
  calm(): void;
  /** Moves the virtual clock; pages expire, subscriptions renew. */
  advance(ms: number): void;
  /** A person fills in a Checkout page with this card. */
  complete(session: string, card?: string): void;
  expire(session: string): void;
  /** A delayed payment of a completed page is decided. */
  settleSession(session: string): void;
  /** A payment in process is decided. */
  finish(intent: string): void;
  /** From now on a saved card does what this magic method does. */
  behave(paymentMethod: string, magic: string): void;
  detach(paymentMethod: string): void;
  deleteCustomer(customer: string): void;
  /** @returns `re_…` */
  refund(intent: string, amount?: number): string;
  finishRefund(id: string): void;
  failRefund(id: string): void;
  /** @returns `dp_…` */
  dispute(intent: string, facts?: DisputeFacts): string;
  escalateDispute(id: string): void;
  closeDispute(id: string, verdict: 'won' | 'lost'): void;
  warnOfFraud(intent: string): void;
  /** What was bound to follow happens now: disputes, warnings, refunds that settle or fail. */
  later(): void;
  /** A monthly price. @returns its id */
  price(facts: { id?: string; cents: number; name: string }): string;
  cancelSubscription(id: string): void;
  /** The holder pays an open invoice on its page. */
  payInvoice(id: string): void;
  /** An event as a webhook would carry it. @param at Unix seconds of the signature; the virtual clock's unless told */
  delivery(event: WireEvent, secrets: readonly string[], at?: number): Delivery;
  /** What the money says, one line a payment that succeeded. */
  books(): PaymentBook[];
  /** @throws Error when an attempt was charged twice, or the balance does not add up */
  check(): void;
  close(): Promise<void>;
}

const START = Date.UTC(2026, 2, 1);

/** Starts a fake on loopback. */
export async function startFakeStripe(facts: FakeFacts = {}): Promise<FakeStripe> {
  const world = new World({ startAt: facts.startAt ?? START, livemode: facts.livemode ?? false });
  const webhooks = new Webhooks(() => world.now);
  world.onEvent = (event) => webhooks.take(event);
  const faults = new Faults();
  const log: LogLine[] = [];
  const keys = new Keys();
  const server = createServer((request, response) => {
    void answerRequest({ world, faults, log, keys }, request, response).catch((error) => {
      if (!response.headersSent)
        send(
          response,
          { status: 500, body: { error: { type: 'api_error', message: String(error) } }, replayed: false },
          '',
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(facts.port ?? 0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    world,
    log,
    webhooks,
    fault: (fault) => faults.add(fault),
    calm: () => faults.clear(),
    ...hooksOf(world),
    delivery: (event, secrets, at) => signed(event, secrets, at ?? world.now),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function hooksOf(world: World) {
  const chargeOf = (intent: string): string => {
    const charge = world.paymentIntents.get(intent)?.latest_charge ?? null;
    if (charge === null) throw new Error(`${intent} has no charge`);
    return charge;
  };
  return {
    advance: (ms: number) => {
      world.nowMs += ms;
      expireOldSessions(world);
      renewSubscriptions(world);
    },
    complete: (session: string, card = 'pm_card_visa') => void completeSession(world, session, card),
    expire: (session: string) => void expireSession(world, session),
    settleSession: (session: string) => settleSession(world, session),
    finish: (intent: string) => void finishProcessing(world, intent),
    behave: (method: string, magic: string) => {
      const card: MagicCard | undefined = magicCard(magic);
      if (card === undefined || !world.paymentMethods.has(method))
        throw new Error(`no card ${method} or ${magic}`);
      world.behaviours.set(method, card);
    },
    detach: (method: string) => void detach(world, method),
    deleteCustomer: (customer: string) => void deleteCustomer(world, customer),
    refund: (intent: string, amount?: number) => refund(world, chargeOf(intent), amount ?? null).id,
    finishRefund: (id: string) => finishRefund(world, id),
    failRefund: (id: string) => failRefund(world, id),
    dispute: (intent: string, dispute?: DisputeFacts) => openDispute(world, chargeOf(intent), dispute).id,
    escalateDispute: (id: string) => void escalateDispute(world, id),
    closeDispute: (id: string, verdict: 'won' | 'lost') => void closeDispute(world, id, verdict),
    warnOfFraud: (intent: string) => void warnOfFraud(world, chargeOf(intent)),
    later: () => {
      for (const sequel of world.sequels.splice(0)) sequel();
    },
    price: (price: { id?: string; cents: number; name: string }) => createPrice(world, price).id,
    cancelSubscription: (id: string) => void cancelSubscription(world, id),
    payInvoice: (id: string) => retryInvoice(world, id, 'authenticated'),
    books: () => booksOf(world),
    check: () => checkBooks(world),
  };
}

function booksOf(world: World): PaymentBook[] {
  const books: PaymentBook[] = [];
  for (const charge of world.charges.values()) {
    if (!charge.paid) continue;
    const disputes = [...world.disputes.values()].filter(
      (dispute) =>
        dispute.charge === charge.id && dispute.balance_transactions.length > 0 && dispute.status !== 'won',
    );
    books.push({
      intent: charge.payment_intent ?? charge.id,
      attempt: charge.metadata.attempt_id ?? null,
      paid: charge.amount,
      refunded: charge.amount_refunded,
      disputed: disputes.reduce((sum, dispute) => sum + dispute.amount, 0),
    });
  }
  return books;
}

function checkBooks(world: World): void {
  const books = booksOf(world);
  for (const what of ['attempt', 'intent'] as const) {
    const seen = new Set<string>();
    for (const book of books) {
      const id = book[what];
      if (id === null) continue;
      if (seen.has(id)) throw new Error(`${what} ${id} was charged twice`);
      seen.add(id);
    }
  }
  const balance = [...world.balanceTransactions.values()].reduce((sum, moved) => sum + moved.amount, 0);
  const kept = books.reduce((sum, book) => sum + book.paid - book.refunded - book.disputed, 0);
  if (balance !== kept) throw new Error(`the balance is ${balance}, the payments come to ${kept}`);
}

interface Inside {
  world: World;
  faults: Faults;
  log: LogLine[];
  keys: Keys;
}

async function answerRequest(
  inside: Inside,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const line = await readLine(inside.world, request);
  const entry: LogLine = { ...line, status: 0, replayed: false };
  inside.log.push(entry);
  const sendIt = (answer: Answer): void => {
    entry.status = answer.status;
    entry.replayed = answer.replayed;
    send(response, answer, line.requestId);
  };
  const denied = checkKey(inside.world, request.headers.authorization);
  if (denied !== null) return sendIt(refusedBy(denied).answer);
  const key = line.method === 'POST' ? line.key : null;
  const print = fingerprintOf(line);
  try {
    const known = key === null ? null : inside.keys.take(key, print, inside.world.nowMs);
    if (known !== null) return await finish(inside, line, known, response, sendIt);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sendIt(refusedBy(error).answer);
  }
  try {
    const keep = (answer: Answer): void => {
      if (key !== null) inside.keys.keep(key, print, inside.world.nowMs, answer);
    };
    const before = await inside.faults.meet('before', line);
    if (before !== null) return spoil(response, line, before, null, sendIt, keep);
    const { answer, kept } = carryOut(inside.world, line);
    if (kept) keep(answer);
    await finish(inside, line, answer, response, sendIt, keep);
  } finally {
    if (key !== null) inside.keys.free(key);
  }
}

async function finish(
  inside: Inside,
  line: RequestLine,
  answer: Answer,
  response: ServerResponse,
  sendIt: (answer: Answer) => void,
  keep: (answer: Answer) => void = () => {},
): Promise<void> {
  const after = await inside.faults.meet('after', line);
  if (after === null) sendIt(answer);
  else spoil(response, line, after, answer, sendIt, keep);
}

function spoil(
  response: ServerResponse,
  line: RequestLine,
  fault: 'drop' | 'hang' | 'garbage' | 'cut' | 409 | 429 | 500 | 503,
  answer: Answer | null,
  sendIt: (answer: Answer) => void,
  keep: (answer: Answer) => void,
): void {
  if (fault === 'hang') return;
  if (fault === 'drop') {
    response.socket?.destroy();
    return;
  }
  if (fault === 'garbage') {
    response.writeHead(200, { 'content-type': 'application/json', 'request-id': line.requestId });
    response.end('<html>');
    return;
  }
  if (fault === 'cut') {
    const text = JSON.stringify(answer?.body ?? {});
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 100 });
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
    return;
  }
  const spoiled: Answer = { status: fault, body: faultBody(fault), replayed: false };
  if (fault === 500 || fault === 503) keep(spoiled);
  sendIt(spoiled);
}

function send(response: ServerResponse, answer: Answer, requestId: string): void {
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'request-id': requestId,
    ...(answer.replayed ? { 'idempotent-replayed': 'true' } : {}),
  });
  response.end(JSON.stringify(answer.body));
}

function checkKey(world: World, authorization: string | undefined): Refusal | null {
  const key = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  const good = world.livemode ? [LIVE_KEY, 'rk_live_fake'] : [TEST_KEY, 'rk_test_fake'];
  if (key !== undefined && good.includes(key)) return null;
  return new Refusal(401, { type: 'invalid_request_error', message: 'Invalid API Key provided.' }, false);
}

async function readLine(world: World, request: IncomingMessage): Promise<RequestLine> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const header = (name: string): string | null => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    form: request.method === 'POST' ? body : url.search.slice(1),
    key: header('idempotency-key'),
    version: header('stripe-version'),
    requestId: world.id('req'),
  };
}
