/**
 * The quick way to read an answer in a Claude Code log: most bytes of such a line are content that says nothing about
 * usage, so it is jumped over and only the wanted fields are read.
 */
import { createPicker } from './pick-json.ts';

const AFTER_CONTENT = Buffer.from('],"stop_reason":');
// Cut in two, because an underscore is rarer in text than a quote, which makes its half quick to search for.
const TOOL_USE_START = Buffer.from('"type":"tool');
const TOOL_USE_END = Buffer.from('_use"');

/**
 * Jumps over the content. In valid JSON an unescaped `"stop_reason":` behind a comma is a key and never text; and the picker
 * finds what stands before and behind the content on one level only when both cuts were made on one level.
 * @returns one block that stands for a tool call, or none; undefined for content that does not end before `stop_reason`, as
 *   the API orders an answer, and for what may be several tool calls
 */
function skimContent(
  bytes: Buffer,
  at: number,
): { readonly value: unknown; readonly end: number } | undefined {
  const end = bytes[at] === 0x5b ? bytes.lastIndexOf(AFTER_CONTENT) : -1;
  if (end < at) return undefined;
  const tool = bytes.indexOf(TOOL_USE_END, at);
  const hasTool = tool >= 0 && tool < end;
  if (hasTool) {
    const next = bytes.indexOf(TOOL_USE_END, tool + TOOL_USE_END.length);
    if (next >= 0 && next < end) return undefined;
    if (bytes.compare(TOOL_USE_START, 0, TOOL_USE_START.length, tool - TOOL_USE_START.length, tool) !== 0)
      return undefined;
  }
  return { value: hasTool ? [{ type: 'tool_use' }] : [], end: end + 1 };
}

const pick = createPicker({
  timestamp: true,
  sessionId: true,
  agentId: true,
  version: true,
  requestId: true,
  isSidechain: true,
  isApiErrorMessage: true,
  costUSD: true,
  message: {
    id: true,
    model: true,
    content: skimContent,
    usage: {
      input_tokens: true,
      output_tokens: true,
      cache_creation_input_tokens: true,
      cache_read_input_tokens: true,
      cache_creation: { ephemeral_5m_input_tokens: true, ephemeral_1h_input_tokens: true },
      speed: true,
    },
  },
});

/**
 * The wanted fields of an answer's line, in the shape of the whole line.
 * @returns undefined when the line has to be parsed whole, as every line that is no ordinary answer
 */
export function quickAnswer(line: Buffer): Record<string, unknown> | undefined {
  const found = pick(line);
  const message = found?.message as Record<string, unknown> | undefined;
  // Whatever lacks one of these may have lost it in the jump.
  return message?.id !== undefined && message.model !== undefined && message.usage !== undefined
    ? found
    : undefined;
}
