/** Top-ups, cards and purchases as people read them. */
import { ZERO } from '../../core/credits.ts';
import type {
  AttemptView,
  AuditView,
  CardView,
  PurchaseView,
  SavedCard,
  SyncView,
  TopupReason,
  TopupView,
} from '../../ledger/service.ts';
import { count, credits, showCredits, showDollars } from './amounts.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

/** Behind everything that would have been paid. */
export const SIMULATED = 'Payments are simulated (no STRIPE_SECRET_KEY): nobody was charged.';

const brandText = (brand: string): string =>
  ({ visa: 'Visa', mastercard: 'Mastercard', amex: 'American Express', discover: 'Discover', jcb: 'JCB' })[
    brand
  ] ?? brand;

/** `Visa •••• 4242`. */
export const cardText = ({ brand, last4 }: SavedCard): string => `${brandText(brand)} •••• ${last4}`;

const expiryText = ({ expMonth, expYear }: SavedCard): string =>
  `${String(expMonth).padStart(2, '0')}/${expYear}`;

const REASONS: Readonly<Record<TopupReason, string>> = {
  disabled: 'It was switched off.',
  card_refused: 'The bank refused the card for good: `credits card add` with another one turns it on again.',
  declined_three_times:
    'The card was declined three times in a row: change it with `credits card add`, then `credits topup enable`.',
  refunded: 'A purchase was refunded: turn it on again with `credits topup enable`.',
  disputed: 'A purchase is disputed: turn it on again with `credits topup enable`.',
  fraud_warning: 'The bank warned of fraud: turn it on again with `credits topup enable`.',
  mismatch: 'What came in was not what was asked for: see `credits payments audit`.',
  declined: 'The card was declined.',
  provider_config: 'The payment provider refused our request: check the key and the saved card.',
};

/** The policy in one line, and what to know about it now in another. */
export function renderTopup(view: TopupView, style: Style): string {
  const dry = view.receipt?.dryRun === true ? 'Dry run: ' : '';
  if (view.threshold === null || view.amount === null) {
    return 'Auto top-up is not set up.\nFor example: `credits topup set --threshold 100 --amount 500 --monthly-limit 50`.';
  }
  const price = view.priceCents === null ? '(no longer on sale)' : `for ${showDollars(view.priceCents)}`;
  const limit =
    view.monthlyLimitCents === null
      ? 'without a limit'
      : `at most ${showDollars(view.monthlyLimitCents)} a month`;
  const state = view.enabled ? style.paint.good('on') : 'off';
  return [
    `${dry}Auto top-up (${state}): below ${showCredits(view.threshold)} credits buy ${showCredits(view.amount)} ${price}, ${limit}.`,
    ...stateLines(view, style),
    ...(view.receipt?.replayed === true ? ['This key was booked before: nothing changed.'] : []),
  ].join('\n');
}

function stateLines(view: TopupView, { calendar }: Style): string[] {
  const card = view.paymentMethod;
  if (card === null) {
    return [`No card saved: run \`credits card add\`${view.enabled ? '' : ', then `credits topup enable`'}.`];
  }
  const used = `${showDollars(view.usedThisMonthCents)} used this month`;
  const facts = `${cardText(card)} · ${used}.`;
  switch (view.state) {
    case 'off':
      return [
        facts,
        view.priceCents === null
          ? 'Its amount is no sum of packages any more: `credits topup set --amount`.'
          : view.enabled
            ? 'The account is closed: nothing is bought for it any more.'
            : view.reason === null || view.reason === 'disabled'
              ? 'Turn it on with `credits topup enable`.'
              : REASONS[view.reason],
      ];
    case 'no_card':
      return [facts, REASONS.card_refused];
    case 'needs_action':
      return [facts, 'The bank wants the card holder: `credits purchases show` names the pay link.'];
    case 'in_flight':
      return [facts, 'A payment is under way: `credits payments sync` asks how it stands.'];
    case 'cooling_down': {
      const why = view.reason === null ? '' : `${REASONS[view.reason]} `;
      const until = view.coolUntil === null ? '' : calendar.distance(view.coolUntil);
      return [facts, `${why}The next try is ${until}.`];
    }
    case 'limit_reached':
      return [facts, 'The next purchase would pass the monthly limit: it waits for the next month.'];
    case 'due':
      return [facts, `Due: ${credits(view.available)} available.`];
    case 'ready':
      return [facts];
    default:
      return [facts];
  }
}

const STATUS: Readonly<Record<AttemptView['status'], string>> = {
  reserved: 'reserved',
  created: 'created',
  confirming: 'asking the bank',
  processing: 'processing',
  requires_action: 'waits for the card holder',
  unknown: 'unknown: run `credits payments sync`',
  succeeded: 'paid',
  failed: 'declined',
  canceled: 'canceled',
  mismatch: 'wrong amount: run `credits payments audit`',
};

const statusText = ({ status, reason, clawed }: AttemptView | PurchaseView): string => {
  const why = status === 'failed' && reason !== null ? ` (${reason.replaceAll('_', ' ')})` : '';
  return `${STATUS[status]}${why}${clawed > ZERO ? `, ${showCredits(clawed)} taken back` : ''}`;
};

/** What was made, in lines for stderr or stdout. */
export function attemptLine(view: AttemptView): string {
  const what = `${credits(view.credits)} for ${showDollars(view.amountCents)}`;
  if (view.status === 'succeeded') return `Auto top-up: bought ${what} (${view.attempt}).`;
  return `Auto top-up: ${what}: ${statusText(view)} (${view.attempt}).`;
}

/** Attempts or purchases, oldest first. */
export function renderAttempts(
  views: readonly (AttemptView | PurchaseView)[],
  { calendar, columns }: Style,
): string {
  return renderTable(
    [
      { title: 'Id' },
      { title: 'At' },
      { title: 'Credits', align: 'right' },
      { title: 'Price', align: 'right' },
      { title: 'How' },
      { title: 'Status', flexible: true },
    ],
    views.map((view) => [
      'attempt' in view ? view.attempt : view.purchase,
      calendar.time(view.at),
      showCredits(view.credits),
      showDollars(view.amountCents),
      view.kind === 'auto' ? 'top-up' : 'bought',
      statusText(view),
    ]),
    { columns },
  );
}

export function renderPurchase(view: PurchaseView): string {
  const what = `${credits(view.credits)} for ${showDollars(view.amountCents)}`;
  const lines: string[] = [];
  if (view.dryRun && !view.replayed) return `Dry run: would buy ${what}.\nNothing was charged.`;
  if (view.status === 'succeeded') lines.push(`Bought ${what}, never expires.`);
  else if (view.status === 'requires_action') lines.push(`Waiting for ${what} to be paid.`);
  else lines.push(`${what}: ${statusText(view)}.`);
  if (view.payUrl !== null) lines.push(`Pay at ${view.payUrl}`);
  if (view.clawed > ZERO) lines.push(`${credits(view.clawed)} were taken back after a refund or dispute.`);
  const parts = [
    ...(view.available === null ? [] : [`Available ${showCredits(view.available)}`]),
    `purchase ${view.purchase}`,
    ...(view.receipt === null ? [] : [`receipt ${view.receipt}`]),
  ];
  lines.push(parts.join(' · '));
  if (view.replayed) lines.push('This key was used before: it is the same purchase.');
  return lines.join('\n');
}

export function renderCard(view: CardView, { calendar }: Style): string {
  const lines: string[] = [];
  if (view.card !== null) {
    lines.push(`${cardText(view.card)}, expires ${expiryText(view.card)}.`);
    if (view.refused) lines.push('The bank refused it for good: save another one with `credits card add`.');
    if (view.consent !== null) lines.push(`Agreed to being charged on ${calendar.day(view.consent.at)}.`);
  } else if (view.status === 'none') lines.push('No card is saved: add one with `credits card add`.');
  if (view.status === 'waiting') {
    lines.push('A page to save a card on is open; `credits card show` looks again.');
    if (view.setupUrl !== null) lines.push(view.setupUrl);
  }
  return lines.join('\n');
}

/** A dry run asks the provider for nothing but its new events: how a payment ended is told by the run itself. */
function renderSyncTrial(view: SyncView, open: readonly AttemptView[]): string {
  const waiting = [
    ...(view.attempts.length > 0 ? [`look up ${count(view.attempts.length, 'open payment')}`] : []),
    ...(view.events.read > 0 ? [`apply ${count(view.events.read, 'new event')}`] : []),
  ];
  return [
    waiting.length === 0
      ? 'Dry run: no payment is open and no event is new: nothing to book.'
      : `Dry run: would ${waiting.join(' and ')}; what that books is only known then.`,
    ...open.map((attempt) => `${attempt.attempt} of ${attempt.account}: ${statusText(attempt)}`),
    ...view.failed.map(({ what, error }) => `${what}: ${error.message}`),
  ].join('\n');
}

/** A sync's answer. */
export function renderSync(view: SyncView): string {
  const open = view.attempts.filter(({ status }) => status !== 'succeeded');
  const moved = [
    ...(view.granted > ZERO ? [`${credits(view.granted)} granted`] : []),
    ...(view.clawed > ZERO ? [`${credits(view.clawed)} taken back`] : []),
    ...(view.reinstated > ZERO ? [`${credits(view.reinstated)} given back`] : []),
  ];
  if (view.dryRun) return renderSyncTrial(view, open);
  const looked = `${count(view.attempts.length, 'payment')} looked up, ${count(view.events.applied, 'event')} applied`;
  return [
    `${looked}: ${moved.length === 0 ? 'nothing to book' : moved.join(', ')}.`,
    ...open.map((attempt) => `${attempt.attempt} of ${attempt.account}: ${statusText(attempt)}`),
    ...view.failed.map(({ what, error }) => `${what}: ${error.message}`),
  ].join('\n');
}

export function renderAudit(view: AuditView): string {
  const sums = `${count(view.payments, 'payment')}, ${showDollars(view.paidCents)} in, ${showDollars(view.returnedCents)} gone back`;
  if (view.ok) return `The books agree: ${sums}.`;
  return [
    `The books differ in ${count(view.differences.length, 'place')}: ${sums}.`,
    ...view.differences.map(
      ({ account, attempt, intent, detail }) =>
        `${[attempt ?? intent, account === null ? null : `account ${account}`].filter(Boolean).join(', ')}: ${detail}`,
    ),
  ].join('\n');
}
