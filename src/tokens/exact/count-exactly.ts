/**
 * Asking a provider for the exact count. The only place of token counting that sends a text anywhere, and only when it is
 * called for. It never falls back on an estimate: every failure is thrown.
 */
import { invalid } from '../../core/errors.ts';
import type { TokenCount } from '../count.ts';
import type { CountedModel } from '../families.ts';
import { isObject, refuse } from '../request/fields.ts';
import { anthropicCounter } from './anthropic.ts';
import { askProvider } from './ask-provider.ts';
import type { ExactWorld, ProviderCounter } from './counter.ts';
import { geminiCounter } from './gemini.ts';
import { openAiCounter } from './openai.ts';

/** What to count: a text, sent as one user message, or a whole request in the provider's own shape. */
export type ExactContent =
  | { readonly text: string; readonly system?: string }
  | { readonly request: unknown };

const COUNTERS: Readonly<Record<string, ProviderCounter>> = {
  anthropic: anthropicCounter,
  google: geminiCounter,
  openai: openAiCounter,
};

/** Catalogue ids that are no ids of the provider's API. */
const API_IDS: Readonly<Record<string, string>> = {
  'claude-sonnet-4': 'claude-sonnet-4-20250514',
  'claude-haiku': 'claude-3-haiku-20240307',
};

/**
 * Counts the input tokens of a text or request through the provider's own counting endpoint: Anthropic
 * `messages/count_tokens`, Gemini `countTokens`, OpenAI `responses/input_tokens`. The first and the last include the
 * framing of the message, also for a bare text. An OpenAI chat body is counted as the responses request of the same
 * content.
 * @param model asked for under its own id; under the body's `model` when that is a dated id of the same model
 * @param world the key comes from ANTHROPIC_API_KEY, GEMINI_API_KEY or GOOGLE_API_KEY, OPENAI_API_KEY; the address may be
 *   moved by ANTHROPIC_BASE_URL, GEMINI_API_BASE, OPENAI_BASE_URL (plain http at loopback only)
 * @throws LedgerError `invalid_argument` (no endpoint for this provider, no key, a body of another provider's shape, or
 *   the provider refuses the body), `unauthenticated` (401, 403), `rate_limited` (429), `remote_unreachable` (network,
 *   timeout, 5xx, an answer without a count)
 */
export async function countExactly(
  model: CountedModel,
  content: ExactContent,
  world: ExactWorld,
): Promise<TokenCount> {
  const provider = model.provider.toLowerCase();
  const counter = Object.hasOwn(COUNTERS, provider) ? COUNTERS[provider] : undefined;
  if (counter === undefined) {
    throw invalid(
      `no exact count for ${model.id}: the provider ${model.provider} has no counting endpoint`,
      `leave out --exact for an estimate; exact counts are there for ${Object.keys(COUNTERS).join(', ')}`,
    );
  }
  const question =
    'text' in content
      ? counter.askText(apiIdOf(model, undefined), content.text, content.system ?? '')
      : counter.askRequest(apiIdOf(model, content.request), requestBody(content.request));
  const tokens = await askProvider(counter, question, world);
  return { tokens, low: tokens, high: tokens, method: 'exact', how: `api:${provider}` };
}

function requestBody(body: unknown) {
  if (!isObject(body)) throw refuse('', 'must be a JSON object');
  return body;
}

function apiIdOf({ id }: CountedModel, body: unknown): string {
  const known = Object.hasOwn(API_IDS, id) ? API_IDS[id]! : id;
  const named = isObject(body) && typeof body.model === 'string' ? body.model.replace(/^models\//, '') : '';
  return named.startsWith(`${id}-2`) || named.startsWith(`${known}-2`) ? named : known;
}
