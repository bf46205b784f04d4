/**
 * Gemini CLI sessions: one JSON object a line (newer), one document with `messages` (older), and the summary that a headless run
 * prints. A session's first line, or the document's own fields, name it.
 */
import { addGeminiStats, type GeminiMessage, geminiMessages, readGeminiMessage } from './gemini-usage.ts';
import { isObject, type JsonObject, listAt, objectAt, textAt } from './json.ts';
import type { DocumentShape, LineShape } from './shape.ts';

/** Newer sessions: a header line, messages, and `$set` lines that patch the session. */
export const geminiLog: LineShape = {
  reads: 'lines',
  needles: ['"tokens"', '"sessionId"'],
  matches: ({ heads }) =>
    heads.some(
      (head) =>
        !('messages' in head) &&
        ('$set' in head ||
          ('sessionId' in head && 'projectHash' in head) ||
          (head.type === 'gemini' && 'tokens' in head)),
    ),
  start: (scan) => {
    const add = geminiMessages(scan);
    return (file) => {
      let session = file.stem;
      let isMain = true;
      return {
        record(value, line) {
          if (textAt(value, 'sessionId') !== undefined) {
            session = textAt(value, 'sessionId') ?? session;
            isMain = (textAt(value, 'kind') ?? 'main') === 'main';
          }
          for (const candidate of [value, ...listAt(objectAt(value, '$set'), 'messages')]) {
            const message = isObject(candidate) ? readGeminiMessage(candidate, line) : undefined;
            if (message !== undefined) add(file, session, isMain, message);
          }
        },
      };
    };
  },
};

/** Older sessions and headless summaries. */
export const geminiDocument: DocumentShape = {
  reads: 'document',
  paths: ['sessionId', 'session_id', 'kind', 'messages.*', 'stats'],
  matches: ({ heads: [head] }) => head !== undefined && (isSession(head) || isSummary(head)),
  start: (scan) => {
    const add = geminiMessages(scan);
    const seen = new Set<string>();
    return (file) => {
      let session: string | undefined;
      let isMain = true;
      let stats: { readonly value: JsonObject; readonly line: number } | undefined;
      let messages: GeminiMessage[] = [];
      return {
        value(path, value, line) {
          if (path === 'messages.*') {
            const message = isObject(value) ? readGeminiMessage(value, line) : undefined;
            if (message !== undefined) messages.push(message);
          } else if (path === 'stats' && isObject(value)) stats = { value, line };
          else if (path === 'kind') isMain = value === 'main';
          else if (typeof value === 'string' && value !== '') session = value;
        },
        close() {
          for (const message of messages) add(file, session ?? file.stem, isMain, message);
          if (stats !== undefined && messages.length === 0) {
            addGeminiStats(scan, file, session, stats.value, seen, stats.line);
          }
          messages = [];
          stats = undefined;
          session = undefined;
        },
      };
    };
  },
};

const isSession = (head: JsonObject): boolean =>
  'messages' in head && ('sessionId' in head || 'projectHash' in head);

function isSummary(head: JsonObject): boolean {
  if (!('stats' in head)) return false;
  return 'response' in head || objectAt(head, 'stats', 'models') !== undefined;
}
