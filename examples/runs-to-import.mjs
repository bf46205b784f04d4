#!/usr/bin/env node
// Turns recorded agent runs (one run a line: {"dataset","id","model","rounds":[{"in","cached","out","tools"}]}) into lines
// for `credits import`: one spend for each round, under a key of its own, so that importing twice books nothing twice.
//
//   node examples/runs-to-import.mjs examples/agent-runs.jsonl claude-haiku > calls.jsonl
//
// The second argument prices every call as that model; without it each call keeps the model it was recorded with.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

const [file, model] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: node examples/runs-to-import.mjs RUNS.jsonl [MODEL] > calls.jsonl\n');
  process.exitCode = 2;
} else {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.trim() === '') continue;
    const run = JSON.parse(line);
    for (const [index, round] of run.rounds.entries()) {
      const call = {
        model: model ?? run.model,
        inputTokens: round.in,
        cachedTokens: round.cached,
        outputTokens: round.out,
        toolCalls: round.tools,
        activity: 'agent',
        session: run.dataset,
        run: run.id,
        key: `${run.dataset}/${run.id}/${index + 1}`,
      };
      process.stdout.write(`${JSON.stringify(call)}\n`);
    }
  }
}
