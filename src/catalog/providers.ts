/**
 * Providers the program knows by name: what they are called and which environment variable usually holds their key.
 * A model may name any other provider; this table only gives a known one its name and its defaults.
 */

export interface ProviderRow {
  /** Lower case, as in `provider` of a model. */
  readonly id: string;
  readonly name: string;
  /** The environment variable that the provider's own tools read the key from. Never the key itself. */
  readonly keyVariable: string;
}

/** Known providers, by id. */
export const PROVIDERS = [
  { id: 'anthropic', name: 'Anthropic', keyVariable: 'ANTHROPIC_API_KEY' },
  { id: 'google', name: 'Google', keyVariable: 'GEMINI_API_KEY' },
  { id: 'openai', name: 'OpenAI', keyVariable: 'OPENAI_API_KEY' },
  { id: 'openrouter', name: 'OpenRouter', keyVariable: 'OPENROUTER_API_KEY' },
] as const satisfies readonly ProviderRow[];

/** A known provider by id, without regard to case. */
export function knownProvider(id: string): ProviderRow | undefined {
  const wanted = id.toLowerCase();
  return PROVIDERS.find((row) => row.id === wanted);
}
