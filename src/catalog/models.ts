/**
 * The built-in models and their tariff: the defaults of a new ledger and of commands that run without one.
 * The tariff is not a provider's price list; what providers ask stands in `provider-prices.ts`.
 *
 * Source: contract 4 (ids, names, aliases, rates); context windows and largest outputs from LiteLLM's model list,
 * July 2026.
 */
import type { ModelRow } from '../core/catalogue.ts';
import type { Rates } from '../core/rates.ts';

/** A built-in model with the rates it has from the beginning on. */
export interface DefaultModel extends ModelRow {
  readonly rates: Rates;
}

const rates = (input: string, output: string): Rates => ({
  input,
  output,
  cacheRead: null,
  cacheWrite: null,
});

/** Every built-in model, in the order in which it is listed. Rates are credits per 1K tokens. */
export const MODELS = [
  {
    id: 'claude-sonnet-4',
    name: 'Claude Sonnet 4',
    provider: 'anthropic',
    aliases: ['sonnet'],
    contextWindow: 200_000,
    maxOutput: 64_000,
    rates: rates('3', '15'),
  },
  {
    id: 'claude-haiku',
    name: 'Claude Haiku',
    provider: 'anthropic',
    aliases: ['haiku', 'claude-3-haiku'],
    contextWindow: 200_000,
    maxOutput: 4_096,
    rates: rates('0.25', '1.25'),
  },
  {
    id: 'gpt-4o',
    name: 'GPT-4o',
    provider: 'openai',
    aliases: ['4o'],
    contextWindow: 128_000,
    maxOutput: 16_384,
    rates: rates('2.5', '10'),
  },
  {
    id: 'gpt-4o-mini',
    name: 'GPT-4o Mini',
    provider: 'openai',
    aliases: ['4o-mini', 'mini'],
    contextWindow: 128_000,
    maxOutput: 16_384,
    rates: rates('0.15', '0.6'),
  },
  {
    id: 'gemini-2.5-pro',
    name: 'Gemini 2.5 Pro',
    provider: 'google',
    aliases: ['gemini-pro'],
    contextWindow: 1_048_576,
    maxOutput: 65_535,
    rates: rates('1.25', '10'),
  },
  {
    id: 'gemini-2.5-flash',
    name: 'Gemini 2.5 Flash',
    provider: 'google',
    aliases: ['gemini-flash', 'flash'],
    contextWindow: 1_048_576,
    maxOutput: 65_535,
    rates: rates('0.15', '0.6'),
  },
] as const satisfies readonly DefaultModel[];
