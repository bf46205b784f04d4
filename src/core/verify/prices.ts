/**
 * The price list as it grew: every rate and plan row in the order in which it was added. Rows are dated and may be dated
 * back, so what was in force for a booking is judged by the rows there were then: a row fits when it is in force among
 * the rows up to some moment, and no account ever goes back to a shorter list than it has seen.
 *
 * Source: contract 1 (rate in force), 4 (dated rows; past entries never re-price).
 */
import type { PackageRow, PlanRow, RateRow } from '../catalogue.ts';
import type { Microcredits } from '../credits.ts';
import { type RateColumns, ratesOf } from '../rate-columns.ts';
import type { Instant } from '../types.ts';
import type { SettingFacts } from './stored.ts';

interface Dated {
  /** Place in the order of adding; rises. */
  readonly no: number;
  readonly from: Instant;
}

/** A plan row with its place in the order of adding. */
export interface NumberedPlan extends PlanRow {
  readonly no: number;
}

interface NumberedPackage extends PackageRow {
  readonly no: number;
}

/** Packages as an attempt names them: ids and how many of each. */
export type Parts = readonly { readonly id: string; readonly count: number }[];

/** The row in force at an instant among those with a number up to `upTo`; of one instant the later row counts. */
function inForce<Row extends Dated>(
  rows: readonly Row[] | undefined,
  at: Instant,
  upTo: number,
): Row | undefined {
  let best: Row | undefined;
  for (const row of rows ?? []) {
    if (row.no > upTo || row.from > at) continue;
    if (best === undefined || row.from > best.from || (row.from === best.from && row.no > best.no))
      best = row;
  }
  return best;
}

function group<Row>(rows: Map<string, Row[]>, key: string, row: Row): void {
  const found = rows.get(key);
  if (found === undefined) rows.set(key, [row]);
  else found.push(row);
}

export class PriceHistory {
  readonly #rates = new Map<number, RateRow>();
  readonly #ratesOf = new Map<string, RateRow[]>();
  readonly #plansOf = new Map<string, NumberedPlan[]>();
  readonly #providers = new Map<string, string>();
  readonly #packagesOf = new Map<string, NumberedPackage[]>();
  #plans = 0;
  #packages = 0;

  /** Takes the next rows, as they were added. */
  add(rows: Iterable<SettingFacts>): void {
    for (const row of rows) {
      if (row.table === 'model') this.#providers.set(String(row.id), String(row.provider));
      if (row.table === 'rate') this.#addRate(row);
      if (row.table === 'plan') this.#addPlan(row);
      if (row.table === 'package') this.#addPackage(row);
    }
  }

  #addRate(row: SettingFacts): void {
    const rate: RateRow = {
      no: row.no as number,
      model: String(row.model),
      from: row.from as number,
      rates: ratesOf(row as unknown as RateColumns),
    };
    this.#rates.set(rate.no, rate);
    group(this.#ratesOf, rate.model, rate);
  }

  #addPlan(row: SettingFacts): void {
    this.#plans += 1;
    group(this.#plansOf, String(row.id), {
      no: this.#plans,
      id: String(row.id),
      name: String(row.name),
      from: row.from as number,
      monthly: row.monthly as Microcredits,
      priceCents: row.priceCents as number,
    });
  }

  #addPackage(row: SettingFacts): void {
    this.#packages += 1;
    group(this.#packagesOf, String(row.id), {
      no: this.#packages,
      id: String(row.id),
      from: row.from as number,
      credits: row.credits as Microcredits,
      priceCents: row.priceCents as number,
      retired: row.retired === true,
    });
  }

  rate(no: number): RateRow | undefined {
    return this.#rates.get(no);
  }

  providerOf(model: string): string | undefined {
    return this.#providers.get(model);
  }

  /** True when a rate can have been in force at an instant for an account that has seen the list up to a row. */
  rateFits(rate: RateRow, at: Instant, seen: number): boolean {
    return inForce(this.#ratesOf.get(rate.model), at, Math.max(seen, rate.no)) === rate;
  }

  /** True when a plan can have given this much a month at an instant. */
  planFits(plan: string, at: Instant, monthly: number): boolean {
    const rows = this.#plansOf.get(plan);
    return rows?.some((row) => row.monthly === monthly && inForce(rows, at, row.no) === row) ?? false;
  }

  /**
   * True when packages can have been on sale together, with so many credits in all and for so much.
   * @param span at some time of it, both ends included
   */
  packagesFit(
    parts: Parts,
    { from, to }: { readonly from: Instant; readonly to: Instant },
    credits: number,
    priceCents: number,
  ): boolean {
    const rows = parts.flatMap(({ id }) => this.#packagesOf.get(id) ?? []);
    const times = [to, ...rows.map((row) => row.from).filter((time) => time >= from && time <= to)];
    return times.some((time) =>
      rows.some(({ no }) => {
        const sold = parts.map(({ id }) => inForce(this.#packagesOf.get(id), time, no));
        if (!sold.every((row) => row?.retired === false)) return false;
        const sum = (column: 'credits' | 'priceCents'): number =>
          sold.reduce((all, row, index) => all + row![column] * parts[index]!.count, 0);
        return sum('credits') === credits && sum('priceCents') === priceCents;
      }),
    );
  }

  /** Every pair of rows that two plans can have had at one instant and one moment of the list. */
  *planPairs(from: string, to: string, at: Instant): Generator<readonly [NumberedPlan, NumberedPlan]> {
    const [first, second] = [this.#plansOf.get(from), this.#plansOf.get(to)];
    for (const { no } of [...(first ?? []), ...(second ?? [])]) {
      const pair = [inForce(first, at, no), inForce(second, at, no)] as const;
      if (pair[0] !== undefined && pair[1] !== undefined) yield [pair[0], pair[1]];
    }
  }
}
