/**
 * The price list as one value: models with their names, dated rate rows, plans and packages. Pure look-ups; where the
 * rows come from (the built-in defaults, or a ledger's own tables) is not its business.
 *
 * Source: contract 4 (names match exactly, by alias, or with a date behind; dated rows change all of it).
 */
import type { Microcredits } from './credits.ts';
import { LedgerError } from './errors.ts';
import type { Rates } from './rates.ts';
import { daysInMonth } from './time.ts';
import type { Instant } from './types.ts';

export interface ModelRow {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly aliases: readonly string[];
  /** Tokens, or null when unknown. */
  readonly contextWindow: number | null;
  readonly maxOutput: number | null;
}

/** A model's rates from an instant on; `rates` null: listed without a price. */
export interface RateRow {
  readonly no: number;
  readonly model: string;
  readonly from: Instant;
  readonly rates: Rates | null;
}

/** A plan from an instant on. */
export interface PlanRow {
  readonly id: string;
  readonly name: string;
  readonly from: Instant;
  readonly monthly: Microcredits;
  readonly priceCents: number;
}

/** A package from an instant on; retired: no longer on sale from then. */
export interface PackageRow {
  readonly id: string;
  readonly from: Instant;
  readonly credits: Microcredits;
  readonly priceCents: number;
  readonly retired: boolean;
}

/** Rows of a catalogue, any order. */
export interface CatalogueRows {
  readonly models: readonly ModelRow[];
  readonly rates: readonly RateRow[];
  readonly plans: readonly PlanRow[];
  readonly packages: readonly PackageRow[];
}

/** Look-ups over a price list. Built by `createCatalogue`; never changes. */
export interface Catalogue {
  readonly rows: CatalogueRows;
  /** By id, name or alias without regard to case, or an id or alias with `-YYYYMMDD` / `-YYYY-MM-DD` behind. */
  findModel(text: string): ModelRow | undefined;
  /** The same without dated ids: for what adds or changes rows, where `gpt-4o-2024-05-13` may be a model of its own. */
  findNamed(text: string): ModelRow | undefined;
  /**
   * Ids of every model that a text names, or named before a model or alias of that very name was added, and the text
   * itself: what a request may have meant when it was made. Lower case.
   */
  meanings(text: string): string[];
  /** The rate row in force at an instant; undefined before the first. */
  rateAt(model: string, at: Instant): RateRow | undefined;
  rateByNo(no: number): RateRow | undefined;
  planAt(id: string, at: Instant): PlanRow | undefined;
  /** Every plan in force at an instant, cheapest first. */
  plansAt(at: Instant): PlanRow[];
  /** Every package on sale at an instant, smallest first. */
  packagesAt(at: Instant): PackageRow[];
  /** Providers that any model names, sorted. */
  providers(): string[];
}

const DATED = /^(.+?)-(?:(\d{4})(\d{2})(\d{2})|(\d{4})-(\d{2})-(\d{2}))$/;

/** The id before a date that exists; `x-20250230` is a name of its own, and unknown. */
function withoutDate(text: string): string | undefined {
  const match = DATED.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = (match[2] === undefined ? match.slice(5) : match.slice(2)).map(Number);
  const exists = month! >= 1 && month! <= 12 && day! >= 1 && day! <= daysInMonth(year!, month!);
  return exists ? match[1] : undefined;
}

function byName(models: readonly ModelRow[]): { ids: Map<string, ModelRow>; names: Map<string, ModelRow> } {
  const ids = new Map<string, ModelRow>();
  const names = new Map<string, ModelRow>();
  // Two of one name there were before a name could be taken: the first keeps it.
  for (const model of models.toReversed()) names.set(model.name.toLowerCase(), model);
  for (const model of models) for (const alias of model.aliases) ids.set(alias.toLowerCase(), model);
  for (const model of models) ids.set(model.id.toLowerCase(), model);
  return { ids, names };
}

/** The last of the rows (sorted by `from`) that is in force at an instant. */
function inForce<Row extends { readonly from: Instant }>(
  rows: readonly Row[] | undefined,
  at: Instant,
): Row | undefined {
  return rows?.findLast((row) => row.from <= at);
}

function dated<Row extends { readonly from: Instant }>(
  rows: readonly Row[],
  key: (row: Row) => string,
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  // A later row of the same instant replaces the earlier one: the sort is stable.
  for (const row of [...rows].sort((a, b) => a.from - b.from)) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}

/** Builds the look-ups of a price list. */
export function createCatalogue(rows: CatalogueRows): Catalogue {
  const { ids, names } = byName(rows.models);
  const rates = dated(rows.rates, (row) => row.model);
  const numbered = new Map(rows.rates.map((row) => [row.no, row]));
  const plans = dated(rows.plans, (row) => row.id);
  const packages = dated(rows.packages, (row) => row.id);
  const findNamed = (text: string): ModelRow | undefined =>
    ids.get(text.toLowerCase()) ?? names.get(text.toLowerCase());
  const called = (text: string): string[] =>
    rows.models
      .filter((model) => wordsOf(model).some((word) => word.toLowerCase() === text))
      .map(({ id }) => id.toLowerCase());
  return {
    rows,
    findNamed,
    meanings(text) {
      const word = text.toLowerCase();
      const stem = withoutDate(word);
      return [...new Set([...called(word), ...(stem === undefined ? [] : called(stem)), word])];
    },
    findModel(text) {
      const exact = findNamed(text);
      if (exact !== undefined) return exact;
      const stem = withoutDate(text.toLowerCase());
      return stem === undefined ? undefined : ids.get(stem);
    },
    rateAt: (model, at) => inForce(rates.get(model), at),
    rateByNo: (no) => numbered.get(no),
    planAt: (id, at) => inForce(plans.get(id), at),
    plansAt: (at) =>
      [...plans.values()]
        .flatMap((group) => inForce(group, at) ?? [])
        .sort((a, b) => a.priceCents - b.priceCents || a.monthly - b.monthly || (a.id < b.id ? -1 : 1)),
    packagesAt: (at) =>
      [...packages.values()]
        .flatMap((group) => inForce(group, at) ?? [])
        .filter((row) => !row.retired)
        .sort((a, b) => a.credits - b.credits || (a.id < b.id ? -1 : 1)),
    providers: () => [...new Set(rows.models.map((model) => model.provider))].sort(),
  };
}

/** Everything that a model is called by: its id, its name, its aliases. */
export const wordsOf = ({ id, name, aliases }: ModelRow): string[] => [id, name, ...aliases];

/** Models whose id, name or alias resembles a text, for hints; at most three. */
export function similarModels(catalogue: Catalogue, text: string): string[] {
  const wanted = text.toLowerCase();
  // No name is that long: everything would be equally far.
  if (wanted.length > 64) return [];
  const scored = catalogue.rows.models
    .map((model) => {
      const words = wordsOf(model).map((word) => word.toLowerCase());
      return { id: model.id, distance: Math.min(...words.map((word) => editDistance(wanted, word))) };
    })
    .filter(({ distance }) => distance <= Math.max(2, Math.floor(wanted.length / 3)));
  return scored
    .sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1))
    .slice(0, 3)
    .map(({ id }) => id);
}

/** Levenshtein distance; texts longer than 64 characters count as far. */
export function editDistance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return a === b ? 0 : 64;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The refusal for a model nobody knows, with near names in the hint. */
export function unknownModel(catalogue: Catalogue, text: string): LedgerError {
  const near = similarModels(catalogue, text);
  return new LedgerError('unknown_model', `no model is called ${JSON.stringify(text)}`, {
    hint:
      near.length > 0
        ? `did you mean ${near.join(' or ')}? \`credits models\` lists all`
        : '`credits models` lists all; add one with `credits models set` or `credits models alias`',
    details: { model: text },
  });
}

/**
 * A plan's row in force at an instant.
 * @throws LedgerError `unknown_plan`
 */
export function requirePlan(catalogue: Catalogue, id: string, at: Instant): PlanRow {
  const plan = catalogue.planAt(id.toLowerCase(), at);
  if (plan === undefined) {
    const known = catalogue.plansAt(at).map((row) => row.id);
    throw new LedgerError('unknown_plan', `no plan is called ${JSON.stringify(id)}`, {
      hint: `the plans are ${known.join(', ')}`,
      details: { plan: id },
    });
  }
  return plan;
}

/** The refusal for a package that cannot be taken off sale. */
export function notOnSale(name: string): LedgerError {
  return new LedgerError('unknown_package', `no package on sale is called ${JSON.stringify(name)}`, {
    hint: 'list them with `credits packages`',
    details: { package: name },
  });
}
