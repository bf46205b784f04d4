/**
 * Purchases that a person asks for: on the saved card at once, or with a pay link. A key is bound when the purchase is
 * reserved; the same key again goes on with the same purchase and never makes another.
 *
 * Source: contract 5.7, 6 (`buy`, `purchases`), 9.
 */
import { LedgerError } from '../../core/errors.ts';
import { readId, unknownPurchase } from '../../core/ids.ts';
import { decidePurchase, type Payer } from '../../core/ledger/payments.ts';
import { requireCard } from '../../core/ledger/topup.ts';
import type { Purchase } from '../../core/topup.ts';
import { ACTIVE, type Attempt, isUnheard, type Wallet } from '../../core/wallet.ts';
import { writeClock } from '../local-deps.ts';
import { keyReused } from '../local-keys.ts';
import type { BuyInput, PurchaseView } from '../payment-views.ts';
import type { WriteOptions } from '../service.ts';
import type { Replay } from '../store.ts';
import { purchaseView } from './attempt-views.ts';
import { customerOf } from './cards.ts';
import type { PaymentRun } from './payment-run.ts';
import { settleAttempt } from './settle-attempt.ts';
import { otherProvider, urlOf } from './topup-run.ts';

/** A package as a purchase, at its price now. @throws LedgerError `unknown_package`, `max_charge_exceeded` */
async function quote(run: PaymentRun, input: BuyInput): Promise<Purchase> {
  const packages = (await run.deps.store.catalogue()).packagesAt(run.now());
  const id = input.package.toLowerCase();
  const row = packages.find((each) => each.id === id);
  if (row === undefined) {
    throw new LedgerError('unknown_package', `no package is called ${JSON.stringify(input.package)}`, {
      hint:
        packages.length === 0
          ? 'no package is on sale'
          : `packages on sale: ${packages.map((each) => each.id).join(', ')}`,
      details: { package: input.package },
    });
  }
  const { credits, priceCents } = row;
  if (input.maxChargeCents !== null && priceCents > input.maxChargeCents) {
    throw new LedgerError('max_charge_exceeded', `package ${row.id} costs more than --max-charge allows`, {
      details: { priceCents, maxChargeCents: input.maxChargeCents },
    });
  }
  return { credits, priceCents, parts: [{ id: row.id, count: 1 }] };
}

/** Number of the attempt that a key was bound to. */
function attemptOfReplay(replay: Replay, request: string | null, key: string): number {
  const { receipt } = replay.booked;
  const attempt = receipt.detail?.attempt as { no?: number } | undefined;
  if (receipt.request !== request || attempt?.no === undefined) throw keyReused(key);
  return attempt.no;
}

type Bought = { readonly no: number; readonly attempt: Attempt | null };

interface Reserved {
  readonly no: number;
  readonly attempt: Attempt;
  readonly replayed: boolean;
}

/**
 * Buys a package.
 * @returns the purchase as far as it is: `succeeded`, `processing`, or for a pay link `requires_action` with its address;
 *   also `failed` and `unknown` are answers here, and the caller's to refuse
 * @throws LedgerError `unknown_account`, `account_closed`, `unknown_package`, `max_charge_exceeded`, `no_payment_method`,
 *   `payment_unknown` (an earlier outcome is not known), `mode_mismatch`, `key_reused`: nothing was charged then
 */
export async function buy(
  run: PaymentRun,
  id: string,
  input: BuyInput,
  { key = null, dryRun = false }: WriteOptions,
): Promise<PurchaseView> {
  const asked = ['buy', input.package.toLowerCase(), input.maxChargeCents, input.checkout];
  const request = key === null ? null : run.deps.sha256(JSON.stringify(asked));
  const known = key === null ? undefined : await replayed(run, id, key, request);
  // A dry run goes on with nothing, also not with what an earlier process left.
  if (known !== undefined && dryRun) {
    return purchaseView(await run.account(id), known.attempt, { replayed: true, dryRun });
  }
  if (known !== undefined) return goOn(run, id, known);
  writeClock(run.deps);
  const purchase = await quote(run, input);
  const provider = await run.provider();
  if (!dryRun) await settleUnknown(run, id);
  const payer = await payerOf(run, id, input.checkout, dryRun);
  const { value, decided, state } = await run.decide<Bought>(
    id,
    { key, dryRun },
    ({ booking, wallet, replay }) => {
      if (replay !== null) {
        const no = attemptOfReplay(replay, request, key!);
        return { change: undefined, value: { no, attempt: null } };
      }
      if (payer.paymentMethod !== null && requireCard(wallet).paymentMethod !== payer.paymentMethod) {
        throw new LedgerError(
          'no_payment_method',
          'the saved card was changed meanwhile; nothing was charged',
        );
      }
      // A dry run asks nobody how an earlier payment stands: it tells what is bought once that is known.
      const { attempt, change } = decidePurchase(
        booking,
        dryRun ? heardOf(wallet) : wallet,
        purchase,
        payer,
        { key, request },
        run.author,
      );
      return { change, value: { no: attempt.no, attempt } };
    },
  );
  if (dryRun && value.attempt !== null) return purchaseView(state.account, value.attempt, { dryRun });
  if (payer.provider !== provider.name) throw otherProvider(payer.provider);
  const attempt = value.attempt ?? (await run.attempt(id, value.no));
  return goOn(run, id, { no: value.no, attempt, replayed: 'replay' in decided });
}

async function replayed(
  run: PaymentRun,
  id: string,
  key: string,
  request: string | null,
): Promise<Reserved | undefined> {
  const { value } = await run.decide<number | null>(id, { key, dryRun: true }, ({ replay }) => ({
    change: undefined,
    value: replay === null ? null : attemptOfReplay(replay, request, key),
  }));
  if (value === null) return undefined;
  return { no: value, attempt: await run.attempt(id, value), replayed: true };
}

async function goOn(run: PaymentRun, id: string, reserved: Reserved): Promise<PurchaseView> {
  const attempt = await settleAttempt(run, id, reserved.no, 'own');
  const payUrl = attempt.status === 'requires_action' ? await urlOf(run, attempt) : null;
  const { state } = await run.deps.store.read(id);
  return purchaseView(state.account, attempt, { payUrl, state, replayed: reserved.replayed });
}

/** The wallet without attempts whose outcome nobody has heard. */
const heardOf = (wallet: Wallet): Wallet => ({
  ...wallet,
  attempts: new Map([...wallet.attempts].filter(([, attempt]) => !isUnheard(attempt))),
});

/** An outcome that is not known blocks purchases: perhaps the provider knows it by now. */
async function settleUnknown(run: PaymentRun, id: string): Promise<void> {
  const { attempts } = await run.deps.store.payments.wallet(await run.account(id), run.now());
  for (const attempt of attempts.values()) {
    if (isUnheard(attempt)) await settleAttempt(run, id, attempt.no, 'found');
  }
}

async function payerOf(run: PaymentRun, id: string, checkout: boolean, dryRun: boolean): Promise<Payer> {
  const account = await run.account(id);
  const wallet = await run.deps.store.payments.wallet(account, run.now());
  const provider = await run.provider();
  if (!checkout) {
    const card = requireCard(wallet);
    if (card.provider !== provider.name) throw otherProvider(card.provider);
    return { provider: card.provider, customer: card.customer, paymentMethod: card.paymentMethod };
  }
  // A dry run calls nobody.
  if (dryRun) return { provider: provider.name, customer: 'none', paymentMethod: null };
  const { customer } = await customerOf(run, provider, id, wallet.card);
  return { provider: provider.name, customer, paymentMethod: null };
}

/** Purchases and top-ups of an account, oldest first. @throws LedgerError `unknown_account` */
export async function readPurchases(
  run: Pick<PaymentRun, 'deps'>,
  id: string,
  limit: number | null,
): Promise<PurchaseView[]> {
  const { account } = (await run.deps.store.read(id)).state;
  const attempts = await run.deps.store.payments.attempts(account, null, limit);
  return attempts.map((attempt) => purchaseView(account, attempt));
}

/** One purchase, with its pay link while it waits for the holder. @throws LedgerError `unknown_account`, `unknown_purchase` */
export async function readPurchase(run: PaymentRun, id: string, text: string): Promise<PurchaseView> {
  const { account } = (await run.deps.store.read(id)).state;
  const named = readId('pay', text);
  const attempt =
    named === undefined || named.tag !== account.tag
      ? null
      : await run.deps.store.payments.attempt(account, named.no);
  if (attempt === null) throw unknownPurchase(text, id);
  const isWaiting = attempt.status === 'requires_action' && ACTIVE.has(attempt.status);
  return purchaseView(account, attempt, { payUrl: isWaiting ? await urlOf(run, attempt) : null });
}
