/** Usage where the provider's input already includes its cache parts, and output its reasoning. */
import type { CallUsage } from './call.ts';

/** Parts as a provider reports them; a part that is missing is 0. */
export interface InclusiveParts {
  readonly input: number;
  readonly cached?: number;
  readonly cacheWrite?: number;
  readonly output: number;
  readonly reasoning?: number;
  readonly toolCalls?: number;
}

/** The normal form; parts are cut down to the whole that they are parts of. */
export function inclusiveUsage(parts: InclusiveParts): CallUsage {
  const cached = Math.min(parts.cached ?? 0, parts.input);
  return {
    inputTokens: parts.input,
    cachedTokens: cached,
    cacheWriteTokens: Math.min(parts.cacheWrite ?? 0, parts.input - cached),
    cacheWrite1hTokens: 0,
    outputTokens: parts.output,
    reasoningTokens: Math.min(parts.reasoning ?? 0, parts.output),
    toolCalls: parts.toolCalls ?? 0,
  };
}

/** Characters of a message's content: a text, or a list of parts with texts. */
export function contentLength(content: unknown): number {
  if (typeof content === 'string') return content.length;
  if (!Array.isArray(content)) return 0;
  let length = 0;
  for (const part of content as readonly { readonly text?: unknown }[]) {
    if (typeof part?.text === 'string') length += part.text.length;
  }
  return length;
}
