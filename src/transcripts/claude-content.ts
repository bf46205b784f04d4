/**
 * Leaves the content of an answer out of its log line before it is parsed: most bytes of such a line are text, and none of
 * it says anything about usage.
 */

const CONTENT = Buffer.from('"content":[');
const AFTER_CONTENT = Buffer.from('],"stop_reason":');
const TOOL_USE = Buffer.from('"type":"tool_use"');
/** Ids and flags come before the content; further back it is no line that the tool writes today. */
const MAX_BEFORE = 4096;

/**
 * The line with one short block, or none, in place of its content.
 *
 * Sound because of two facts. In valid JSON an unescaped `"stop_reason":` behind a comma is a key, never text. And the
 * result parses only when what is left before and behind closes as many levels as it opens, so that both cuts were made on
 * one level. Everything else goes the long way: content that is not followed by `stop_reason`, as the API orders an
 * answer; usage, id or model that would be cut out; more than one block that looks like a tool call.
 * @returns undefined when the line has to be parsed whole
 */
export function withoutContent(line: Buffer): string | undefined {
  const from = line.subarray(0, MAX_BEFORE).indexOf(CONTENT);
  const to = from < 0 ? -1 : line.lastIndexOf(AFTER_CONTENT);
  if (to < from + CONTENT.length) return undefined;
  const content = line.subarray(from + CONTENT.length, to);
  const toolUse = content.indexOf(TOOL_USE);
  if (toolUse >= 0 && content.indexOf(TOOL_USE, toolUse + TOOL_USE.length) >= 0) return undefined;
  const before = line.toString('utf8', 0, from + CONTENT.length);
  const after = line.toString('utf8', to);
  if (!after.includes('"usage":') || !before.includes('"id":"') || !before.includes('"model":"'))
    return undefined;
  return `${before}${toolUse < 0 ? '' : '{"type":"tool_use"}'}${after}`;
}
