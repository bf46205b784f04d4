/** The status line: what is left, what the conversation used, how long it lasts. One line, no colours. */
import { MICRO, ZERO } from '../../core/credits.ts';
import type { BalanceView } from '../../ledger/service.ts';
import { group } from './amounts.ts';
import type { Calendar } from './dates.ts';
import { cut, printable } from './width.ts';

/** What stands beside the balance. */
export interface StatuslineFacts {
  /** Credits booked for the conversation; null: it has no calls here. */
  readonly session: bigint | null;
  /** The client's guess of its cost, dollars. */
  readonly dollars: number | null;
  readonly model: {
    readonly name: string;
    /** Calls like the latest that the balance pays for; null: not known. */
    readonly rounds: number | null;
    /** Its provider is paid with the account's own key. */
    readonly byok: boolean;
  } | null;
  readonly calendar: Calendar;
}

/** Longest name of a model that is shown. */
const NAME = 24;

/** At most two decimals, rounded down: never more than there is. */
function short(amount: number | bigint): string {
  const hundredths = BigInt(amount) / BigInt(MICRO / 100);
  if (hundredths === 0n) return BigInt(amount) > 0n ? '<0.01' : '0';
  const fraction = String(hundredths % 100n)
    .padStart(2, '0')
    .replace(/0+$/, '');
  return `${group(String(hundredths / 100n))}${fraction === '' ? '' : `.${fraction}`}`;
}

/** `in 3 days` → `3d`. */
const shortSpan = (distance: string): string => distance.replace(/^in (\d+) (\w)\w*$/, '$1$2');

/** What was granted with the lots that still have something, and with the running cycle: the full tank. */
function fullAmount({ lots, cycle }: BalanceView): bigint {
  let sum = 0n;
  for (const { granted, available, held, source, grantedAt } of lots) {
    const ofCycle = source === 'monthly' && cycle !== null && grantedAt >= cycle.start;
    if (available > ZERO || held > ZERO || ofCycle) sum += BigInt(granted);
  }
  return sum;
}

function balancePart(view: BalanceView): string {
  const full = fullAmount(view);
  const left = short(view.available);
  return full === 0n ? `credits ${left}` : `credits ${left} of ${short(full)}`;
}

function sessionPart({ session, dollars }: StatuslineFacts): string[] {
  if (session !== null) return [`session ${short(session)}`];
  // The client's own figure: no credits of this ledger, so it keeps its currency.
  return dollars === null || dollars === 0 ? [] : [`session ~$${dollars.toFixed(2)}`];
}

function modelPart({ model }: StatuslineFacts): string[] {
  if (model === null) return [];
  const name = cut(printable(model.name), NAME);
  if (model.byok) return [`${name} own key`];
  return [model.rounds === null ? name : `${name} ~${group(String(model.rounds))} rounds`];
}

/** `credits 912 of 1,000 · session 4.2 · haiku ~310 rounds · resets 3d`. */
export function renderStatusline(view: BalanceView, facts: StatuslineFacts): string {
  return [
    balancePart(view),
    ...(view.held > ZERO ? [`${short(view.held)} held`] : []),
    ...(view.debt > ZERO ? [`debt ${short(view.debt)}: blocked`] : []),
    ...(view.closed ? ['closed'] : []),
    ...sessionPart(facts),
    ...modelPart(facts),
    ...(view.cycle === null ? [] : [`resets ${shortSpan(facts.calendar.distance(view.cycle.end))}`]),
  ].join(' · ');
}
