/**
 * Reads OpenRouter's list of models into rate cards. Prices are dollars per token as text and become credits per 1K
 * tokens exactly: never through a floating-point number. Row by row: what is wrong with one model keeps no other out.
 *
 * Source: contract 4 (`P` dollars per token are `P × 1,000,000` credits per 1K tokens; −1 means no price, 0 is 0);
 * the answer of `GET /api/v1/models` as of March 2026.
 */
import type { ModelRow } from '../core/catalogue.ts';
import { invalid } from '../core/errors.ts';
import type { Rates } from '../core/rates.ts';
import { hasHours, readPrice, readRates } from './openrouter-rates.ts';

/** A model as listed. `id` is `openrouter/AUTHOR/SLUG`, variants (`:free`) being models of their own. */
export interface ListedModel extends ModelRow {
  /** null: listed without a price. */
  readonly rates: Rates | null;
}

/** A row that could not be read. */
export interface RefusedRow {
  /** The id it gives, else its place in the list, counted from 1. */
  readonly row: string;
  readonly message: string;
}

/** What a list holds, in its own order. */
export interface ModelList {
  readonly models: readonly ListedModel[];
  readonly refused: readonly RefusedRow[];
  /** Ids of models with prices by day or hour, which no rate card can hold: the base price stands. */
  readonly withHours: readonly string[];
  /** Ids of models that cost something per call beside their tokens. */
  readonly withCallFee: readonly string[];
}

const PROVIDER = 'openrouter';
const PREFIX = `${PROVIDER}/`;
const ID = /^[A-Za-z0-9~][A-Za-z0-9._:/@~+-]{0,180}$/;

/**
 * A name for people: 1 to 200 characters, none of which controls anything. Half a character is none: a database would store
 * another text than the receipt was hashed over.
 */
export const isModelName = (text: string): boolean =>
  text.isWellFormed() && /^[^\u0000-\u001f\u007f]{1,200}$/.test(text);

/**
 * A model of a list that somebody else has read, judged as the reader of lists would have.
 * @returns what is wrong with it; null: nothing. Its rates are not looked at
 */
export function misfitOf({ id, name, provider, contextWindow, maxOutput }: ListedModel): string | null {
  if (!id.startsWith(PREFIX) || !ID.test(id.slice(PREFIX.length)))
    return `its id is not ${PREFIX}AUTHOR/SLUG`;
  if (!isModelName(name)) return 'its name is empty, too long or holds control characters';
  if (provider !== PROVIDER) return `its provider is not ${PROVIDER}`;
  const counts = [contextWindow, maxOutput].every((count) => count === null || tokensOf(count) !== null);
  return counts ? null : 'its context window or longest output is no token count';
}

/**
 * Reads a list.
 * @param value parsed JSON: `{"data":[{"id","pricing":{"prompt","completion",…}, …}]}`
 * @throws LedgerError `invalid_argument` when it has not that shape at all; a bad row is in `refused`
 */
export function readOpenRouterList(value: unknown): ModelList {
  if (!isObject(value) || !Array.isArray(value.data)) {
    throw invalid(
      'this is no list of OpenRouter models',
      'it looks like {"data":[{"id":"…","pricing":{"prompt":"…","completion":"…"}}]}',
    );
  }
  const models = new Map<string, ListedModel>();
  const refused: RefusedRow[] = [];
  const withHours: string[] = [];
  const withCallFee: string[] = [];
  for (const [index, row] of (value.data as unknown[]).entries()) {
    const name = isObject(row) && typeof row.id === 'string' ? row.id : String(index + 1);
    const model = readModel(row);
    if (typeof model === 'string') {
      refused.push({ row: name, message: model });
    } else if (models.has(model.id.toLowerCase())) {
      refused.push({ row: name, message: 'it is listed twice; the first row counts' });
    } else {
      models.set(model.id.toLowerCase(), model);
      const pricing = (row as Json).pricing;
      if (!isObject(pricing)) continue;
      if (hasHours(pricing)) withHours.push(model.id);
      const fee = readPrice(pricing.request);
      if (typeof fee === 'object' && fee.digits > 0n) withCallFee.push(model.id);
    }
  }
  return { models: [...models.values()], refused, withHours, withCallFee };
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A model, or what is wrong with the row. */
function readModel(row: unknown): ListedModel | string {
  if (!isObject(row)) return 'it is no object';
  const { id, name, pricing, context_length: context, top_provider: provider } = row;
  if (typeof id !== 'string') return 'it has no id';
  if (!ID.test(id)) return 'its id has characters that no id has';
  const rates = readRates(pricing);
  if (typeof rates === 'string') return rates;
  return {
    id: `${PREFIX}${id}`,
    name: typeof name === 'string' && isModelName(name.trim()) ? name.trim() : id,
    provider: PROVIDER,
    aliases: [],
    contextWindow: tokensOf(context),
    maxOutput: tokensOf(isObject(provider) ? provider.max_completion_tokens : null),
    rates,
  };
}

const tokensOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
