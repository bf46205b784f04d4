/** The words of the naive model: its prices, the steps it takes and what it answers. Amounts are microcredits. */

export interface NaivePlan {
  readonly name: string;
  readonly from: number;
  readonly monthly: bigint;
  readonly price: number;
}

/** Rates are decimal text, credits per 1K tokens; null: no price. */
export interface NaiveRate {
  readonly model: string;
  readonly provider: string;
  readonly from: number;
  readonly rates: readonly [input: string, output: string] | null;
}

export interface NaivePrices {
  readonly plans: readonly NaivePlan[];
  readonly rates: readonly NaiveRate[];
}

export interface NaiveCall {
  readonly model: string;
  readonly provider: string | null;
  readonly input: number;
  readonly output: number;
  readonly noByok: boolean;
}

/** Lots and holds are named by their place in the order in which they were made. */
export type NaiveStep =
  | { readonly do: 'spend'; readonly cost: bigint | NaiveCall; readonly at: number | null }
  | { readonly do: 'hold'; readonly cost: bigint | NaiveCall; readonly ttl: number }
  | {
      readonly do: 'settle';
      readonly hold: number;
      readonly cost: bigint | { input: number; output: number };
    }
  | { readonly do: 'release'; readonly hold: number }
  | {
      readonly do: 'grant';
      readonly source: string;
      readonly amount: bigint;
      readonly until: number | null;
      readonly priority: number;
    }
  | { readonly do: 'revoke' | 'end'; readonly lot: number }
  | { readonly do: 'expire' | 'close' }
  | { readonly do: 'cycle'; readonly part: 'grant' | 'expire' | 'rollover' }
  | { readonly do: 'plan'; readonly plan: string; readonly mode: 'prorate' | 'restart' | 'next-cycle' | null }
  | { readonly do: 'byok'; readonly provider: string; readonly on: boolean };

/** What a step answered. Amounts in microcredits; what does not apply is left out. */
export interface NaiveAnswer {
  refused?: string;
  needed?: bigint;
  available?: bigint;
  credits?: bigint;
  listCredits?: bigint | null;
  released?: bigint;
  overrun?: bigint;
  late?: boolean;
  expired?: bigint;
  lapsed?: number[];
  change?: { plan: string; start: number | null; end: number | null; granted: bigint; missed: number } | null;
}
