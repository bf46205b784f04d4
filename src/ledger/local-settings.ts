/**
 * Settings of the whole ledger: rates, aliases, plans. Each change is a setting receipt on the ledger's own chain, with
 * the rows it adds hashed into it; rows are dated and never changed.
 *
 * Source: contract 4, 5.11; 6 (`models`, `plan define`).
 */
import { isModelName } from '../catalog/openrouter.ts';
import { type Catalogue, unknownModel } from '../core/catalogue.ts';
import { MAX_TOKENS, type Microcredits } from '../core/credits.ts';
import { invalid } from '../core/errors.ts';
import { LEDGER_CHAIN } from '../core/ledger/accounts.ts';
import type { Command } from '../core/ledger/commands.ts';
import { decide } from '../core/ledger/decide.ts';
import { rateColumns, rises } from '../core/rate-columns.ts';
import { parseRate, type Rates, type TokenRates } from '../core/rates.ts';
import type { Instant } from '../core/types.ts';
import { answerOf, contextOf, type LocalDeps, refuseFuture } from './local-deps.ts';
import { requireSameRequest } from './local-keys.ts';
import type { ModelSetInput, ReceiptView, SettingView, WriteOptions } from './service.ts';
import type { Replay, SettingRow, Work } from './store.ts';

/** What a change adds, given the price list of its transaction, its time and the number of its receipt. */
type Rows = (catalogue: Catalogue, now: Instant, receipt: number) => SettingRow[];

const MODEL_ID = /^[A-Za-z0-9~][A-Za-z0-9._:/@~+-]{0,199}$/;
const PLAN_ID = /^[a-z][a-z0-9_-]{0,31}$/;
const PROVIDER = /^[a-z][a-z0-9_-]{0,63}$/;

/**
 * Books rows on the ledger's chain.
 * @param request what the key is bound to: the change as asked, not the rows it became
 * @returns the receipt, and what the key had been bound to before
 */
export async function bookSettings(
  deps: LocalDeps,
  request: unknown,
  rows: Rows,
  { key = null, dryRun = false }: WriteOptions,
): Promise<{ readonly replay: Replay | null; readonly receipt: ReceiptView }> {
  const now = deps.now();
  const hash = key === null ? null : deps.sha256(JSON.stringify(['setting', request]));
  const work: Work = {
    account: LEDGER_CHAIN,
    now,
    loads: { key },
    dryRun,
    decide: ({ state, replay, catalogue }) => {
      if (replay !== null) {
        requireSameRequest(replay, hash, key);
        return { replay };
      }
      refuseFuture(deps.store.mode, now, deps.wall());
      const settings = rows(catalogue, Math.max(now, state.account.lastAt), state.account.receiptSeq + 1);
      const command: Command = {
        type: 'setting',
        detail: { rows: settings, by: deps.actor },
        byok: null,
        note: null,
      };
      const outcome = decide(state, command, now, contextOf(deps, catalogue), { key, request: hash });
      return { ...outcome, settings };
    },
  };
  const [result] = await deps.store.execute([work]);
  if (!result!.ok) throw result!.error;
  const { decided } = result!;
  const replay = 'replay' in decided ? decided.replay : null;
  const owner = (await deps.store.read(LEDGER_CHAIN)).state.account;
  return { replay, receipt: answerOf(decided, dryRun, owner) };
}

/** The same for the price list. @param request as above */
export async function changeSettings(
  deps: LocalDeps,
  request: unknown,
  rows: Rows,
  options: WriteOptions,
): Promise<SettingView> {
  const { receipt } = await bookSettings(deps, request, rows, options);
  return { receipt, catalogue: await deps.store.catalogue() };
}

/** @throws LedgerError `invalid_argument` */
export function setModel(deps: LocalDeps, input: ModelSetInput, options: WriteOptions): Promise<SettingView> {
  const columns = rateColumns(canonicalRates(input));
  const rows: Rows = (catalogue, now) => {
    const known = catalogue.findNamed(input.model);
    const provider = input.provider?.toLowerCase() ?? null;
    if (known !== undefined && provider !== null && provider !== known.provider) {
      throw invalid(
        `${known.id} is a model of ${known.provider}`,
        'a model keeps its provider; choose another id',
      );
    }
    const called = known === undefined && input.name !== null ? catalogue.findNamed(input.name) : undefined;
    if (called !== undefined) {
      throw invalid(
        `${called.id} is called ${JSON.stringify(input.name)} already`,
        'choose another name: past bookings used this one',
      );
    }
    const model: SettingRow[] = known === undefined ? [newModel(input, provider)] : [];
    const id = known?.id ?? input.model;
    const no = catalogue.rows.rates.reduce((most, rate) => Math.max(most, rate.no), 0) + 1;
    return [...model, { table: 'rate', no, model: id, from: input.from ?? now, ...columns }];
  };
  return changeSettings(deps, ['model', input], rows, options);
}

/** Rates of a new row, each as canonical decimal text. @throws LedgerError `invalid_argument` */
export function canonicalRates({ tiers, ...input }: Rates): Rates {
  const card = (from: TokenRates): TokenRates => ({
    input: parseRate(from.input, 'input rate'),
    output: parseRate(from.output, 'output rate'),
    cacheRead: from.cacheRead === null ? null : parseRate(from.cacheRead, 'cache read rate'),
    cacheWrite: from.cacheWrite === null ? null : parseRate(from.cacheWrite, 'cache write rate'),
  });
  if (tiers === undefined || tiers.length === 0) return card(input);
  if (!rises(tiers) || tiers.some(({ above }) => !isTokenCount(above))) {
    throw invalid('prices of long inputs need rising thresholds, in tokens');
  }
  return { ...card(input), tiers: tiers.map((tier) => ({ above: tier.above, ...card(tier) })) };
}

const isTokenCount = (value: number): boolean =>
  Number.isSafeInteger(value) && value >= 0 && value <= MAX_TOKENS;

function newModel(input: ModelSetInput, provider: string | null): SettingRow {
  if (!MODEL_ID.test(input.model)) {
    throw invalid(
      `${JSON.stringify(input.model)} is no model id`,
      'letters, digits and . _ : / @ ~ + - , at most 200',
    );
  }
  const own = /^openrouter\//i.test(input.model) ? 'openrouter' : provider;
  if (own === null) throw invalid(`${input.model} is new: name its provider with --provider`);
  if (!PROVIDER.test(own)) throw invalid(`${JSON.stringify(own)} is no provider name`);
  if (!isModelName(input.name ?? input.model)) {
    throw invalid(
      `the name of ${input.model} is too long or holds control characters`,
      'a name has at most 200 characters',
    );
  }
  return {
    table: 'model',
    id: input.model,
    name: input.name ?? input.model,
    provider: own,
    contextWindow: null,
    maxOutput: null,
  };
}

/** @throws LedgerError `unknown_model`, `invalid_argument` */
export function aliasModel(
  deps: LocalDeps,
  { alias, model }: { readonly alias: string; readonly model: string },
  options: WriteOptions,
): Promise<SettingView> {
  if (!MODEL_ID.test(alias)) throw invalid(`${JSON.stringify(alias)} is no model name`);
  const rows: Rows = (catalogue) => {
    const target = catalogue.findModel(model);
    if (target === undefined) throw unknownModel(catalogue, model);
    const taken = catalogue.findNamed(alias);
    if (taken !== undefined && taken.id !== target.id) {
      throw invalid(
        `${alias} names ${taken.id} already`,
        'choose another alias: past bookings used this one',
      );
    }
    return taken === undefined ? [{ table: 'alias', alias: alias.toLowerCase(), model: target.id }] : [];
  };
  return changeSettings(deps, ['alias', alias.toLowerCase(), model.toLowerCase()], rows, options);
}

/** @throws LedgerError `invalid_argument` */
export function definePlan(
  deps: LocalDeps,
  input: {
    readonly plan: string;
    readonly monthly: Microcredits;
    readonly priceCents: number;
    readonly from: Instant | null;
  },
  options: WriteOptions,
): Promise<SettingView> {
  const id = input.plan.toLowerCase();
  if (!PLAN_ID.test(id))
    throw invalid(`${JSON.stringify(input.plan)} is no plan name`, 'letters, digits, _ and -, at most 32');
  const rows: Rows = (catalogue, now) => {
    const known = catalogue.rows.plans.find((row) => row.id === id);
    const name = known?.name ?? `${id[0]!.toUpperCase()}${id.slice(1)}`;
    const { monthly, priceCents } = input;
    return [{ table: 'plan', id, name, from: input.from ?? now, monthly, priceCents }];
  };
  return changeSettings(deps, ['plan', { ...input, plan: id }], rows, options);
}
