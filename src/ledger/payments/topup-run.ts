/**
 * Making the top-ups that are due: for one account or all. An earlier attempt is settled first, never made again; then the
 * policy is judged and at most one purchase is made.
 *
 * Source: contract 6 (`topup run`), 9.
 */
import { isLedgerError, LedgerError } from '../../core/errors.ts';
import { decideAuto } from '../../core/ledger/payments.ts';
import type { TopupState } from '../../core/topup.ts';
import { ACTIVE, type Attempt } from '../../core/wallet.ts';
import { type DueBooked, dueBooked } from '../due-booked.ts';
import { writeClock } from '../local-deps.ts';
import type { AttemptView, TopupRunView } from '../payment-views.ts';
import { attemptView, failureOf } from './attempt-views.ts';
import type { PaymentRun } from './payment-run.ts';
import { settleAttempt } from './settle-attempt.ts';
import { readTopup } from './topup-policy.ts';

/** Accounts in a page. */
const PAGE = 200;

export interface TopupRunOptions {
  readonly dryRun?: boolean;
}

interface One {
  readonly state: TopupState;
  readonly attempt: AttemptView | null;
  readonly error: LedgerError | undefined;
  readonly booked: DueBooked | null;
}

const blank = (dryRun: boolean) => ({
  accounts: 0,
  attempts: [] as AttemptView[],
  failed: [] as { account: string; error: LedgerError }[],
  booked: [] as ({ account: string } & DueBooked)[],
  simulated: false,
  state: null as TopupState | null,
  dryRun,
});

/**
 * @param account null: every account with auto top-up on
 * @throws LedgerError `unknown_account`, `mode_mismatch`, `invalid_argument`
 */
export async function runTopup(
  run: PaymentRun,
  account: string | null,
  { dryRun = false }: TopupRunOptions,
): Promise<TopupRunView> {
  const view = blank(dryRun);
  writeClock(run.deps);
  if (account !== null) {
    await add(run, account, dryRun, view, true);
    return view;
  }
  for await (const id of accountsOf(run)) await add(run, id, dryRun, view, false);
  return view;
}

/** Accounts that may have something due, read in pages: there may be many. */
async function* accountsOf(run: PaymentRun): AsyncGenerator<string> {
  let after = 0;
  for (;;) {
    const page = await run.deps.store.payments.accounts('topup', after, PAGE);
    yield* page.ids;
    if (page.ids.length < PAGE) return;
    after = page.last;
  }
}

async function add(
  run: PaymentRun,
  account: string,
  dryRun: boolean,
  view: ReturnType<typeof blank>,
  isAlone: boolean,
): Promise<void> {
  view.accounts += 1;
  try {
    const one = await runOne(run, account, dryRun);
    if (one.booked !== null) view.booked.push({ account, ...one.booked });
    if (isAlone) view.state = one.state;
    if (one.attempt !== null) {
      view.attempts.push(one.attempt);
      view.simulated ||= one.attempt.provider === 'simulated';
    }
    if (one.error !== undefined) view.failed.push({ account, error: one.error });
  } catch (error) {
    if (isAlone || !isLedgerError(error)) throw error;
    view.failed.push({ account, error });
  }
}

async function runOne(run: PaymentRun, id: string, dryRun: boolean): Promise<One> {
  const before = await readTopup(run.deps, id);
  // Nothing that could ever be due: no provider is opened for it.
  if (before.state === 'off' || before.state === 'no_card')
    return { state: before.state, attempt: null, error: undefined, booked: null };
  if (!dryRun) await settleEarlier(run, id);
  const reserved = await reserve(run, id, dryRun);
  const { booked } = reserved;
  if (reserved.attempt === null) return { state: reserved.state, attempt: null, error: undefined, booked };
  const account = await run.account(id);
  if (dryRun)
    return { state: 'due', attempt: attemptView(account, reserved.attempt), error: undefined, booked };
  const attempt = await settleAttempt(run, id, reserved.attempt.no, 'own');
  const view = attemptView(account, attempt);
  const url = attempt.status === 'requires_action' ? await urlOf(run, attempt) : null;
  return { state: 'due', attempt: view, error: failureOf(view, url), booked };
}

async function settleEarlier(run: PaymentRun, id: string): Promise<void> {
  const account = await run.account(id);
  const { attempts } = await run.deps.store.payments.wallet(account, run.now());
  for (const attempt of attempts.values()) {
    if (ACTIVE.has(attempt.status)) await settleAttempt(run, id, attempt.no, 'found');
  }
}

async function reserve(
  run: PaymentRun,
  id: string,
  dryRun: boolean,
): Promise<{
  readonly state: TopupState;
  readonly attempt: Attempt | null;
  readonly booked: DueBooked | null;
}> {
  // Only when something is due: opening the provider tells whether it may be used at all.
  const { state } = await readTopup(run.deps, id);
  const provider = state === 'due' ? await run.provider() : null;
  const { value, decided } = await run.decide(id, { dryRun }, ({ booking, wallet, context }) => {
    if (provider !== null && wallet.card !== null && wallet.card.provider !== provider.name) {
      throw otherProvider(wallet.card.provider);
    }
    const { state, reserved } = decideAuto(booking, wallet, context, run.author);
    // What became due between the two looks waits for the next one.
    if (reserved !== null && provider === null)
      throw new LedgerError('ledger_busy', 'the account changed meanwhile');
    return { change: reserved?.change, value: { state, attempt: reserved?.attempt ?? null } };
  });
  return { ...value, booked: dueBooked(decided) };
}

/** The refusal to charge a card that another provider keeps. */
export const otherProvider = (provider: string): LedgerError =>
  new LedgerError('no_payment_method', `the saved card is kept by ${provider}, which is not set up now`, {
    hint:
      provider === 'stripe'
        ? 'set STRIPE_SECRET_KEY, or save a card again with `credits card add`'
        : 'save a card again with `credits card add`',
  });

/**
 * The pay link of an attempt, by its own page: a key is forgotten after a day, and would make a second page then. Null where
 * there is no page, it is not open any more, or the provider does not answer now.
 */
export async function urlOf(run: PaymentRun, { session }: Attempt): Promise<string | null> {
  if (session === null) return null;
  try {
    return await (await run.provider()).checkoutUrl(session);
  } catch (error) {
    if (isLedgerError(error)) return null;
    throw error;
  }
}

/** The newest attempts, oldest first. @throws LedgerError `unknown_account` */
export async function readAttempts(
  run: Pick<PaymentRun, 'deps'>,
  id: string,
  limit: number | null,
): Promise<AttemptView[]> {
  const { account } = (await run.deps.store.read(id)).state;
  const attempts = await run.deps.store.payments.attempts(account, 'auto', limit);
  return attempts.map((attempt) => attemptView(account, attempt));
}
