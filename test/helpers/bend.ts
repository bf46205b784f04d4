/** Turns what a random history wants into a step that fits what is there: existing lots and holds, shares as amounts. */
import type { Amount, Cost, Deed } from './histories.ts';
import type { NaiveAccount } from './naive-model.ts';
import type { NaiveCall, NaivePrices, NaiveStep } from './naive-steps.ts';

/** Where a deed meets an account. */
export interface Bent {
  readonly model: NaiveAccount;
  readonly prices: NaivePrices;
  readonly now: number;
}

/** At most what a user may name. */
function amountOf(amount: Amount, whole: bigint): bigint {
  if ('credits' in amount) return BigInt(amount.credits);
  const part = (whole * BigInt(Math.round(amount.share * 10_000)) + 9_999n) / 10_000n;
  return part < 1_000_000_000_000_000n ? part : 1_000_000_000_000_000n;
}

function costOf(cost: Cost, { model, now }: Bent): bigint | NaiveCall {
  if ('call' in cost) return cost.call;
  const amount = amountOf(cost, model.see(Math.max(now, model.last)).available);
  return 'share' in cost && amount === 0n ? 1n : amount;
}

/** Mostly one of the likely ones, else any number up to one that does not exist. */
function pick(nth: number, likely: readonly number[], { model }: Bent): number {
  if (likely.length > 0 && nth % 8 !== 0) return likely[nth % likely.length]!;
  const { lots, holds } = model.see(model.last);
  return nth % (Math.max(lots.length, holds.length) + 1);
}

const openHolds = ({ model, now }: Bent): number[] =>
  model.see(now).holds.flatMap((status, index) => (status === 'open' || status === 'lapsed' ? [index] : []));

const lotsLeft = ({ model, now }: Bent): number[] =>
  model.see(now).lots.flatMap((lot, index) => (lot.available + lot.held > 0n ? [index] : []));

export function bend(given: Deed, on: Bent): NaiveStep {
  const { model, now } = on;
  // Without a hold there is nothing to settle: make one.
  const lacks = 'hold' in given && openHolds(on).length === 0 && given.hold % 8 !== 0;
  const deed: Deed = lacks ? { do: 'hold', cost: { share: 0.5 }, ttl: 86_400_000 } : given;
  switch (deed.do) {
    case 'spend': {
      const at = deed.back === null ? null : Math.max(now, model.last) - deed.back;
      return { do: 'spend', cost: costOf(deed.cost, on), at };
    }
    case 'hold':
      return { ...deed, cost: costOf(deed.cost, on) };
    case 'settle': {
      const hold = pick(deed.hold, openHolds(on), on);
      const cost = 'input' in deed.cost ? deed.cost : amountOf(deed.cost, model.held(hold));
      return { do: 'settle', hold, cost };
    }
    case 'release':
      return { do: 'release', hold: pick(deed.hold, openHolds(on), on) };
    case 'grant':
      return grantOf(deed, on);
    case 'revoke':
    case 'end':
      return { do: deed.do, lot: pick(deed.lot, lotsLeft(on), on) };
    default:
      return deed;
  }
}

/** Mostly a grant that its source allows. */
function grantOf(
  { source, amount, priority, life }: Extract<Deed, { do: 'grant' }>,
  { model, prices, now }: Bent,
): NaiveStep {
  const at = Math.max(now, model.last);
  const lasts = life === null || (source !== 'promotional' && priority !== 100);
  const { plan } = model.see(model.last);
  const allocation = prices.plans.filter((row) => row.name === plan && row.from <= at);
  const whole = source === 'welcome' ? 50_000_000n : allocation.at(-1)!.monthly;
  const fits = (source === 'monthly' || source === 'welcome') && amount % 4 !== 0;
  const until = lasts ? null : at + life;
  return { do: 'grant', source, amount: fits ? whole : BigInt(amount), until, priority };
}
