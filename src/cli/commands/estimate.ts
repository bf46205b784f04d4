/**
 * `credits estimate`: the cost of a call before it is made. Reads the input, prices it, and judges it against a budget or
 * balance; books nothing and needs no ledger.
 */

import { type CallTerms, termsOf } from '../../core/calls.ts';
import { wordsOf } from '../../core/catalogue.ts';
import { type Microcredits, toJsonCredits, ZERO } from '../../core/credits.ts';
import { invalid, isLedgerError, LedgerError } from '../../core/errors.ts';
import { byCost, type Estimate, estimateCall, type Funds, isAffordable } from '../../core/estimate.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { type CountedInput, type ReadInput, readInput } from '../estimate-input.ts';
import { type Market, openMarket } from '../market.ts';
import { credits } from '../render/amounts.ts';
import { type NamedEstimate, renderComparison, renderEstimate } from '../render/estimate.ts';
import { estimateFields } from '../render/estimate-json.ts';
import {
  ASSUMED_OUTPUT_TOKENS,
  type EstimateRequest,
  parseEstimate,
  withOwnMaximum,
} from './estimate-flags.ts';
import { type Learnt, learntCount, learntField } from './estimate-learning.ts';
import { comparisonNotices, estimateNotices } from './estimate-notices.ts';
import { parseReport, type ReportRequest, runReport } from './estimate-report.ts';

/** A model in question: what the catalogue says of it, and who pays. */
export interface Subject {
  /** As typed; the id where nothing was typed. */
  readonly typed: string;
  readonly name: string;
  readonly terms: CallTerms;
  /** Id, name and aliases; for a model that no list knows, what was typed. */
  readonly words: readonly string[];
  readonly contextWindow: number | null;
  readonly maxOutput: number | null;
}

/** One model's estimate with what was found on the way. */
export interface Priced extends NamedEstimate {
  readonly subject: Subject;
  readonly counted: CountedInput;
  /** How the account's calls adjusted the count; null: not at all. */
  readonly learnt: Learnt | null;
}

/** A model that such a call cannot be made on: its input is less than the cached part, or no account bears the cost. */
export interface Unfit {
  readonly subject: Subject;
  readonly error: LedgerError;
}

async function run(context: Context, asked: EstimateRequest): Promise<Result> {
  const market = await openMarket(context, asked.check);
  // A model that cannot be priced is refused before anything is read or asked for.
  const named = asked.model === null ? null : subjectOf(market, asked.model);
  const input = await readInput(asked.source, context);
  const request = withOwnMaximum(asked, input.maxOutputTokens);
  const wanted = named ?? (input.model === null ? null : subjectOf(market, input.model));
  if (request.compare) return compare(context, market, request, input, wanted);
  if (wanted === null) {
    throw invalid('which model? the request names none', 'name one with -m; `credits models` lists them');
  }
  const priced = await priceOne(market, wanted, input, request);
  for (const line of estimateNotices(priced, request)) context.notice(line);
  const { funds } = market;
  return {
    schema: 'credits.estimate/v1',
    json: () => ({
      ...estimateFields(priced.estimate, funds),
      ...(priced.counted.framingTokens === null ? {} : { framingTokens: priced.counted.framingTokens }),
      ...learntField(priced.learnt),
    }),
    text: () => renderEstimate(priced, funds),
    failure: verdict(priced, request, funds),
  };
}

async function compare(
  context: Context,
  market: Market,
  request: EstimateRequest,
  input: ReadInput,
  wanted: Subject | null,
): Promise<Result> {
  const { subjects, unpriced } = everyModel(market);
  const rows: Priced[] = [];
  const unfit: Unfit[] = [];
  for (const subject of subjects) {
    try {
      rows.push(await priceOne(market, subject, input, request));
    } catch (error) {
      // What is asked may be more than one model's count or rates bear; the others are compared all the same.
      if (!isLedgerError(error) || error.code !== 'invalid_argument') throw error;
      if (subject.terms.model === wanted?.terms.model) throw unfitError({ subject, error });
      unfit.push({ subject, error });
    }
  }
  if (rows.length === 0 && unfit.length > 0) throw unfitError(unfit[0]!);
  rows.sort((a, b) => byCost(a.estimate, b.estimate));
  const judged =
    wanted === null
      ? (rows[0] ?? null)
      : (rows.find(({ subject }) => subject.terms.model === wanted.terms.model) ??
        (await priceOne(market, wanted, input, request)));
  for (const line of comparisonNotices(rows, { unpriced, unfit }, request)) context.notice(line);
  const { funds } = market;
  return {
    schema: 'credits.estimate/v1',
    json: () => ({
      estimates: rows.map(({ estimate, learnt }) => ({
        ...estimateFields(estimate, funds),
        ...learntField(learnt),
      })),
    }),
    text: () =>
      renderComparison(rows, judged, funds, {
        columns: context.terminal.tableColumns,
        heading: context.paint.bold,
      }),
    failure: judged === null ? undefined : verdict(judged, request, funds),
  };
}

/** The refusal with the model that it is about. */
const unfitError = ({ subject, error: { code, message, hint } }: Unfit): LedgerError =>
  new LedgerError(code, `${subject.name}: ${message}`, hint === undefined ? {} : { hint });

/** @throws LedgerError `unknown_model`, `unpriced_model` */
function subjectOf({ catalogue, byok, at }: Market, typed: string): Subject {
  const terms = termsOf(catalogue, { byok }, { model: typed, provider: null, noByok: false }, at);
  const model = catalogue.findModel(terms.model);
  return {
    typed,
    name: model?.name ?? terms.model,
    terms,
    words: model === undefined ? [typed] : [typed, ...wordsOf(model)],
    contextWindow: model?.contextWindow ?? null,
    maxOutput: model?.maxOutput ?? null,
  };
}

/** Every model that can be priced, and the ids of those that cannot. */
function everyModel(market: Market): { subjects: Subject[]; unpriced: string[] } {
  const subjects: Subject[] = [];
  const unpriced: string[] = [];
  for (const { id } of market.catalogue.rows.models) {
    try {
      subjects.push(subjectOf(market, id));
    } catch (error) {
      if (!isLedgerError(error) || error.code !== 'unpriced_model') throw error;
      unpriced.push(id);
    }
  }
  return { subjects, unpriced };
}

async function priceOne(
  market: Market,
  subject: Subject,
  input: ReadInput,
  request: EstimateRequest,
): Promise<Priced> {
  const { terms, maxOutput } = subject;
  const model = { id: terms.model, provider: terms.provider };
  const raw = await (request.exact ? input.countExactlyOn(model) : input.countOn(model));
  const { counted, learnt } = await learntCount(market, terms.model, raw);
  const estimate = estimateCall(
    terms,
    {
      input: counted,
      cachedTokens: request.cachedTokens,
      cacheWriteTokens: request.cacheWriteTokens,
      outputTokens: expectedOutput(request, maxOutput),
      maxOutputTokens: request.maxOutputTokens,
    },
    maxOutput,
  );
  const hasMaximum = request.maxOutputTokens !== null;
  return { name: subject.name, subject, counted, learnt, estimate, hasMaximum };
}

/**
 * What the answer is expected to take: as told, else 500, or less where no more is allowed or the model gives no more.
 * @param modelMaxOutput null: unknown
 */
export function expectedOutput(
  { outputTokens, maxOutputTokens }: EstimateRequest,
  modelMaxOutput: number | null,
): number {
  if (outputTokens !== null) return outputTokens;
  return Math.min(
    ASSUMED_OUTPUT_TOKENS,
    maxOutputTokens ?? ASSUMED_OUTPUT_TOKENS,
    modelMaxOutput ?? ASSUMED_OUTPUT_TOKENS,
  );
}

/** The first check that fails. Source: contract 6 (what the checks look at), 5.6 (debt fails them). */
function verdict(
  { name, estimate }: Priced,
  { budget, check }: EstimateRequest,
  funds: Funds | null,
): LedgerError | undefined {
  if (budget !== null && estimate.judged > budget) {
    return failed(`${name} would cost ${costText(estimate)}, over the budget of ${credits(budget)}`, {
      needed: estimate.judged,
      budget,
    });
  }
  if (!check || funds === null || isAffordable(estimate, funds)) return undefined;
  const { available, debt, closed } = funds;
  // How much is needed and available stands in the details; the writer of refusals adds it to the sentence.
  const details = { needed: estimate.judged, available };
  if (closed) return failed('the account is closed, and takes no call', details);
  return debt > ZERO
    ? failed(`the account is in debt by ${credits(debt)}`, { ...details, debt })
    : failed(`the balance does not pay for this call of ${name}`, details);
}

const costText = ({ judged, credits: expected }: Estimate): string =>
  judged === expected ? credits(judged) : `up to ${credits(judged)}`;

function failed(message: string, amounts: Readonly<Record<string, Microcredits>>): LedgerError {
  const details = Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [name, toJsonCredits(amount)]),
  );
  return new LedgerError('check_failed', message, { details });
}

/** The command; `--report` is another answer. */
export const estimate: CommandModule<EstimateRequest | ReportRequest> = {
  parse: (input) => parseReport(input) ?? parseEstimate(input),
  run: (context, request) => ('report' in request ? runReport(context, request) : run(context, request)),
};
