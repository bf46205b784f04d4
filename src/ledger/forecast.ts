/** How fast credits go and how long they last. Reads only. Source: contract 6 (`forecast`). */
import { micro, ZERO } from '../core/credits.ts';
import { dayStart, localDay } from '../core/cycles.ts';
import { forecast } from '../core/forecast.ts';
import { lotId } from '../core/ids.ts';
import type { Zone } from '../core/local-spans.ts';
import { planInForce } from '../core/plans.ts';
import { DAY_MS, formatInstant, parseInstant } from '../core/time.ts';
import type { Account, Instant } from '../core/types.ts';
import type { TimeSpan } from '../core/usage.ts';
import { stateAt } from './as-of.ts';
import { contextOf, type LocalDeps } from './local-deps.ts';
import type { ForecastView } from './usage-view.ts';

/**
 * @param days whole local days before today that the rate is taken from, 1 or more
 * @throws LedgerError `unknown_account`
 */
export async function readForecast(deps: LocalDeps, id: string, days: number): Promise<ForecastView> {
  const { state, at } = await stateAt(deps, id, null);
  const { account } = state;
  const window = await burnWindow(deps, account, at, days);
  const count = BigInt(window.days);
  const perDay = micro(Number((window.credits + count - 1n) / count));
  const context = contextOf(deps, await deps.store.catalogue());
  const { runsOutAt, cycleDue, unspent } = forecast(state, at, perDay, context);
  return {
    account: account.id,
    plan: planInForce(account, at),
    zone: account.zone,
    at,
    available: account.available,
    debt: account.debt,
    closed: account.closedAt !== null,
    window,
    perDay,
    runsOutAt,
    cycleDue,
    expiringUnspent: unspent
      .filter(({ amount }) => amount > ZERO)
      .map(({ lot, source, amount, at }) => ({
        lot: lot === null ? null : lotId(account, lot),
        source,
        credits: amount,
        at,
      })),
  };
}

/**
 * The days to take the rate from: the last whole ones, none before the day on which the account was opened, or on which its
 * first call took place where that was earlier. A day that is not over would make the rate too low, so today counts only
 * where no earlier day says anything.
 */
async function burnWindow(
  deps: LocalDeps,
  account: Account,
  at: Instant,
  asked: number,
): Promise<ForecastView['window']> {
  const zone: Zone = { name: account.zone, rules: deps.zones };
  const today = localDay(at, zone.name, zone.rules);
  const opened = localDay(account.createdAt, zone.name, zone.rules);
  const used = (await deps.store.usageStart(account)) ?? account.createdAt;
  const begun = localDay(Math.min(used, account.createdAt), zone.name, zone.rules);
  const first = [begun, dayBefore(today, asked)].sort().at(-1)!;
  const beforeOpening = first < opened;
  const start = (day: string): Instant => dayStart(day, zone.name, zone.rules);
  const past = { since: start(first), until: start(today) };
  const days = daysBetween(first, today);
  const spent = await creditsIn(deps, account, past);
  if (spent > 0n) return { days, asked, ...past, beforeOpening, today: false, credits: spent };
  const present = { since: start(today), until: at + 1 };
  const now = await creditsIn(deps, account, present);
  if (days > 0 && now === 0n) return { days, asked, ...past, beforeOpening, today: false, credits: 0n };
  return {
    days: days + 1,
    asked,
    since: Math.min(past.since, present.since),
    until: present.until,
    beforeOpening,
    today: true,
    credits: now,
  };
}

async function creditsIn(deps: LocalDeps, account: Account, span: TimeSpan): Promise<bigint> {
  if (span.since >= span.until) return 0n;
  const [cells] = await deps.store.usage(account, 'total', [span]);
  return cells![0]?.credits ?? 0n;
}

/** The calendar day some days before another; not before the first day there is. */
const dayBefore = (day: string, days: number): string =>
  formatInstant(Math.max(0, parseInstant(day) - days * DAY_MS)).slice(0, 10);

const daysBetween = (from: string, to: string): number =>
  Math.max(0, Math.round((parseInstant(to) - parseInstant(from)) / DAY_MS));
