/**
 * The plain format, for whoever has no log of a known tool: one run a line,
 * `{"id","model","rounds":[{"in","cached","out","reason","tools","obs"}]}`. `in` includes `cached`, `out` includes `reason`.
 * Ids are unique inside a `dataset` where one is given.
 */
import { instantOf, isObject, type JsonObject, textAt, tokensAt, UnusableRecord } from './json.ts';
import type { LineShape, OpenFile, Scan } from './shape.ts';

interface Round {
  readonly in: number;
  readonly cached: number;
  readonly out: number;
  readonly reason: number;
  readonly tools: number;
  readonly obs: number | undefined;
  readonly at: number | undefined;
}

/** One run a line. */
export const plainRuns: LineShape = {
  reads: 'lines',
  needles: [],
  matches: ({ heads }) => heads.some((head) => 'rounds' in head && ('id' in head || 'model' in head)),
  start: (scan) => {
    const known = new Map<string, number>();
    return (file) => ({ record: (value, line) => addRun(scan, file, known, value, line) });
  },
};

function addRun(
  { calls, report }: Scan,
  file: OpenFile,
  known: Map<string, number>,
  value: JsonObject,
  line: number,
): void {
  if (!Array.isArray(value.rounds)) throw new UnusableRecord('a run has no list of rounds');
  if (typeof value.id !== 'string' && typeof value.id !== 'number')
    throw new UnusableRecord('a run has no id');
  const rounds = value.rounds.map(readRound);
  const dataset = textAt(value, 'dataset');
  const id = dataset === undefined ? `${value.id}` : `${dataset}/${value.id}`;
  const task = textAt(value, 'task') ?? taskOf(String(value.id), value.agent);
  let changed = false;
  rounds.forEach((round, index) => {
    const key = `${id}:${index + 1}`;
    const row = known.get(key);
    if (row !== undefined) {
      report.duplicates++;
      const first = calls.get(row);
      changed ||= first.inputTokens !== round.in || first.outputTokens !== round.out;
      return;
    }
    const added = calls.add({
      inputTokens: round.in,
      cachedTokens: round.cached,
      cacheWriteTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: round.out,
      reasoningTokens: round.reason,
      toolCalls: round.tools,
      format: 'plain',
      run: calls.run('plain', id, undefined, task),
      at: round.at,
      model: textAt(value, 'model'),
      key,
      file: file.index,
      line,
      obs: round.obs,
    });
    known.set(key, added);
  });
  if (changed)
    report.bad(file.path, line, 'a run with this id and other rounds was read before; the first counts');
}

function readRound(round: unknown, index: number): Round {
  if (!isObject(round)) throw new UnusableRecord(`round ${index + 1} is no object`);
  if (round.in === undefined || round.out === undefined)
    throw new UnusableRecord(`round ${index + 1} lacks "in" or "out"`);
  const input = tokensAt(round, 'in');
  const output = tokensAt(round, 'out');
  const cached = tokensAt(round, 'cached');
  const reason = tokensAt(round, 'reason');
  if (cached > input) throw new UnusableRecord(`round ${index + 1}: "cached" is more than "in"`);
  if (reason > output) throw new UnusableRecord(`round ${index + 1}: "reason" is more than "out"`);
  const obs = round.obs === undefined ? undefined : tokensAt(round, 'obs');
  return {
    in: input,
    cached,
    out: output,
    reason,
    tools: tokensAt(round, 'tools'),
    obs,
    at: instantOf(round.at),
  };
}

/** tau2 ids are `TASK/TRIAL`: all trials of a task belong together. */
function taskOf(id: string, agent: unknown): string {
  return agent === 'tau2' ? id.replace(/\/[^/]*$/, '') : id;
}
