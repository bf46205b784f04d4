/**
 * `credits models import FILE` and `credits models sync`: rate cards from OpenRouter's list of models, saved or fetched.
 * Prices are what OpenRouter asks; the tariff of the built-in models is not touched, only compared.
 */
import { type ImportPlan, planImport } from '../../catalog/import-plan.ts';
import { type ListedModel, type ModelList, readOpenRouterList } from '../../catalog/openrouter.ts';
import { isBelow } from '../../catalog/provider-prices.ts';
import type { Catalogue, RateRow } from '../../core/catalogue.ts';
import { invalid, LedgerError } from '../../core/errors.ts';
import { formatInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { readFailure } from '../read-input.ts';
import { count, group } from '../render/amounts.ts';
import { UNIT } from '../render/models.ts';
import { modelFields } from '../render/models-json.ts';
import { printable } from '../render/width.ts';
import { isFromNow } from './from-when.ts';
import { jumps } from './models.ts';

/** Names shown at most; JSON has all of them. */
const MOST_SHOWN = 8;

/** `credits models import FILE`; `-` is stdin. */
export const modelsImport: CommandModule<string> = {
  parse({ args }) {
    const file = args[0] ?? '';
    if (file === '') throw invalid('models import needs the name of a file, or - for standard input');
    return file;
  },
  async run(context, file) {
    return book(context, readOpenRouterList(parseJson(await readText(context, file), file)));
  },
};

/** `credits models sync` */
export const modelsSync: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const { fetchOpenRouterList } = await import('../openrouter-list.ts');
    const { env, signal } = context;
    return book(context, readOpenRouterList(await fetchOpenRouterList({ env, signal, fetch })));
  },
};

async function readText(context: Context, file: string): Promise<string> {
  if (file !== '-') {
    const { readFile } = await import('node:fs/promises');
    try {
      return await readFile(file, { encoding: 'utf8', signal: context.signal });
    } catch (error) {
      throw readFailure(file, error);
    }
  }
  const chunks: Buffer[] = [];
  for await (const chunk of context.stdin()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw invalid(`${file} is no JSON`, 'it is the answer of OpenRouter’s list of models');
  }
}

async function book(context: Context, read: ModelList): Promise<Result> {
  const service = await context.service(null);
  const before = await service.catalogue();
  const plan = planImport(before, read.models, service.now());
  const list = withoutTaken(read, plan);
  const { key, dryRun } = context.globals;
  const isNothing = plan.added.length + plan.changed.length === 0;
  // With a key the ledger must look whether it knows the key; without one there is nothing to book.
  const view = isNothing && key === null ? null : await service.importModels(list.models, { key, dryRun });
  const at = view?.receipt.at ?? service.now();
  for (const line of notices(list, plan, before, service.now())) context.notice(line);
  if (!isFromNow(at, { from: null }, service.now())) {
    context.notice(`these prices hold from ${formatInstant(at)} on: the price list is ahead of this clock`);
  }
  return answer(list, plan, {
    receipt: view?.receipt.receipt ?? null,
    replayed: view?.receipt.replayed ?? false,
    dryRun,
    at,
  });
}

/** The list without the models whose id another model is called by: they are refused, row by row. */
function withoutTaken(list: ModelList, { taken }: ImportPlan): ModelList {
  const rows = new Set(taken.map(({ listed }) => listed));
  return {
    ...list,
    models: list.models.filter((model) => !rows.has(model)),
    refused: [
      ...list.refused,
      ...taken.map(({ listed, by }) => ({ row: listed.id, message: `${by} is called so already` })),
    ],
  };
}

interface Booked {
  readonly receipt: string | null;
  readonly replayed: boolean;
  readonly dryRun: boolean;
  readonly at: Instant;
}

function answer(list: ModelList, plan: ImportPlan, booked: Booked): Result {
  const { at, ...receipt } = booked;
  const unpriced = list.models.filter(({ rates }) => rates === null);
  const counts = {
    read: list.models.length + list.refused.length,
    added: plan.added.length,
    changed: plan.changed.length,
    unchanged: plan.unchanged.length,
  };
  const cards = [...plan.added, ...plan.changed.map(({ listed }) => listed)];
  return {
    schema: 'credits.models/v1',
    json: () => ({
      models: cards.map((model) => modelFields({ model, row: rowOf(model, at) })),
      ...counts,
      unpriced: unpriced.map(({ id }) => id),
      refused: list.refused,
      ...receipt,
    }),
    text: () => {
      const parts = [
        `${group(String(counts.added))} added`,
        `${group(String(counts.changed))} changed`,
        `${group(String(counts.unchanged))} unchanged`,
        ...(list.refused.length === 0 ? [] : [`${group(String(list.refused.length))} refused`]),
      ];
      const dry = receipt.dryRun ? 'Dry run, nothing was booked: ' : '';
      return `${dry}${count(counts.read, 'model')} read: ${parts.join(', ')}. Rates in ${UNIT}.`;
    },
    unchanged: cards.length === 0 && list.refused.length === 0,
    failure: list.refused.length === 0 ? undefined : partly(list, counts.read, receipt.dryRun),
  };
}

function rowOf({ id, rates }: ListedModel, from: Instant): RateRow | null {
  return rates === null ? null : { no: 0, model: id, from, rates };
}

function partly({ refused }: ModelList, read: number, dryRun: boolean): LedgerError {
  const [first] = refused;
  return new LedgerError(
    'partly_refused',
    `${group(String(refused.length))} of ${count(read, 'model')} refused; the first is ${first!.row}: ${first!.message}`,
    {
      hint: dryRun ? 'the others would be booked' : 'the others are booked',
      details: { refused: refused.length, read },
    },
  );
}

/** What a reader of the new prices should know. */
function notices(list: ModelList, plan: ImportPlan, before: Catalogue, at: Instant): string[] {
  const unpriced = list.models.filter(({ rates }) => rates === null).map(({ id }) => id);
  const jumped = plan.changed
    .filter(({ listed, before: old }) => listed.rates !== null && jumps(listed.rates, old).length > 0)
    .map(({ listed }) => listed.id);
  return [
    ...named('without a price, so not for use', unpriced),
    ...named(
      'with prices of their own for long inputs',
      list.models.filter(({ rates }) => rates?.tiers !== undefined).map(({ id }) => id),
    ),
    ...named('with prices by day or hour, which are not imported: the base price stands', list.withHours),
    ...named('with a fee per call, which is not imported', list.withCallFee),
    ...named('moved more than tenfold', jumped),
    ...list.models.flatMap((model) => belowListed(model, before, at)),
  ];
}

function named(what: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const rest = ids.length > MOST_SHOWN ? `, and ${group(String(ids.length - MOST_SHOWN))} more` : '';
  return [
    `${count(ids.length, 'model')} ${what}: ${ids.slice(0, MOST_SHOWN).map(printable).join(', ')}${rest}`,
  ];
}

/** A line where a model of the tariff is cheaper here than the same model is at OpenRouter. */
function belowListed({ id, rates }: ListedModel, catalogue: Catalogue, at: Instant): string[] {
  const slug = id.slice(id.lastIndexOf('/') + 1);
  const own = catalogue.findModel(slug);
  const tariff = own === undefined ? null : (catalogue.rateAt(own.id, at)?.rates ?? null);
  if (rates === null || own === undefined || own.provider === 'openrouter' || tariff === null) return [];
  if (!isBelow(tariff.input, rates.input) && !isBelow(tariff.output, rates.output)) return [];
  return [
    `${own.id} is priced ${tariff.input} / ${tariff.output} ${UNIT}, below the ${rates.input} / ${rates.output} of ${printable(id)}`,
  ];
}
