/**
 * What a call costs an account: the model's rate row at the call's own time, or nothing when the account's own provider
 * key pays. Source: contract 1 (rate in force), 4 (an unknown or unpriced model is an error, never 0), 5.10 (BYOK).
 */
import { type Catalogue, type RateRow, unknownModel } from './catalogue.ts';
import { type Microcredits, ZERO } from './credits.ts';
import { invalid, LedgerError } from './errors.ts';
import { type CallTokens, priceCall, requireParts } from './rates.ts';
import { DAY_MS, formatInstant } from './time.ts';
import type { Account, Instant } from './types.ts';

/** A call as a user names it. `model` is an id, name or alias; `provider` is needed for an unknown model alone. */
export interface CallInput extends CallTokens {
  readonly model: string;
  readonly provider: string | null;
  readonly toolCalls: number;
  readonly activity: string | null;
  readonly session: string | null;
  readonly run: string | null;
  /** True: charge credits although an own key is set up for the provider. */
  readonly noByok: boolean;
}

/** Who pays for a call's model and at which rate, before tokens are known. */
export interface CallTerms {
  readonly model: string;
  readonly provider: string;
  readonly rate: RateRow | null;
  readonly byok: boolean;
}

/** A priced call. `listCredits` is the price by the rate card; null where there is none. */
export interface CallPrice extends CallTerms {
  readonly credits: Microcredits;
  readonly listCredits: Microcredits | null;
}

const OPENROUTER = /^openrouter\//i;

/**
 * Finds a call's terms.
 * @param at the call's own time
 * @throws LedgerError `unknown_model`, `unpriced_model`, `invalid_argument` (a `provider` that is not the model's)
 */
export function termsOf(
  catalogue: Catalogue,
  account: Pick<Account, 'byok'>,
  call: Pick<CallInput, 'model' | 'provider' | 'noByok'>,
  at: Instant,
): CallTerms {
  const paysItself = (provider: string): boolean => !call.noByok && Object.hasOwn(account.byok, provider);
  const given = call.provider?.toLowerCase() ?? null;
  const model = catalogue.findModel(call.model);
  if (model === undefined) {
    const provider = OPENROUTER.test(call.model) ? 'openrouter' : given;
    if (provider === null || !paysItself(provider)) throw unknownModel(catalogue, call.model);
    return { model: call.model, provider, rate: null, byok: true };
  }
  if (given !== null && given !== model.provider) {
    throw invalid(
      `${model.id} is a model of ${model.provider}, not of ${given}`,
      '--provider is for models that the catalogue does not know',
    );
  }
  const byok = paysItself(model.provider);
  const row = catalogue.rateAt(model.id, at);
  if (row?.rates == null && !byok) throw unpricedAt(catalogue, model.id, at);
  return { model: model.id, provider: model.provider, rate: row?.rates == null ? null : row, byok };
}

/** The refusal for a call of a listed model that has no price, or none yet. */
function unpricedAt(catalogue: Catalogue, model: string, at: Instant): LedgerError {
  const later = catalogue.rows.rates
    .filter((row) => row.model === model && row.rates !== null && row.from > at)
    .map((row) => row.from);
  if (later.length === 0) return unpriced(model);
  const begins = formatInstant(Math.min(...later));
  return new LedgerError(
    'unpriced_model',
    `${model} has no price at the time of the call, ${formatInstant(at)}: one begins ${begins}`,
    { hint: `set an earlier one with ${settingFrom(catalogue, model, at)}`, details: { model } },
  );
}

/** The command that gives a model a price for calls from an instant on, as words for a hint. */
export function settingFrom(catalogue: Catalogue, model: string, at: Instant): string {
  const day = at - (at % DAY_MS);
  // A row that begins on that very day would go before one from its midnight on.
  const isFree = !catalogue.rows.rates.some((row) => row.model === model && row.from > day && row.from <= at);
  const from = isFree ? formatInstant(day).slice(0, 10) : formatInstant(at);
  return `\`credits models set ${model} --input N --output N --from ${from}\``;
}

/** The refusal for a model that is listed without a price. */
function unpriced(model: string): LedgerError {
  return new LedgerError('unpriced_model', `${model} has no price at that time`, {
    hint: `set one with \`credits models set ${model} --input N --output N\`, for earlier calls also --from`,
    details: { model },
  });
}

/**
 * Prices a call's tokens on its terms.
 * @throws LedgerError `invalid_argument` when cache parts exceed the input
 */
export function priceOn(terms: CallTerms, tokens: CallTokens): CallPrice {
  requireParts(tokens);
  const listCredits = terms.rate?.rates == null ? null : priceCall(terms.rate.rates, tokens);
  if (listCredits === null && !terms.byok) throw unpriced(terms.model);
  return { ...terms, listCredits, credits: terms.byok ? ZERO : listCredits! };
}
