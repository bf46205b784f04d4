/**
 * OpenTelemetry spans of the GenAI conventions, as OTLP JSON: one export document, or one a line. The conventions are
 * experimental, so older names of an attribute are read too. Spans of whole agents repeat the sums of their children and
 * do not count.
 *
 * Source: OpenTelemetry semantic conventions, GenAI spans.
 */

import type { CallUsage } from './call.ts';
import { isObject, type JsonObject, listAt, objectAt, textAt, tokensAt } from './json.ts';
import type { DocumentShape, OpenFile, Scan } from './shape.ts';
import { inclusiveUsage } from './usage.ts';

const CALLS = new Set(['chat', 'generate_content', 'text_completion']);

/** Exported traces. */
export const otelSpans: DocumentShape = {
  reads: 'document',
  paths: ['resourceSpans.*.scopeSpans.*.spans.*', 'resourceSpans.*.instrumentationLibrarySpans.*.spans.*'],
  matches: ({ heads: [head] }) => head !== undefined && 'resourceSpans' in head,
  start: (scan) => {
    const seen = new Set<string>();
    return (file) => ({
      value(_path, value, line) {
        if (isObject(value)) addSpan(scan, file, seen, value, line);
      },
    });
  },
};

function addSpan(
  { calls, report }: Scan,
  file: OpenFile,
  seen: Set<string>,
  span: JsonObject,
  line: number,
): void {
  const attributes = attributesOf(span);
  if (!CALLS.has(String(attributes['gen_ai.operation.name']))) return;
  const usage = usageOf(attributes);
  if (usage === undefined) return;
  const trace = textAt(span, 'traceId') ?? '';
  const key = textAt(attributes, 'gen_ai.response.id') ?? `${trace}:${textAt(span, 'spanId') ?? ''}`;
  if (seen.has(key)) {
    report.duplicates++;
    return;
  }
  seen.add(key);
  calls.add({
    ...usage,
    format: 'otel',
    run: calls.run('otel', textAt(attributes, 'gen_ai.conversation.id') ?? trace),
    at: nanosecondsToMs(span.startTimeUnixNano),
    model: textAt(attributes, 'gen_ai.response.model') ?? textAt(attributes, 'gen_ai.request.model'),
    key,
    file: file.index,
    line,
  });
}

function usageOf(attributes: JsonObject): CallUsage | undefined {
  const at = (...names: string[]): number =>
    tokensAt(attributes, ...names.map((name) => `gen_ai.usage.${name}`));
  const names = ['input_tokens', 'prompt_tokens', 'output_tokens', 'completion_tokens'];
  if (!names.some((name) => `gen_ai.usage.${name}` in attributes)) return undefined;
  const input = at('input_tokens', 'prompt_tokens');
  const cached = at('cache_read.input_tokens', 'cache_read_input_tokens', 'input_tokens.cached');
  const cacheWrite = at(
    'cache_creation.input_tokens',
    'cache_creation_input_tokens',
    'input_tokens.cache_write',
  );
  return inclusiveUsage({
    // The conventions count the cache parts as input; parts larger than the whole come from a writer that did not.
    input: cached + cacheWrite > input ? tokensAt({ sum: input + cached + cacheWrite }, 'sum') : input,
    cached,
    cacheWrite,
    output: at('output_tokens', 'completion_tokens'),
    reasoning: at('reasoning.output_tokens', 'output_tokens.reasoning'),
  });
}

/** OTLP's list of keys and typed values as one object; integers may come as text. */
function attributesOf(span: JsonObject): JsonObject {
  const attributes: Record<string, unknown> = {};
  for (const entry of listAt(span, 'attributes')) {
    const key = isObject(entry) ? textAt(entry, 'key') : undefined;
    const value = objectAt(entry, 'value');
    if (key === undefined || value === undefined) continue;
    const integer = value.intValue;
    attributes[key] =
      typeof integer === 'string' ? Number(integer) : (integer ?? value.doubleValue ?? value.stringValue);
  }
  return attributes;
}

/** Nanoseconds since 1970 pass 2^53, so that they are text: milliseconds without the last six digits. */
function nanosecondsToMs(value: unknown): number | undefined {
  const text = String(value ?? '');
  return /^\d{7,19}$/.test(text) && text !== '0' ? Number(text.slice(0, -6)) : undefined;
}
