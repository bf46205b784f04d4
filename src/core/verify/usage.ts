/**
 * Calls and amounts as analytics see them, against the receipt that booked them, the hold they close, and the price list:
 * the rate in force, the tokens times it, nothing for a call on the account's own key.
 * Source: contract 1 (cost of a call), 4, 5.10.
 */
import { isLedgerError } from '../errors.ts';
import { type CallTokens, priceCall } from '../rates.ts';
import type { HeldCall, Instant, Usage } from '../types.ts';
import { holdFacts } from './facts.ts';
import type { AuditHold, AuditState } from './state.ts';
import type { Step } from './step.ts';
import { amountText, instantText } from './words.ts';

type Say = (text: string) => void;

/** Kinds of receipt that have a usage row, each exactly one. */
const USES: ReadonlySet<string> = new Set(['spend', 'settle']);

/** @param hold what a settle closes, as it was before; undefined for anything else */
export function checkUsage(state: AuditState, step: Step, hold: AuditHold | undefined): void {
  const { receipt, rows } = step;
  const { usage } = rows;
  if (usage === null) {
    if (USES.has(receipt.kind)) state.fault('usage', state.names.usage(receipt.seq), 'is missing');
    return;
  }
  const say: Say = (text) => state.fault('usage', state.names.usage(receipt.seq), text);
  if (!USES.has(receipt.kind)) {
    say(`belongs to a receipt of kind ${receipt.kind}`);
    return;
  }
  if (typeof usage.byok !== 'boolean') say(`byok is ${String(usage.byok)}`);
  if (usage.credits !== receipt.credits) {
    say(`credits is ${amountText(usage.credits)}, its receipt says ${amountText(receipt.credits)}`);
  }
  if (usage.byok && usage.credits !== 0) say(`costs ${amountText(usage.credits)} on the account's own key`);
  const isEarly = receipt.kind === 'spend' ? usage.at <= receipt.at : usage.at === receipt.at;
  if (!isEarly) say(`at is ${instantText(usage.at)}, its receipt says ${instantText(receipt.at)}`);
  if (receipt.kind === 'spend') checkSpend(state, receipt.seq, usage, say);
  else if (hold !== undefined) checkSettle(state, receipt.seq, usage, hold, say);
}

function checkSpend(state: AuditState, seq: number, usage: Usage, say: Say): void {
  if (usage.model === null) {
    checkBare(usage, say);
    return;
  }
  checkTerms(state, { seq, usage, at: usage.at }, say);
}

/** A bare amount has no model, no rate and no tokens, and is its own list price. */
function checkBare(usage: Usage, say: Say): void {
  if (usage.provider !== null || usage.rate !== null || usage.byok)
    say('names a provider, rate or key without a model');
  requireNoTokens(usage, say);
  requireList(usage, usage.credits, say);
}

function requireNoTokens(usage: Usage, say: Say): void {
  const { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, toolCalls } = usage;
  if (inputTokens || cachedTokens || cacheWriteTokens || outputTokens || toolCalls) {
    say('has tokens and was booked by amount');
  }
}

function requireList(usage: Usage, wanted: number | null, say: Say): void {
  if (usage.listCredits === wanted) return;
  say(`list_credits is ${amountText(usage.listCredits)}, it costs ${amountText(wanted)}`);
}

interface Priced {
  readonly seq: number;
  readonly usage: Usage;
  /** When its rate must have been in force. */
  readonly at: Instant;
}

/** A call whose terms were found when it was booked. */
function checkTerms(state: AuditState, { seq, usage, at }: Priced, say: Say): void {
  requireOwnKey(state, usage.provider, usage.byok, say);
  if (usage.rate === null) {
    if (!usage.byok) say('has a model, but no rate');
    requireList(usage, null, say);
    return;
  }
  requireRate(
    state,
    state.names.usage(seq),
    { model: usage.model!, provider: usage.provider, rate: usage.rate },
    at,
  );
  requirePrice(state, seq, usage);
}

function requireOwnKey(state: AuditState, provider: string | null, byok: boolean, say: Say): void {
  if (byok && !(provider !== null && Object.hasOwn(state.byok, provider))) {
    say(`is on the account's own key for ${String(provider)}, which it had not added`);
  }
}

interface Terms {
  readonly model: string;
  readonly provider: string | null;
  readonly rate: number;
}

/** A rate row must be of the model, and in force at an instant. */
function requireRate(
  state: AuditState,
  name: string,
  { model, provider, rate: no }: Terms,
  at: Instant,
): void {
  const { prices } = state.context;
  const rate = prices.rate(no);
  if (rate === undefined) {
    state.fault('price', name, `rate is ${no}, and there is no such rate`);
    return;
  }
  if (rate.model !== model) {
    state.fault('price', name, `rate ${no} is of ${rate.model}, not of ${model}`);
    return;
  }
  if (prices.providerOf(model) !== provider) {
    state.fault('price', name, `provider is ${String(provider)}, ${model} is of ${prices.providerOf(model)}`);
  }
  if (!prices.rateFits(rate, at, state.ratesSeen)) {
    state.fault('price', name, `rate ${no} was not in force at ${instantText(at)}`);
  }
  if (no > state.ratesSeen) state.ratesSeen = no;
}

/** The list price: tokens times the rate, rounded up once. What is charged is that, or nothing. */
function requirePrice(state: AuditState, seq: number, usage: Usage): void {
  const say: Say = (text) => state.fault('price', state.names.usage(seq), text);
  const list = priceOf(state, usage.rate!, usage, say);
  if (list === undefined) return;
  requireList(usage, list, say);
  const credits = usage.byok ? 0 : list;
  if (usage.credits !== credits)
    say(`credits is ${amountText(usage.credits)}, it costs ${amountText(credits)}`);
}

function priceOf(state: AuditState, rate: number, tokens: CallTokens, say: Say): number | undefined {
  const rates = state.context.prices.rate(rate)?.rates;
  if (rates == null) {
    say(`rate ${rate} has no price`);
    return undefined;
  }
  try {
    return priceCall(rates, tokens);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    say(error.message);
    return undefined;
  }
}

/** A settle is priced by the model, payer and rate of its hold, whatever has changed since. */
function checkSettle(state: AuditState, seq: number, usage: Usage, hold: AuditHold, say: Say): void {
  const { call } = hold;
  if (call === null) {
    if (usage.model === null) {
      checkBare(usage, say);
      return;
    }
    checkTerms(state, { seq, usage, at: hold.createdAt }, say);
    return;
  }
  for (const field of ['model', 'provider', 'byok'] as const) {
    if (usage[field] === call[field]) continue;
    say(`${field} is ${String(usage[field])}, its hold says ${String(call[field])}`);
  }
  if (usage.rate !== null) {
    if (usage.rate !== call.rate) say(`rate is ${usage.rate}, its hold says ${String(call.rate)}`);
    requirePrice(state, seq, usage);
    return;
  }
  // Without a rate: settled by an amount, or a call that needs no price.
  if (usage.listCredits === null) {
    if (call.rate !== null) say('has no rate, its hold has one');
    return;
  }
  requireNoTokens(usage, say);
  requireList(usage, usage.byok ? usage.listCredits : usage.credits, say);
}

/** The call that a hold was made for: its rate, its most, and what is reserved for it. */
export function checkHeldCall(state: AuditState, step: Step): void {
  const { seq, at, credits } = step.receipt;
  const name = state.names.receipt(seq);
  const call = holdFacts(step.detail)?.call;
  if (call === undefined) return;
  if (call === null) {
    if (credits === 0) state.fault('price', name, 'holds nothing and is for no call');
    return;
  }
  requireOwnKey(state, call.provider, call.byok, (text) => state.fault('usage', name, text));
  const list = heldList(state, name, call, at);
  if (list === undefined) return;
  if (call.listCredits !== list) {
    state.fault(
      'price',
      name,
      `its call is listed at ${amountText(call.listCredits)}, it costs ${amountText(list)}`,
    );
  }
  const reserved = call.byok ? 0 : list;
  if (credits !== reserved) {
    state.fault(
      'price',
      name,
      `holds ${amountText(credits)}, its call costs ${amountText(reserved)} at most`,
    );
  }
}

/** What a held call costs at most; null: it needs no price; undefined: that cannot be told. */
function heldList(state: AuditState, name: string, call: HeldCall, at: Instant): number | null | undefined {
  if (call.rate === null) {
    if (!call.byok) state.fault('price', name, 'its call has a model, but no rate');
    return null;
  }
  requireRate(state, name, { model: call.model, provider: call.provider, rate: call.rate }, at);
  return priceOf(state, call.rate, call, (text) => state.fault('price', name, text));
}
