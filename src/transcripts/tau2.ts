/**
 * tau2 simulations: one document with many runs. The simulated customer is a model too, but its calls are not the
 * agent's: only messages of role `assistant` count.
 */

import type { CallUsage } from './call.ts';
import { instantOf, isObject, type JsonObject, listAt, objectAt, textAt, tokensAt } from './json.ts';
import type { DocumentShape, OpenFile, Scan } from './shape.ts';
import { contentLength, inclusiveUsage } from './usage.ts';

interface Turn {
  readonly index: string;
  readonly at: number | undefined;
  readonly usage: CallUsage;
  obs: number;
}

/** A result file: `info` about the agent, then `simulations`. */
export const tau2: DocumentShape = {
  reads: 'document',
  paths: ['info.agent_info.llm', 'simulations.*'],
  matches: ({ heads: [head] }) =>
    head !== undefined && ('simulations' in head || ('info' in head && 'tasks' in head)),
  start: (scan) => {
    const seen = new Set<string>();
    return (file) => {
      let model: string | undefined;
      let rows: number[] = [];
      return {
        value(path, value, line) {
          if (path === 'simulations.*') {
            if (isObject(value)) rows.push(...addSimulation(scan, file, seen, value, model, line));
          } else if (typeof value === 'string' && value !== '') model = value;
        },
        close() {
          // The agent's model may stand behind the simulations.
          if (model !== undefined) for (const row of rows) scan.calls.setModel(row, model);
          rows = [];
          model = undefined;
        },
      };
    };
  },
};

function addSimulation(
  { calls, report }: Scan,
  file: OpenFile,
  seen: Set<string>,
  simulation: JsonObject,
  model: string | undefined,
  line: number,
): number[] {
  const turns = turnsOf(simulation);
  const task = simulation.task_id === undefined ? undefined : String(simulation.task_id);
  const id = textAt(simulation, 'id') ?? `${task ?? ''}/${String(simulation.trial ?? '')}`;
  const rows: number[] = [];
  for (const turn of turns) {
    const key = `${id}:${turn.index}`;
    if (seen.has(key)) {
      report.duplicates++;
      continue;
    }
    seen.add(key);
    const run = calls.run('tau2', id, undefined, task);
    const { at, usage, obs } = turn;
    rows.push(calls.add({ ...usage, format: 'tau2', run, at, model, key, file: file.index, line, obs }));
  }
  return rows;
}

function turnsOf(simulation: JsonObject): Turn[] {
  const turns: Turn[] = [];
  listAt(simulation, 'messages').forEach((message, index) => {
    if (!isObject(message)) return;
    const usage = message.role === 'assistant' ? objectAt(message, 'usage') : undefined;
    const last = turns[turns.length - 1];
    if (usage !== undefined) {
      turns.push({
        index: String(message.turn_idx ?? index),
        at: instantOf(message.timestamp),
        usage: inclusiveUsage({
          input: tokensAt(usage, 'prompt_tokens'),
          output: tokensAt(usage, 'completion_tokens'),
          toolCalls: listAt(message, 'tool_calls').length,
        }),
        obs: 0,
      });
    } else if (last !== undefined && message.role !== 'assistant') last.obs += contentLength(message.content);
  });
  return turns;
}
