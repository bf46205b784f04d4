/**
 * The saved card of an account: on a page of the provider's, or in test mode by the name of a test method. What is stored is
 * what a person recognises it by, and which text they agreed to.
 *
 * Source: contract 6 (`card`), 9.
 */
import { CONSENT } from '../../core/consent.ts';
import { invalid, LedgerError } from '../../core/errors.ts';
import { CURRENCY } from '../../core/ledger/payments.ts';
import { decideCard } from '../../core/ledger/topup.ts';
import type { Card, Wallet } from '../../core/wallet.ts';
import { answerOf, writeClock } from '../local-deps.ts';
import { requireSameRequest } from '../local-keys.ts';
import type { CardView } from '../payment-views.ts';
import type { ReceiptView, WriteOptions } from '../service.ts';
import type { PaymentRun } from './payment-run.ts';
import type { CardFacts, PaymentProvider } from './provider.ts';
import { savedCard } from './topup-policy.ts';

interface ViewFacts {
  readonly receipt?: ReceiptView | null;
  readonly setupUrl?: string | null;
  readonly resumed?: boolean;
}

function cardView(account: string, card: Card | null, facts: ViewFacts = {}): CardView {
  const saved = savedCard(card);
  return {
    account,
    status: card?.setup != null ? 'waiting' : saved === null ? 'none' : 'saved',
    card: saved,
    provider: card?.provider ?? null,
    refused: card?.refused === true,
    consent: card?.consent == null ? null : { version: card.consent, at: card.consentAt! },
    setupUrl: facts.setupUrl ?? null,
    resumed: facts.resumed === true,
    simulated: card?.provider === 'simulated',
    receipt: facts.receipt ?? null,
  };
}

/** @throws LedgerError `unknown_account` */
export async function readCard(run: Pick<PaymentRun, 'deps'>, id: string): Promise<CardView> {
  const { account } = (await run.deps.store.read(id)).state;
  return cardView(id, (await run.deps.store.payments.wallet(account, run.deps.now())).card);
}

async function walletOf(run: PaymentRun, id: string): Promise<Wallet> {
  const account = await run.account(id);
  if (account.closedAt !== null) {
    throw new LedgerError('account_closed', `account ${id} is closed`, { details: { account: id } });
  }
  return run.deps.store.payments.wallet(account, run.now());
}

/** Who pays for an account at a provider, and the row that says so; the row is not stored before something else is. */
interface Payer {
  readonly customer: string;
  readonly installation: string;
  readonly card: Card;
}

/**
 * The provider's customer of an account, made with the first card. One that was deleted there is replaced, here too: no card
 * could ever be saved with it again.
 * @throws LedgerError `payment_unknown`, `payment_declined`
 */
export async function customerOf(
  run: PaymentRun,
  provider: PaymentProvider,
  id: string,
  card: Card | null,
): Promise<Payer> {
  const installation = await run.installation(await run.account(id));
  const known = card !== null && card.provider === provider.name ? card : null;
  if (known !== null && (await provider.hasCustomer(known.customer))) {
    return { customer: known.customer, installation, card: known };
  }
  // A key of its own: the first one's would name the customer that is gone.
  const key = `cust:${installation}:${id}${known === null ? '' : `:${known.customer}`}`;
  const customer = await provider.ensureCustomer({ account: id, installation, key });
  const blank = blankCard(provider, customer);
  if (known === null) return { customer, installation, card: blank };
  const moved: Card = { ...blank, subscription: known.subscription };
  const next = (_at: number, { card: now }: Wallet): Card | null =>
    now === null || now.customer === known.customer ? moved : null;
  await store(run, id, next, { key: null, request: null }, false);
  return { customer, installation, card: moved };
}

const blankCard = (provider: PaymentProvider, customer: string): Card =>
  withoutCard({ provider: provider.name, customer, subscription: null });

const withCard = (
  card: Card,
  { paymentMethod, brand, last4, expMonth, expYear }: CardFacts,
  at: number,
): Card => ({
  provider: card.provider,
  customer: card.customer,
  paymentMethod,
  brand,
  last4,
  expMonth,
  expYear,
  refused: false,
  consent: CONSENT.version,
  consentAt: at,
  setup: null,
  subscription: card.subscription,
});

async function store(
  run: PaymentRun,
  id: string,
  cardAt: (at: number, wallet: Wallet) => Card | null,
  key: { readonly key: string | null; readonly request: string | null },
  dryRun: boolean,
  facts: ViewFacts = {},
): Promise<CardView> {
  const { value, wallet, decided, state } = await run.decide(
    id,
    { key: key.key, dryRun },
    ({ booking, wallet, replay }) => {
      if (replay !== null) {
        requireSameRequest(replay, key.request, key.key);
        return { change: undefined, value: false };
      }
      const card = cardAt(booking.at, wallet);
      if (card === null) return { change: undefined, value: false };
      const change = decideCard(booking, wallet, card, key, run.author);
      const resumed = wallet.policy?.enabled === false && change.policy?.enabled === true;
      return { change, value: resumed };
    },
  );
  const isBooked = 'replay' in decided || decided.booked.length > 0;
  const receipt = isBooked ? answerOf(decided, dryRun, state.account) : null;
  return cardView(id, wallet.card, { ...facts, receipt, resumed: value });
}

/**
 * Saves a card: a test method by its name, or whatever the holder enters on a page that is opened.
 * @param method null: open a page; the answer is `waiting` with its address
 * @throws LedgerError `unknown_account`, `account_closed`, `invalid_argument` (no such method; none where payments are
 *   simulated), `mode_mismatch`, `payment_declined`, `payment_unknown`, `key_reused`
 */
export async function addCard(
  run: PaymentRun,
  id: string,
  method: string | null,
  { key = null, dryRun = false }: WriteOptions,
): Promise<CardView> {
  writeClock(run.deps);
  const request = key === null ? null : run.deps.sha256(JSON.stringify(['card', method]));
  const bound = { key, request };
  const replayed = await replayedCard(run, id, bound);
  if (replayed !== undefined) return replayed;
  const { card } = await walletOf(run, id);
  const provider = await run.provider();
  if (method === null && provider.name === 'simulated') {
    throw invalid(
      'payments are simulated: there is no page to enter a card on',
      'name a test method: `credits card add pm_card_visa`',
    );
  }
  if (method !== null && provider.mode === 'live') {
    throw new LedgerError('mode_mismatch', 'a test method cannot be saved in a live ledger', {
      hint: 'leave it out: `credits card add` opens a page',
    });
  }
  if (method !== null && !/^pm_[A-Za-z0-9_]{1,80}$/.test(method)) {
    // Not repeated: it may be a card number after all.
    throw invalid(
      'that is no test method; a card number is never typed here',
      'for example pm_card_visa, in a test ledger',
    );
  }
  if (dryRun) return cardView(id, card);
  const { customer, installation, card: base } = await customerOf(run, provider, id, card);
  const reference = `card_${run.reference()}`;
  if (method === null) {
    const page = await provider.startCardSetup({
      account: id,
      installation,
      customer,
      reference,
      currency: CURRENCY,
      key: `setup:${reference}`,
    });
    return store(
      run,
      id,
      (_, now) => ({ ...sameProvider(now.card, base), setup: page.session }),
      bound,
      false,
      {
        setupUrl: page.url,
      },
    );
  }
  const facts = await provider.attachTestMethod({ customer, method, key: `setup:${reference}` });
  return store(run, id, (at, now) => withCard(sameProvider(now.card, base), facts, at), bound, false);
}

/** What is stored of the same provider's customer stays: its subscription among it. */
const sameProvider = (now: Card | null, base: Card): Card =>
  now !== null && now.provider === base.provider ? now : base;

/** A key that was used before: its answer is the card as it is now. */
async function replayedCard(
  run: PaymentRun,
  id: string,
  { key, request }: { readonly key: string | null; readonly request: string | null },
): Promise<CardView | undefined> {
  if (key === null) return undefined;
  const { decided, wallet, state } = await run.decide(id, { key, dryRun: true }, ({ replay }) => {
    if (replay !== null) requireSameRequest(replay, request, key);
    return { change: undefined, value: null };
  });
  if (!('replay' in decided)) return undefined;
  return cardView(id, wallet.card, { receipt: answerOf(decided, false, state.account) });
}

/**
 * Looks whether the page that a card is entered on has been completed, and stores the card.
 * @returns the card as it is then; `waiting` while the page is open
 */
export async function finishCard(run: PaymentRun, id: string): Promise<CardView> {
  const { card } = await run.deps.store.payments.wallet(await run.account(id), run.now());
  const provider = await run.provider();
  if (card?.setup == null || card.provider !== provider.name) return cardView(id, card);
  const page = await provider.retrieveCheckout(card.setup);
  if (page.status === 'open' || page.status === 'unknown') return cardView(id, card, { setupUrl: page.url });
  const noKey = { key: null, request: null };
  const facts = page.card;
  const isOver = page.status === 'expired' || facts === null || page.customer !== card.customer;
  // Only while this page is the one that is waited for: another may have been opened meanwhile.
  const next = (at: number, { card: now }: Wallet): Card | null => {
    const base = now ?? card;
    if (base.setup !== card.setup) return null;
    return isOver ? { ...base, setup: null } : withCard(base, facts, at);
  };
  if (!isOver) await provider.useCard({ customer: card.customer, paymentMethod: facts.paymentMethod });
  return store(run, id, next, noKey, false);
}

/**
 * Forgets the card, at the provider first.
 * @throws LedgerError `unknown_account`, `no_payment_method`, `payment_unknown`, `key_reused`
 */
export async function removeCard(
  run: PaymentRun,
  id: string,
  { key = null, dryRun = false }: WriteOptions,
): Promise<CardView> {
  writeClock(run.deps);
  const request = key === null ? null : run.deps.sha256(JSON.stringify(['card remove']));
  const replayed = await replayedCard(run, id, { key, request });
  if (replayed !== undefined) return replayed;
  const { card } = await run.deps.store.payments.wallet(await run.account(id), run.now());
  if (card === null || (card.paymentMethod === null && card.setup === null)) {
    // The same request may have removed it between the two looks.
    const since = await replayedCard(run, id, { key, request });
    if (since !== undefined) return since;
    throw new LedgerError('no_payment_method', 'no card is saved');
  }
  const provider = await run.provider();
  if (!dryRun && card.paymentMethod !== null && card.provider === provider.name) {
    await provider.removeCard(card.paymentMethod);
  }
  // A card that was saved meanwhile stays.
  const next = (_at: number, { card: now }: Wallet): Card =>
    now === null || now.paymentMethod === card.paymentMethod ? withoutCard(now ?? card) : now;
  return store(run, id, next, { key, request }, dryRun);
}

/** The customer stays, so that a later card is the same customer's. */
const withoutCard = ({
  provider,
  customer,
  subscription,
}: Pick<Card, 'provider' | 'customer' | 'subscription'>): Card => ({
  provider,
  customer,
  paymentMethod: null,
  brand: null,
  last4: null,
  expMonth: null,
  expYear: null,
  refused: false,
  consent: null,
  consentAt: null,
  setup: null,
  subscription,
});

/** The card as the provider knows it now: renewed, or gone. For events. @returns what became of it */
export async function refreshCard(run: PaymentRun, id: string): Promise<'refreshed' | 'dropped' | 'nothing'> {
  const { card } = await run.deps.store.payments.wallet(await run.account(id), run.now());
  const provider = await run.provider();
  if (card?.paymentMethod == null || card.provider !== provider.name) return 'nothing';
  const { customer, paymentMethod } = card;
  const facts = await provider.describeCard({ customer, paymentMethod });
  const noKey = { key: null, request: null };
  // Only of the card that was asked about: another may have been saved meanwhile.
  const changed =
    (change: (now: Card) => Card) =>
    (_at: number, { card: now }: Wallet): Card | null =>
      now?.paymentMethod === paymentMethod ? change(now) : null;
  if (facts === null) {
    const { receipt } = await store(run, id, changed(withoutCard), noKey, false);
    return receipt === null ? 'nothing' : 'dropped';
  }
  const isSame =
    facts.brand === card.brand &&
    facts.last4 === card.last4 &&
    facts.expMonth === card.expMonth &&
    facts.expYear === card.expYear;
  if (isSame) return 'nothing';
  const { brand, last4, expMonth, expYear } = facts;
  const renewed = changed((now) => ({ ...now, brand, last4, expMonth, expYear, refused: false }));
  const { receipt } = await store(run, id, renewed, noKey, false);
  return receipt === null ? 'nothing' : 'refreshed';
}
