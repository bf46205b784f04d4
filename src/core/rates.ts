/**
 * Rates as exact decimals, and the price of a call. The only place where tokens are multiplied by rates.
 *
 * Source: contract 1 (cost of a call: exact, rounded once, up to the next microcredit), contract 4 (OpenRouter prices).
 */
import { type Microcredits, micro } from './credits.ts';
import { invalid, LedgerError } from './errors.ts';

/** An exact, non-negative decimal: `digits / 10^scale`. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** What tokens of each kind cost, in credits per 1K tokens, as exact decimal text (`0.25`). */
export interface TokenRates {
  readonly input: string;
  readonly output: string;
  /** null: as input. */
  readonly cacheRead: string | null;
  readonly cacheWrite: string | null;
}

/** What every token of a call costs, its output too, once the input is longer than a threshold. */
export interface RateTier extends TokenRates {
  /** Input tokens, cache parts included, that still pay the rates below. 0 or more. */
  readonly above: number;
}

/** A model's rates. */
export interface Rates extends TokenRates {
  /** Prices of long inputs by rising threshold, each with all of its rates; absent: length changes nothing. Never empty. */
  readonly tiers?: readonly RateTier[];
}

/** Tokens of one call. `inputTokens` includes both cache parts; reasoning is part of `outputTokens`. */
export interface CallTokens {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
}

const DECIMAL = /^(\d{1,30})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Reads a non-negative decimal exactly; an exponent is accepted (`1e-7`).
 * @returns undefined when the text is no such number
 */
export function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  const digits = BigInt(`${match[1]}${fraction}`);
  const scale = fraction.length - Number(match[3] ?? 0);
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

/** Canonical text of a decimal: no exponent, no trailing zeros. */
export function decimalText({ digits, scale }: Decimal): string {
  const text = digits.toString().padStart(scale + 1, '0');
  if (scale === 0) return text;
  const fraction = text.slice(-scale).replace(/0+$/, '');
  return `${text.slice(0, -scale)}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * Reads a rate in credits per 1K tokens, any number of decimals.
 * @returns the canonical decimal text
 * @throws LedgerError `invalid_argument`
 */
export function parseRate(text: string, what = 'rate'): string {
  const value = parseDecimal(text);
  if (value === undefined || /[eE]/.test(text)) {
    throw invalid(
      `${what} ${JSON.stringify(text)} is no rate`,
      'rates are credits per 1K tokens in plain digits, for example 0.25',
    );
  }
  if (value.digits > 1_000_000_000n * 10n ** BigInt(value.scale)) {
    throw invalid(`${what} ${text} is more than 1,000,000,000 credits per 1K tokens`);
  }
  return decimalText(value);
}

const parsedRates = new Map<string, Decimal>();

function rate(text: string): Decimal {
  let value = parsedRates.get(text);
  if (value === undefined) {
    value = parseDecimal(text);
    if (value === undefined)
      throw new LedgerError('integrity_failure', `a stored rate is unreadable: ${text}`);
    if (parsedRates.size > 10_000) parsedRates.clear();
    parsedRates.set(text, value);
  }
  return value;
}

/** Whole microcredits per token where a rate is a multiple of 0.001 credits per 1K, else undefined. */
function wholeMicroPerToken({ digits, scale }: Decimal): number | undefined {
  // rate / 1000 credits per token × 1e6 = rate × 1000 microcredits
  const thousand = digits * 1000n;
  const unit = 10n ** BigInt(scale);
  return thousand % unit === 0n && thousand / unit <= 1_000_000_000n ? Number(thousand / unit) : undefined;
}

interface Part {
  readonly tokens: number;
  readonly rate: string;
}

/**
 * Checks that the cache parts of a call's input are parts of it, priced or not.
 * @throws LedgerError `invalid_argument`. Source: contract 1.
 */
export function requireParts({ inputTokens, cachedTokens, cacheWriteTokens }: CallTokens): void {
  const cached = cachedTokens + cacheWriteTokens;
  if (cached <= inputTokens) return;
  throw invalid(
    `${cached} cached tokens are more than the ${inputTokens} input tokens they are part of`,
    'inputTokens includes cachedTokens and cacheWriteTokens',
  );
}

/**
 * The rates that a call with so much input pays: those of the highest threshold that it passes, for all of its tokens.
 * Source: providers' long-context prices, which hold for the whole call.
 */
export function ratesFor(rates: Rates, inputTokens: number): TokenRates {
  return rates.tiers?.findLast(({ above }) => inputTokens > above) ?? rates;
}

function partsOf(card: Rates, tokens: CallTokens): Part[] {
  requireParts(tokens);
  const rates = card.tiers === undefined ? card : ratesFor(card, tokens.inputTokens);
  const { cachedTokens: read, cacheWriteTokens: written } = tokens;
  return [
    { tokens: tokens.inputTokens - read - written, rate: rates.input },
    { tokens: read, rate: rates.cacheRead ?? rates.input },
    { tokens: written, rate: rates.cacheWrite ?? rates.input },
    { tokens: tokens.outputTokens, rate: rates.output },
  ];
}

function price(parts: readonly Part[]): Microcredits {
  let fast = 0;
  for (const part of parts) {
    if (part.tokens === 0) continue;
    const whole = wholeRate(part.rate);
    if (whole === undefined) return priceExactly(parts);
    fast += part.tokens * whole;
  }
  return Number.isSafeInteger(fast) ? (fast as Microcredits) : priceExactly(parts);
}

const wholeRates = new Map<string, number | undefined>();

function wholeRate(text: string): number | undefined {
  if (!wholeRates.has(text)) {
    if (wholeRates.size > 10_000) wholeRates.clear();
    wholeRates.set(text, wholeMicroPerToken(rate(text)));
  }
  return wholeRates.get(text);
}

function priceExactly(parts: readonly Part[]): Microcredits {
  const rates = parts.map((part) => rate(part.rate));
  const scale = Math.max(...rates.map((each) => each.scale));
  let sum = 0n;
  for (const [index, part] of parts.entries()) {
    const { digits, scale: own } = rates[index]!;
    sum += BigInt(part.tokens) * digits * 10n ** BigInt(scale - own);
  }
  const unit = 10n ** BigInt(scale);
  const cost = (sum * 1000n + unit - 1n) / unit;
  if (cost > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('the cost of this call is beyond every account');
  return micro(Number(cost));
}

/**
 * Price of one call: every part times its rate, summed exactly and rounded up once to the next microcredit.
 * @returns microcredits, 0 or more
 * @throws LedgerError `invalid_argument` when the cache parts exceed the input, or the cost leaves the exact range
 * Source: contract 1.
 */
export function priceCall(rates: Rates, tokens: CallTokens): Microcredits {
  return price(partsOf(rates, tokens));
}

/**
 * Price of the input side alone, rounded up. The output side shown beside it is `priceCall − priceInput`, so that both
 * add up. Source: contract 6, `estimate`.
 */
export function priceInput(rates: Rates, tokens: CallTokens): Microcredits {
  return price(partsOf(rates, tokens).slice(0, 3));
}
