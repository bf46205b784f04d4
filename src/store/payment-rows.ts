/** Rows of the money side as arrays in a fixed order of columns, and the model's objects. */
import type { Attempt, Card, TopupPolicy } from '../core/wallet.ts';
import type { Row, Value } from './rows.ts';

/** Columns of each table, in the order of the arrays below; each behind `account`. */
export const PAYMENT_COLUMNS = {
  topup: 'enabled, threshold, amount, limit_cents, strikes, cool_until, reason',
  card: 'provider, customer, payment_method, brand, last4, exp_month, exp_year, refused, consent, consent_at, setup, subscription',
  attempt:
    'no, kind, status, credits, amount_cents, currency, mix, reserved_at, provider, customer, payment_method, intent, session, reason, lot, clawed, clawed_from, returns, changed_by',
} as const;

/** A flag that is neither 0 nor 1 stays what it is, for who looks for changes by hand. */
const flag = (value: unknown): boolean => (value === 0 || value === 1 ? value === 1 : (value as boolean));

export function policyOf(row: Row): TopupPolicy {
  const r = row as never[];
  return {
    enabled: flag(r[0]),
    threshold: r[1]!,
    amount: r[2]!,
    limitCents: r[3]!,
    strikes: r[4]!,
    coolUntil: r[5]!,
    reason: r[6]!,
  };
}

export const policyRow = (policy: TopupPolicy): Value[] => [
  policy.enabled ? 1 : 0,
  policy.threshold,
  policy.amount,
  policy.limitCents,
  policy.strikes,
  policy.coolUntil,
  policy.reason,
];

export function cardOf(row: Row): Card {
  const r = row as never[];
  return {
    provider: r[0]!,
    customer: r[1]!,
    paymentMethod: r[2]!,
    brand: r[3]!,
    last4: r[4]!,
    expMonth: r[5]!,
    expYear: r[6]!,
    refused: flag(r[7]),
    consent: r[8]!,
    consentAt: r[9]!,
    setup: r[10]!,
    subscription: row[11] === null ? null : jsonOf(row[11] as string),
  };
}

export const cardRow = (card: Card): Value[] => [
  card.provider,
  card.customer,
  card.paymentMethod,
  card.brand,
  card.last4,
  card.expMonth,
  card.expYear,
  card.refused ? 1 : 0,
  card.consent,
  card.consentAt,
  card.setup,
  card.subscription === null ? null : JSON.stringify(card.subscription),
];

/** What was changed by hand stays what it is, to the letter, for who looks for it. */
function jsonOf<T>(text: string): T {
  try {
    const value = JSON.parse(text) as T;
    return JSON.stringify(value) === text ? value : (text as never);
  } catch {
    return text as never;
  }
}

type Taken = Pick<Attempt, 'clawedFrom' | 'elsewhere' | 'lots'>;

/** From where it was taken back: by lot alone as it was first kept, or with what is known beside it since. */
function takenOf(text: string): Taken {
  const value = jsonOf<object>(text);
  if (typeof value !== 'object' || value === null || !('from' in value))
    return { clawedFrom: value as never };
  const { from, elsewhere, lots } = value as { from: never; elsewhere?: never; lots?: never };
  return {
    clawedFrom: from,
    ...(elsewhere === undefined ? {} : { elsewhere }),
    ...(lots === undefined ? {} : { lots }),
  };
}

const takenText = ({ clawedFrom: from, elsewhere, lots }: Taken): string =>
  JSON.stringify(elsewhere === undefined && lots === undefined ? from : { from, elsewhere, lots });

export function attemptOf(row: Row): Attempt {
  const r = row as never[];
  return {
    no: r[0]!,
    kind: r[1]!,
    status: r[2]!,
    credits: r[3]!,
    amountCents: r[4]!,
    currency: r[5]!,
    mix: r[6]!,
    reservedAt: r[7]!,
    provider: r[8]!,
    customer: r[9]!,
    paymentMethod: r[10]!,
    intent: r[11]!,
    session: r[12]!,
    reason: r[13]!,
    lot: r[14]!,
    clawed: r[15]!,
    ...takenOf(r[16]!),
    returns: jsonOf(r[17]!),
    changedBy: r[18]!,
  };
}

export const attemptRow = (attempt: Attempt): Value[] => [
  attempt.no,
  attempt.kind,
  attempt.status,
  attempt.credits,
  attempt.amountCents,
  attempt.currency,
  attempt.mix,
  attempt.reservedAt,
  attempt.provider,
  attempt.customer,
  attempt.paymentMethod,
  attempt.intent,
  attempt.session,
  attempt.reason,
  attempt.lot,
  attempt.clawed,
  takenText(attempt),
  JSON.stringify(attempt.returns),
  attempt.changedBy,
];
