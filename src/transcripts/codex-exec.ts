/**
 * What `codex exec --json` prints: one event a line. Usage is told per turn, which may be several calls: one estimated
 * row each.
 */
import { modelIn, readCodexTokens } from './codex-usage.ts';
import { instantOf, objectAt, textAt } from './json.ts';
import type { LineShape } from './shape.ts';
import { inclusiveUsage } from './usage.ts';

/** The printed stream of events. */
export const codexExec: LineShape = {
  reads: 'lines',
  needles: ['"thread.started"', '"usage"'],
  matches: ({ heads }) =>
    heads.some(
      ({ type }) => typeof type === 'string' && /^(?:thread\.started|(?:turn|item)\.\w+)$/.test(type),
    ),
  start: ({ calls, report }) => {
    const seen = new Set<string>();
    return (file) => {
      let thread = file.stem;
      let turn = 0;
      return {
        record(value, line) {
          if (value.type === 'thread.started') thread = textAt(value, 'thread_id') ?? thread;
          const usage = objectAt(value, 'usage');
          if (value.type !== 'turn.completed' || usage === undefined) return;
          const tokens = readCodexTokens(usage);
          if (tokens.input + tokens.output === 0) return;
          const key = `turn:${thread}:${++turn}:${tokens.input}:${tokens.output}`;
          if (seen.has(key)) {
            report.duplicates++;
            return;
          }
          seen.add(key);
          calls.add({
            ...inclusiveUsage(tokens),
            format: 'codex',
            run: calls.run('codex', thread),
            at: instantOf(value.timestamp),
            model: modelIn(value),
            key,
            file: file.index,
            line,
            estimated: true,
          });
        },
      };
    };
  },
};
