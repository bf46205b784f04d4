/**
 * What a coding agent tells its status line: one JSON object on stdin, every field optional. What is missing, of another
 * type or out of range is left out; nothing here refuses.
 *
 * Source: the `statusLine` setting of Claude Code, its input as documented for version 2.1.90.
 */
import type { CallTokens } from '../../core/rates.ts';

/** The facts that a line of credits can use. */
export interface ClientFacts {
  /** Id of the conversation: the same as `--session` of its calls, where they are booked here. */
  readonly session: string | null;
  /** Since the conversation began, ms. */
  readonly durationMs: number | null;
  /** The client's own guess of what the provider will ask for, US dollars. */
  readonly dollars: number | null;
  readonly model: { readonly id: string; readonly name: string } | null;
  /** Tokens of its latest call. */
  readonly latest: CallTokens | null;
}

const NOTHING: ClientFacts = { session: null, durationMs: null, dollars: null, model: null, latest: null };

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const amount = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
const tokens = (value: unknown): number | null => {
  const count = amount(value);
  return count !== null && Number.isInteger(count) && count <= 1_000_000_000 ? count : null;
};

/** Reads what a client wrote; anything that is no JSON object says nothing. */
export function readClientFacts(input: string): ClientFacts {
  let value: unknown;
  try {
    value = JSON.parse(input.replace(/^\ufeff/, ''));
  } catch {
    return NOTHING;
  }
  const facts = fieldsOf(value);
  const cost = fieldsOf(facts.cost);
  return {
    session: text(facts.session_id),
    durationMs: amount(cost.total_duration_ms),
    dollars: amount(cost.total_cost_usd),
    model: modelOf(fieldsOf(facts.model)),
    latest: latestCall(fieldsOf(fieldsOf(facts.context_window).current_usage)),
  };
}

function modelOf({ id, display_name: name }: Fields): ClientFacts['model'] {
  const words = text(id) ?? text(name);
  return words === null ? null : { id: words, name: text(name) ?? words };
}

/** The provider counts what a cache served beside the input; here it is part of the input. */
function latestCall(usage: Fields): CallTokens | null {
  const fresh = tokens(usage.input_tokens);
  const outputTokens = tokens(usage.output_tokens);
  if (fresh === null || outputTokens === null) return null;
  const cachedTokens = tokens(usage.cache_read_input_tokens) ?? 0;
  const cacheWriteTokens = tokens(usage.cache_creation_input_tokens) ?? 0;
  return {
    inputTokens: fresh + cachedTokens + cacheWriteTokens,
    cachedTokens,
    cacheWriteTokens,
    outputTokens,
  };
}
