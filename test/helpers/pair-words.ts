/** Between the ledger's words and the naive model's: price lists, calls, states and answers; and what counts as equal. */
import { createZoneRules } from '../../src/cli/zone-rules.ts';
import type { CallInput } from '../../src/core/calls.ts';
import { createCatalogue } from '../../src/core/catalogue.ts';
import type { Microcredits } from '../../src/core/credits.ts';
import type { Command } from '../../src/core/ledger/commands.ts';
import type { Outcome } from '../../src/core/ledger/decide.ts';
import type { PlanContext } from '../../src/core/plans.ts';
import type { AccountState, Hold, Lot } from '../../src/core/types.ts';
import type { NaiveAnswer, NaiveCall, NaivePrices } from './naive-steps.ts';

const ZONES = createZoneRules();
export const NO_TAGS = { activity: null, session: null, run: null };
export const micro = (amount: bigint): Microcredits => Number(amount) as Microcredits;

export function contextOf({ plans, rates }: NaivePrices): PlanContext {
  const models = [...new Map(rates.map(({ model, provider }) => [model, provider]))];
  const catalogue = createCatalogue({
    models: models.map(([id, provider]) => ({
      id,
      name: id,
      provider,
      aliases: [],
      contextWindow: null,
      maxOutput: null,
    })),
    rates: rates.map((row, index) => ({
      no: index + 1,
      model: row.model,
      from: row.from,
      rates:
        row.rates === null
          ? null
          : { input: row.rates[0], output: row.rates[1], cacheRead: null, cacheWrite: null },
    })),
    plans: plans.map((row) => ({
      id: row.name,
      name: row.name,
      from: row.from,
      monthly: micro(row.monthly),
      priceCents: row.price,
    })),
    packages: [],
  });
  return { catalogue, zones: ZONES };
}

const exact = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
export const show = (value: unknown): string => JSON.stringify(value, exact);

/** Equal in every part; an amount may be a number here and a bigint there. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'bigint' || typeof b === 'bigint') return Number(a) === Number(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const [fields, others] = [Object.keys(a), Object.keys(b)];
  return (
    fields.length === others.length &&
    fields.every((field) => isSame(a[field as keyof typeof a], b[field as keyof typeof b]))
  );
}

export function same(ledger: unknown, model: unknown, what: string): void {
  if (isSame(ledger, model)) return;
  throw new Error(`${what}\n  by the ledger ${show(ledger)}\n  by the model  ${show(model)}`);
}

export const inOrder = <Row extends Lot | Hold>(rows: ReadonlyMap<number, Row>): Row[] =>
  [...rows.values()].sort((a, b) => a.no - b.no);

/** What the model can tell, as the ledger tells it. */
export function told({ account, lots, holds }: AccountState) {
  return {
    available: account.available,
    held: account.held,
    debt: account.debt,
    lots: inOrder(lots).map((lot) => ({
      source: lot.source,
      priority: lot.priority,
      until: lot.expiresAt,
      granted: lot.granted,
      available: lot.available,
      held: lot.held,
      spent: lot.spent,
      expired: lot.expired,
      revoked: lot.revoked,
    })),
    holds: inOrder(holds).map(({ status }) => status),
    plan: account.plan,
    cycle: account.cycleStart === null ? null : { start: account.cycleStart, end: account.cycleEnd },
    next: account.pendingPlan === null ? null : { plan: account.pendingPlan, at: account.pendingAt },
    closed: account.closedAt !== null,
  };
}

/** A settle by tokens names no model: the hold knows it. */
export const BARE = { model: '', provider: null, noByok: false };

export function callOf({ model, provider, input, output, noByok }: NaiveCall): CallInput {
  return {
    model,
    provider,
    inputTokens: input,
    outputTokens: output,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    toolCalls: 0,
    ...NO_TAGS,
    noByok,
  };
}

/** Microcredits of a JSON number of credits, by its text: multiplying goes wrong near the cap of an account. */
export function microOf(credits: unknown): bigint {
  const [whole, fraction = ''] = String(credits).split('.');
  return BigInt(whole + fraction.padEnd(6, '0'));
}

/** What the ledger answered, in the model's words. */
export function answerOf(command: Command, outcome: Outcome): NaiveAnswer {
  const own = outcome.booked.at(-1);
  const answer: NaiveAnswer = {};
  const big = (amount: unknown): bigint => BigInt(Number(amount));
  switch (command.type) {
    case 'spend':
    case 'settle':
    case 'hold':
    case 'release':
    case 'grant':
    case 'revoke':
      answer.credits = big(own!.receipt.credits);
      break;
    case 'expire':
      if (command.lot !== null) break;
      answer.expired = big(outcome.swept!.expired);
      break;
    case 'cycle':
      answer.change = null;
      if (outcome.change !== null) {
        const { plan, start, end, granted, missed, expired } = outcome.change;
        answer.change = { plan, start, end, granted: big(granted), missed };
        answer.expired = big(expired);
      }
      break;
  }
  if (own?.usage) {
    const { listCredits } = own.usage;
    answer.listCredits = listCredits === null ? null : big(listCredits);
  }
  if (command.type === 'settle') {
    const { released, overrun, late } = own!.receipt.detail ?? {};
    Object.assign(answer, { released: big(released), overrun: big(overrun), late });
  }
  if (command.type === 'release') answer.released = big(own!.receipt.detail?.released);
  return answer;
}
