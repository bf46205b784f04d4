/**
 * The provider's books against the ledger's: every payment has its credits, all credits have their payment, amounts agree,
 * and what went back was taken back. Changes nothing.
 *
 * Source: contract 6 (`payments audit`), 9.
 */
import { readId } from '../../core/ids.ts';
import { mergeReturns, returnTarget } from '../../core/ledger/clawback.ts';
import type { Account } from '../../core/types.ts';
import { ACTIVE, type Attempt, type Returns } from '../../core/wallet.ts';
import type { AuditDifference, AuditView } from '../payment-views.ts';
import { attemptView } from './attempt-views.ts';
import type { PaymentRun } from './payment-run.ts';
import type { Intent, PaymentRecord } from './provider.ts';
import { invoiceKey, isBooked } from './subscriptions.ts';

const PAGE = 200;

interface Known {
  readonly account: Account;
  readonly attempt: Attempt;
}

/** @throws LedgerError `payment_unknown`, `mode_mismatch`, `invalid_argument`; what does not agree is an answer */
export async function auditPayments(run: PaymentRun): Promise<AuditView> {
  const audit = new BooksAudit(run);
  await audit.readLedger();
  await audit.readProvider();
  await audit.readInvoices();
  return audit.view();
}

class BooksAudit {
  readonly #run: PaymentRun;
  readonly #byIntent = new Map<string, Known>();
  readonly #byAccount = new Map<string, Account>();
  readonly #unpaid = new Set<string>();
  readonly #differences: AuditView['differences'][number][] = [];
  #payments = 0;
  #paidCents = 0;
  #returnedCents = 0;
  #provider: AuditView['provider'] = 'stripe';

  constructor(run: PaymentRun) {
    this.#run = run;
  }

  #say(kind: AuditDifference, known: Known | null, intent: string | null, detail: string): void {
    this.#differences.push({
      kind,
      account: known?.account.id ?? null,
      attempt: known === null ? null : attemptView(known.account, known.attempt).attempt,
      intent,
      detail,
    });
  }

  async readLedger(): Promise<void> {
    const { store } = this.#run.deps;
    this.#provider = (await this.#run.provider()).name;
    let after = 0;
    for (;;) {
      const page = await store.payments.accounts('paid', after, PAGE);
      for (const id of page.ids) await this.#readAccount(id);
      if (page.ids.length < PAGE) return;
      after = page.last;
    }
  }

  async #readAccount(id: string): Promise<void> {
    const account = await this.#run.account(id);
    this.#byAccount.set(id, account);
    for (const attempt of await this.#run.deps.store.payments.attempts(account, null, null)) {
      const known = { account, attempt };
      if (attempt.provider !== this.#provider) continue;
      if (attempt.intent !== null) this.#byIntent.set(attempt.intent, known);
      if (attempt.status === 'succeeded') this.#unpaid.add(attempt.intent!);
      else if (attempt.status === 'mismatch') {
        this.#say(
          'amount_differs',
          known,
          attempt.intent,
          `${attempt.reason ?? 'something'} is not what was asked for`,
        );
      } else if (ACTIVE.has(attempt.status) && attempt.status === 'unknown') {
        this.#say('unsettled', known, attempt.intent, 'its outcome is not known: `credits payments sync`');
      }
    }
  }

  async readProvider(): Promise<void> {
    const provider = await this.#run.provider();
    for await (const page of provider.payments()) {
      for (const record of page) await this.#record(record);
    }
    for (const intent of this.#unpaid) {
      const known = this.#byIntent.get(intent)!;
      this.#say(
        'granted_not_paid',
        known,
        intent,
        'credits were granted, and the provider has no such payment',
      );
    }
  }

  /** A subscription's money comes in by its invoices: each that was paid has a receipt of its own, with credits or without. */
  async readInvoices(): Promise<void> {
    const { payments } = this.#run.deps.store;
    let after = 0;
    for (;;) {
      const page = await payments.accounts('open', after, PAGE);
      for (const id of page.ids) await this.#readSubscription(id);
      if (page.ids.length < PAGE) return;
      after = page.last;
    }
  }

  async #readSubscription(id: string): Promise<void> {
    const { card } = await this.#run.deps.store.payments.wallet(await this.#run.account(id), this.#run.now());
    if (card?.subscription?.id == null || card.provider !== this.#provider) return;
    const provider = await this.#run.provider();
    for (const { invoice, isPaid, reason } of await provider.invoicesOf(card.subscription.id)) {
      if (!isPaid || !isBooked(reason)) continue;
      const key = invoiceKey(invoice);
      const { value: isKnown } = await this.#run.decide(id, { key, dryRun: true }, ({ replay }) => ({
        change: undefined,
        value: replay !== null,
      }));
      if (isKnown) continue;
      this.#differences.push({
        ...{ kind: 'paid_not_granted', account: id, attempt: null, intent: null },
        detail: `the invoice ${invoice} of its plan was paid, and is not booked: \`credits payments sync\`, with its price in STRIPE_PRICES`,
      });
    }
  }

  async #record(record: PaymentRecord): Promise<void> {
    const { intent } = record;
    const known = this.#byIntent.get(intent.intent) ?? null;
    if (known === null) {
      if (intent.status === 'succeeded' && (await this.#isOurs(intent))) {
        this.#paidCents += intent.receivedCents;
        this.#say(
          'paid_not_granted',
          null,
          intent.intent,
          'it was paid for this ledger, which does not know it',
        );
      }
      return;
    }
    this.#payments += 1;
    this.#unpaid.delete(intent.intent);
    this.#paidCents += intent.receivedCents;
    this.#returnedCents += record.refundedCents + record.disputedCents;
    this.#compare(known, record);
  }

  #compare(known: Known, { intent, refundedCents, disputedCents }: PaymentRecord): void {
    const { attempt } = known;
    const isPaid = intent.status === 'succeeded';
    const isGranted = attempt.status === 'succeeded';
    if (attempt.status === 'mismatch') return;
    if (isPaid && !isGranted) {
      this.#say('paid_not_granted', known, intent.intent, `it was paid, here it is ${attempt.status}`);
    }
    if (!isPaid && isGranted) {
      this.#say(
        'granted_not_paid',
        known,
        intent.intent,
        `credits were granted, there it is ${intent.status}`,
      );
    }
    if (!isPaid || !isGranted) return;
    const isSame =
      intent.receivedCents === attempt.amountCents &&
      intent.currency === attempt.currency &&
      intent.customer === attempt.customer;
    if (!isSame) {
      const paid = `${intent.receivedCents} ${intent.currency} of ${intent.customer ?? 'nobody'}`;
      const asked = `${attempt.amountCents} ${attempt.currency} of ${attempt.customer}`;
      this.#say('amount_differs', known, intent.intent, `${paid} came in, asked for were ${asked}`);
    }
    this.#compareReturns(known, refundedCents + disputedCents, intent.intent);
  }

  #compareReturns(known: Known, goneCents: number, intent: string): void {
    const { attempt } = known;
    const there: Returns = { sum: { status: 'succeeded', cents: goneCents } };
    const wanted = returnTarget(attempt, mergeReturns({}, there));
    if (wanted === returnTarget(attempt, attempt.returns)) return;
    const detail = `${goneCents} cents of it are not with us, which the ledger does not know: \`credits payments sync\``;
    this.#say('returns_differ', known, intent, detail);
  }

  /** What carries another installation's name is another ledger's matter. */
  async #isOurs({ ours }: Intent): Promise<boolean> {
    if (ours === null) return false;
    const account = this.#byAccount.get(ours.account) ?? (await this.#find(ours.account));
    if (account === null || readId('pay', ours.attempt)?.tag !== account.tag) return false;
    return (await this.#run.installation(account)) === ours.installation;
  }

  async #find(id: string): Promise<Account | null> {
    try {
      const account = await this.#run.account(id);
      this.#byAccount.set(id, account);
      return account;
    } catch {
      return null;
    }
  }

  view(): AuditView {
    return {
      ok: this.#differences.length === 0,
      provider: this.#provider,
      payments: this.#payments,
      paidCents: this.#paidCents,
      returnedCents: this.#returnedCents,
      differences: this.#differences,
    };
  }
}
