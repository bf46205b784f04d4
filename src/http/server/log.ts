/**
 * Structured logs: one JSON object a line. Headers, bodies and query strings are never logged; whatever text is, is looked
 * through for what looks like a secret first. Lines are written in bundles: one write each would cost more than the request.
 */

export type Level = 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  write(level: Level, event: string, fields?: Fields): void;
  /** Writes what is waiting. */
  flush(): void;
}

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/credits_\d+_[\w-]+/g, 'credits_…'],
  [/\b(bearer|basic)\s+[^\s"',]+/gi, '$1 …'],
  [/\b(sk|rk|pk)_(test|live)_\w+/g, '$1_$2_…'],
  [/\bwhsec_\w+/g, 'whsec_…'],
  [/([a-z][a-z0-9+.-]*:\/\/[^/\s:@]*):[^/\s@]+@/gi, '$1:…@'],
  [/((?:password|secret|token|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',&]+/gi, '$1…'],
];

/** Text without what looks like a secret. */
export function redact(text: string): string {
  return SECRETS.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), text);
}

const FLUSH_MS = 200;
const FLUSH_CHARACTERS = 1 << 15;

/**
 * @param quiet leaves out what is not at least a warning
 * @param clock epoch ms
 */
export function createLog(
  sink: { write(text: string): unknown },
  { quiet, clock }: { readonly quiet: boolean; readonly clock: () => number },
): Log {
  let waiting = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === '') return;
    const text = waiting;
    waiting = '';
    sink.write(text);
  };
  return {
    flush,
    write(level, event, fields = {}) {
      if (quiet && level === 'info') return;
      const clean = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name,
          typeof value === 'string' ? redact(value) : value,
        ]),
      );
      waiting += `${JSON.stringify({ at: new Date(clock()).toISOString(), level, event, ...clean })}\n`;
      if (level !== 'info' || waiting.length > FLUSH_CHARACTERS) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
  };
}
