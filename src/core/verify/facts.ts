/**
 * Facts in a receipt's detail, read with their shapes checked: a detail changed by hand may hold anything. What has not
 * the shape is undefined, and the auditor says so.
 */
import { isSource } from '../sources.ts';
import type { CallTags, Detail, HeldCall, Instant, PlanState, Source } from '../types.ts';

export interface LotFacts {
  readonly source: Source;
  readonly priority: number;
  readonly expiresAt: Instant | null;
  readonly cycle: number | null;
  readonly cycleStart: Instant | null;
}

export interface HoldFacts {
  readonly expiresAt: Instant;
  readonly call: HeldCall | null;
  readonly tags: CallTags;
}

export const isObject = (value: unknown): value is Detail =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isWholeOrNull = (value: unknown): value is number | null => value === null || isWhole(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);

/** The facts of a new lot. */
export function lotFacts(value: Detail): LotFacts | undefined {
  const { source, priority, expiresAt, cycle, cycleStart } = value;
  const fits =
    isText(source) &&
    isSource(source) &&
    isWhole(priority) &&
    isWholeOrNull(expiresAt) &&
    isWholeOrNull(cycle) &&
    isWholeOrNull(cycleStart);
  return fits ? { source, priority, expiresAt, cycle, cycleStart } : undefined;
}

/** The facts of a new hold. */
export function holdFacts(value: Detail): HoldFacts | undefined {
  const { expiresAt, call, tags } = value;
  if (!isWhole(expiresAt) || !isObject(tags)) return undefined;
  if (call !== null && !isHeldCall(call)) return undefined;
  return { expiresAt, call: call as HeldCall | null, tags: tags as unknown as CallTags };
}

function isHeldCall(call: unknown): boolean {
  return (
    isObject(call) &&
    isText(call.model) &&
    isText(call.provider) &&
    isWholeOrNull(call.rate) &&
    typeof call.byok === 'boolean' &&
    isWhole(call.inputTokens) &&
    isWhole(call.cachedTokens) &&
    isWhole(call.cacheWriteTokens) &&
    isWhole(call.outputTokens) &&
    (call.estimatedTokens === undefined || isWhole(call.estimatedTokens)) &&
    isWholeOrNull(call.listCredits)
  );
}

/** The plan side of an account after a receipt. */
export function planFacts(value: unknown): PlanState | undefined {
  if (!isObject(value)) return undefined;
  const { plan, anchorAt, cycle, cycleStart, cycleEnd, pendingPlan, pendingAt } = value;
  const fits =
    isText(plan) &&
    isWholeOrNull(anchorAt) &&
    isWhole(cycle) &&
    isWholeOrNull(cycleStart) &&
    isWholeOrNull(cycleEnd) &&
    isTextOrNull(pendingPlan) &&
    isWholeOrNull(pendingAt);
  return fits ? { plan, anchorAt, cycle, cycleStart, cycleEnd, pendingPlan, pendingAt } : undefined;
}

/** A list of numbers of lots or holds. */
export const numberList = (value: unknown): readonly number[] | undefined =>
  Array.isArray(value) && value.every(isWhole) ? (value as number[]) : undefined;
