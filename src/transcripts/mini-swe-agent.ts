/** mini-swe-agent trajectories: one document a run, each answer with the provider's response inside. */

import type { CallUsage } from './call.ts';
import { instantOf, isObject, type JsonObject, listAt, objectAt, textAt, tokensAt } from './json.ts';
import type { DocumentReader, DocumentShape, OpenFile, Scan } from './shape.ts';
import { contentLength, inclusiveUsage } from './usage.ts';

interface Answer {
  readonly id: string | undefined;
  readonly at: number | undefined;
  readonly model: string | undefined;
  readonly usage: CallUsage;
  readonly line: number;
  obs: number;
}

/** One `*.traj.json`. */
export const miniSweAgent: DocumentShape = {
  reads: 'document',
  paths: ['instance_id', 'info.config.model.model_name', 'messages.*'],
  matches: ({ heads: [head] }) =>
    head !== undefined &&
    !('simulations' in head) &&
    ('trajectory_format' in head || ('messages' in head && ('instance_id' in head || 'info' in head))),
  start: (scan) => {
    const seen = new Set<string>();
    return (file) => trajectory(scan, file, seen);
  },
};

function trajectory({ calls, report }: Scan, file: OpenFile, seen: Set<string>): DocumentReader {
  let instance: string | undefined;
  let model: string | undefined;
  let answers: Answer[] = [];
  return {
    value(path, value, line) {
      if (path === 'instance_id') instance = typeof value === 'string' && value !== '' ? value : undefined;
      else if (path !== 'messages.*') model = typeof value === 'string' && value !== '' ? value : undefined;
      else if (isObject(value)) {
        const answer = value.role === 'assistant' ? readAnswer(value, line) : undefined;
        const last = answers[answers.length - 1];
        if (answer !== undefined) answers.push(answer);
        else if (last !== undefined && value.role !== 'assistant') last.obs += contentLength(value.content);
      }
    },
    close() {
      const task = instance ?? file.stem.replace(/\.traj$/, '');
      answers.forEach((answer, index) => {
        const key = answer.id ?? `${task}:${index + 1}:${answer.at ?? ''}`;
        if (seen.has(key)) {
          report.duplicates++;
          return;
        }
        seen.add(key);
        calls.add({
          ...answer.usage,
          format: 'mini-swe-agent',
          // The same task is run again and again, each time in a file of its own.
          run: calls.run('mini-swe-agent', task, file.index, task),
          at: answer.at,
          model: answer.model ?? model,
          key,
          file: file.index,
          line: answer.line,
          obs: answer.obs,
        });
      });
      answers = [];
      instance = undefined;
    },
  };
}

function readAnswer(message: JsonObject, line: number): Answer | undefined {
  const response = objectAt(message, 'extra', 'response');
  const usage = objectAt(response, 'usage');
  if (response === undefined || usage === undefined) return undefined;
  const inputDetails = objectAt(usage, 'prompt_tokens_details');
  const [choice] = listAt(response, 'choices');
  const toolCalls =
    listAt(message, 'tool_calls').length || listAt(objectAt(choice, 'message'), 'tool_calls').length;
  return {
    id: textAt(response, 'id'),
    at: instantOf(response.created),
    model: textAt(response, 'model'),
    usage: inclusiveUsage({
      input: tokensAt(usage, 'prompt_tokens'),
      cached: tokensAt(inputDetails, 'cached_tokens'),
      cacheWrite: tokensAt(usage, 'cache_creation_input_tokens'),
      output: tokensAt(usage, 'completion_tokens'),
      reasoning: tokensAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens'),
      toolCalls,
    }),
    line,
    obs: 0,
  };
}
