/**
 * One line of an import as a spend. Checked by hand: a schema library is several times slower than the parsing itself,
 * and a ledger must not guess, so an unknown field is refused by its name.
 *
 * Source: contract 1 (amounts, tokens), 6 (`import`).
 */
import { MAX_TOKENS, type Microcredits, parseCredits } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import { requireAccountId } from '../../core/ledger/accounts.ts';
import { parseInstant } from '../../core/time.ts';
import type { SpendInput, SpendItem } from '../../ledger/service.ts';

type Fields = Record<string, unknown>;

const CALL_FIELDS = [
  'model',
  'provider',
  'noByok',
  'inputTokens',
  'cachedTokens',
  'cacheWriteTokens',
  'outputTokens',
  'toolCalls',
] as const;
const FIELDS: ReadonlySet<string> = new Set([
  ...CALL_FIELDS,
  'activity',
  'session',
  'run',
  'note',
  'at',
  'key',
  'account',
  'credits',
]);

const MAX_KEY = 255;

/** What a line without its own account or key gets. */
export interface LineDefaults {
  readonly account: string;
  readonly key: string;
}

/**
 * Reads a line.
 * @throws LedgerError `invalid_argument`, naming the field
 */
export function readSpendLine(text: string, defaults: LineDefaults): SpendItem {
  const fields = parseObject(text);
  for (const name in fields) {
    if (!FIELDS.has(name)) throw invalid(`unknown field ${JSON.stringify(name.slice(0, 64))}`);
  }
  const account = word(fields, 'account', 128);
  return {
    account: account === null ? defaults.account : requireAccountId(account),
    key: word(fields, 'key', MAX_KEY) ?? defaults.key,
    input: spendOf(fields, text),
  };
}

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('no JSON object');
  return value as Fields;
}

function spendOf(fields: Fields, text: string): SpendInput {
  const tags = {
    activity: word(fields, 'activity', 256),
    session: word(fields, 'session', 256),
    run: word(fields, 'run', 256),
  };
  const note = textField(fields, 'note', 1_000);
  const at = textField(fields, 'at', 64);
  const rest = { tags, note, at: at === null ? null : parseInstant(at, 'at') };
  if (fields.credits != null) {
    const call = CALL_FIELDS.find((name) => fields[name] != null);
    if (call !== undefined) throw invalid(`credits and ${call} are two requests: give one of them`);
    return { amount: readAmount(fields.credits, text), call: null, ...rest };
  }
  const model = word(fields, 'model', 200);
  if (model === null) throw invalid('neither model nor credits is given');
  if (fields.inputTokens == null && fields.outputTokens == null) {
    throw invalid('neither inputTokens nor outputTokens is given');
  }
  const call = {
    model,
    provider: word(fields, 'provider', 64),
    inputTokens: tokens(fields, 'inputTokens'),
    cachedTokens: tokens(fields, 'cachedTokens'),
    cacheWriteTokens: tokens(fields, 'cacheWriteTokens'),
    outputTokens: tokens(fields, 'outputTokens'),
    toolCalls: tokens(fields, 'toolCalls'),
    ...tags,
    noByok: truth(fields, 'noByok'),
  };
  return { amount: null, call, ...rest };
}

/** A number is read through its own digits: `1e3` and a seventh decimal are refused here as on the command line. */
function readAmount(value: unknown, text: string): Microcredits {
  if (typeof value === 'string') return parseCredits(value, 'credits');
  if (typeof value !== 'number') throw invalid('credits must be a number');
  const written = [...text.matchAll(/"credits"\s*:\s*([^\s,}]+)/g)].at(-1)?.[1];
  return parseCredits(written ?? String(value), 'credits');
}

function tokens(fields: Fields, name: string): number {
  const value = fields[name];
  if (value == null) return 0;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_TOKENS) {
    throw invalid(`${name} must be a whole number from 0 to 1000000000`);
  }
  return value === 0 ? 0 : value;
}

function textField(fields: Fields, name: string, most: number): string | null {
  const value = fields[name];
  if (value == null) return null;
  if (typeof value !== 'string') throw invalid(`${name} must be text`);
  if (value.length > most) throw invalid(`${name} is longer than ${most} characters`);
  if (value.includes('\u0000')) throw invalid(`${name} holds a NUL character`);
  return value;
}

/** Text of at least one character, all of them printable. */
function word(fields: Fields, name: string, most: number): string | null {
  const value = textField(fields, name, most);
  if (value === '') throw invalid(`${name} is empty`);
  if (value !== null && /[\u0000-\u001f\u007f]/.test(value))
    throw invalid(`${name} holds control characters`);
  return value;
}

function truth(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (value == null) return false;
  if (typeof value !== 'boolean') throw invalid(`${name} must be true or false`);
  return value;
}
