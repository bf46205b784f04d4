/**
 * What was taken of each purchase, told from the receipts and entries of an account alone and by the provider's books.
 * Shares nothing with the ledger's own sums.
 */
import { expect } from 'vitest';
import type { SimulatedIntent } from '../../src/payments/simulated-books.ts';
import type { PayingLedger } from './paying.ts';

/** A purchase, in microcredits. */
export interface TakenOf {
  readonly no: number;
  readonly granted: number;
  /** Share of it whose money went back. */
  readonly target: number;
  /** Taken for money that went back, less what was given back. */
  clawed: number;
  /** Of that, what came from no lot of this purchase and has not been given back; that comes back first. */
  elsewhere: number;
  /** Gone from its lots by hand. */
  byHand: number;
  readonly lots: Set<number>;
  /** Put into its lots in place of what had been taken elsewhere. */
  foreign: number;
  /** What was known of its refunds and disputes at the last receipt. */
  returns: string;
}

/** Cents of a payment that went back, or are about to. */
function goneOf({ refunds, disputes }: SimulatedIntent): number {
  const gone = new Set(['pending', 'succeeded', 'open', 'lost']);
  return [...refunds, ...disputes].reduce(
    (sum, { amountCents, status }) => sum + (gone.has(status) ? amountCents : 0),
    0,
  );
}

/** Purchases of an account, and what it may still spend less what it owes, as its receipts say. */
export async function takenFrom(t: PayingLedger, id: string) {
  const { account } = (await t.store.read(id)).state;
  const receipts = await t.store.receiptsUntil(account, Number.MAX_SAFE_INTEGER);
  const entries = await t.store.entriesUntil(account, Number.MAX_SAFE_INTEGER);
  const books = await t.store.payments.books.list(`pi_sim_pay_${account.tag}_`, 0, 10_000);
  const intents = new Map(
    books.map(({ body }) => JSON.parse(body) as SimulatedIntent).map((one) => [one.intent, one]),
  );
  const purchases = new Map<number, TakenOf>();
  const ofLot = new Map<number, TakenOf>();
  let net = 0;
  for (const { receipt, usage } of receipts) {
    const { kind, seq, credits, detail } = receipt;
    const attempt = detail?.attempt as { no: number; intent: string; returns: object } | undefined;
    const own = entries.filter((entry) => entry.receipt === seq);
    const revoked = own.filter((entry) => entry.kind === 'revoked');
    if (usage !== null) net -= usage.credits;
    if (kind === 'grant' || (kind === 'setting' && own.length > 0)) {
      net += own.reduce((sum, entry) => sum + (entry.kind === 'granted' ? entry.amount : 0), 0);
    }
    if (kind === 'grant' && attempt !== undefined) {
      const paid = intents.get(attempt.intent)!;
      const gone = BigInt(Math.min(goneOf(paid), paid.receivedCents));
      const target = Number((BigInt(credits) * gone) / BigInt(paid.receivedCents));
      const lots = new Set([seq]);
      const sums = { clawed: 0, elsewhere: 0, byHand: 0, foreign: 0 };
      const one = { no: attempt.no, granted: credits, target, ...sums, lots, returns: '' };
      purchases.set(attempt.no, one);
      ofLot.set(seq, one);
    } else if (kind === 'clawback') {
      const one = purchases.get(attempt!.no)!;
      const inOwn = revoked.reduce((sum, { lot, amount }) => sum + (one.lots.has(lot!) ? amount : 0), 0);
      one.clawed += credits;
      one.elsewhere += credits - inOwn;
    } else if (kind === 'reinstate') {
      const one = purchases.get(attempt!.no)!;
      one.clawed -= credits;
      const made = Math.min(one.elsewhere, credits);
      one.elsewhere -= made;
      // What comes back with its money is of this purchase; what makes good for a revoke stands for others' credits.
      if (JSON.stringify(attempt!.returns) !== one.returns) {
        one.lots.add(seq);
        one.foreign += made;
        ofLot.set(seq, one);
      }
    } else {
      for (const { lot, amount } of revoked) {
        const one = ofLot.get(lot!);
        if (one === undefined) net -= amount;
        else one.byHand += amount;
      }
    }
    const named = attempt === undefined ? undefined : purchases.get(attempt.no);
    if (named !== undefined) named.returns = JSON.stringify(attempt!.returns);
  }
  for (const { clawed, byHand } of purchases.values()) net -= clawed + byHand;
  return { purchases: [...purchases.values()], net };
}

/**
 * What holds of every purchase once returns are booked: what went back is taken, never more than its lots ever had; more
 * than what went back only by hand, and never while something is still taken elsewhere.
 */
export async function checkTaken(t: PayingLedger, id: string): Promise<TakenOf[]> {
  const { purchases, net } = await takenFrom(t, id);
  for (const { no, granted, target, clawed, elsewhere, byHand, foreign } of purchases) {
    const taken = clawed + byHand;
    expect(taken, `taken of ${no}`).toBeGreaterThanOrEqual(target);
    expect(taken, `taken of ${no}, of what it granted`).toBeLessThanOrEqual(granted + foreign);
    if (byHand === 0 || elsewhere > 0) expect(taken, `taken of ${no} exactly`).toBe(target);
  }
  const { available, held, debt } = await t.ledger.balance(id);
  expect(available + held - debt, 'what is left of all that was bought').toBe(net);
  return purchases;
}
