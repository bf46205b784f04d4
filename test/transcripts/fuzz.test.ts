/**
 * Transcripts of every format, spoiled: bits flipped, lines cut, doubled and out of order, numbers far too large, values of
 * another kind, nesting without end, bytes that are no text. Whatever stands there: nothing is thrown, what is counted is
 * counted in whole tokens from 0 to a thousand million, and sums are sums. 1,500 files; 100,000 with CREDITS_TORTURE=long.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { MAX_TOKENS } from '../../src/core/credits.ts';
import type { Call, Format, Transcripts } from '../../src/transcripts/call.ts';
import { FORMAT_NAMES } from '../../src/transcripts/call.ts';
import { readTranscripts } from '../../src/transcripts/read-transcripts.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { mutate } from '../helpers/mutate.ts';
import { LONG, PATIENCE } from '../helpers/processes.ts';
import { type Chance, chanceOf } from '../helpers/random.ts';

const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_261_125);
const FILES = Number(process.env.CREDITS_TEST_FILES ?? (LONG ? 100_000 : 1_500));
vi.setConfig({ testTimeout: PATIENCE + FILES * 50 });

/** One file in so many goes through the command line as well. */
const PRICED = 65;

const root = path.join(import.meta.dirname, '../fixtures/transcripts');
const fixtures = (fs.readdirSync(root, { recursive: true }) as string[])
  .map((name) => path.join(root, name))
  .filter((file) => fs.statSync(file).isFile())
  .sort()
  .map((file) => ({ file, bytes: fs.readFileSync(file) }));

/** Reads bytes as if they were what a file holds, in pieces of any size. */
function read(file: string, bytes: Buffer, chance: Chance): Transcripts {
  const forced: { format?: Format } = chance.oneIn(4) ? { format: chance.pick(FORMAT_NAMES) } : {};
  let at = 0;
  return readTranscripts([file], {
    ...forced,
    now: Date.UTC(2026, 3, 2),
    chunkBytes: chance.pick([64, 1_000, 1 << 16]),
    maxRecordBytes: chance.pick([1_000, 1 << 20]),
    open: () => ({
      read: (into, offset, length) => {
        const count = bytes.copy(into, offset, at, at + length);
        at += count;
        return count;
      },
      close: () => {},
    }),
  });
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0 && !Object.is(value, -0);

/** What is wrong with a call; null: nothing. */
function faultOf(call: Call): string | null {
  const { inputTokens, cachedTokens, cacheWriteTokens, cacheWrite1hTokens, outputTokens, reasoningTokens } =
    call;
  const tokens = [
    inputTokens,
    cachedTokens,
    cacheWriteTokens,
    cacheWrite1hTokens,
    outputTokens,
    reasoningTokens,
  ];
  if (!tokens.every((count) => isCount(count) && count <= MAX_TOKENS)) return 'counts no tokens';
  if (!isCount(call.toolCalls)) return 'counts no tool calls';
  if (cachedTokens + cacheWriteTokens > inputTokens) return 'more of a cache than there is input';
  if (cacheWrite1hTokens > cacheWriteTokens) return 'a part above its whole';
  if (reasoningTokens > outputTokens) return 'more reasoning than output';
  if (call.at !== null && Number.isNaN(new Date(call.at).getTime())) return 'a time that is none';
  if (!(Number.isInteger(call.round) && call.round >= 1)) return 'a round that is none';
  return [call.model, call.key].every((word) => typeof word === 'string' && word !== '') &&
    typeof call.runId === 'string'
    ? null
    : 'a name that is none';
}

function check(transcripts: Transcripts): number {
  const { report } = transcripts;
  let [calls, input, output] = [0, 0, 0];
  for (const call of transcripts.calls()) {
    const fault = faultOf(call);
    if (fault !== null) throw new Error(`${fault}: ${JSON.stringify(call)}`);
    calls += 1;
    input += call.inputTokens;
    output += call.outputTokens;
  }
  const sums = Object.values(report.byFormat);
  const sumOf = (column: 'calls' | 'inputTokens' | 'outputTokens'): number =>
    sums.reduce((sum, row) => sum + row![column], 0);
  expect([sumOf('calls'), sumOf('inputTokens'), sumOf('outputTokens')]).toEqual([calls, input, output]);
  for (const run of transcripts.runs()) {
    for (const { in: tokens, cached, out, reason, obs = 0 } of run.rounds) {
      expect([tokens, cached, out, reason, obs].every(isCount)).toBe(true);
    }
  }
  for (const { line, reason } of report.badLines)
    expect([isCount(line), reason !== '']).toEqual([true, true]);
  return calls;
}

const home = temporaryFolder();
const line = commandLine(home);

/** Prices a file as any other; a sum is never below nothing. @returns exit code */
async function price(name: string, bytes: Buffer): Promise<number> {
  const file = path.join(home, path.basename(name));
  fs.writeFileSync(file, bytes);
  const { code, stdout, stderr } = await line(['replay', file, '-m', 'haiku', '--compare', '--json']);
  expect([0, 2], stderr).toContain(code);
  expect(stderr).not.toMatch(/\n\s+at /);
  if (code !== 0) return code;
  const { total, byModel, models } = JSON.parse(stdout) as {
    total: number;
    byModel: { credits: number }[];
    models: { total: number }[];
  };
  const sums = [total, ...byModel.map((row) => row.credits), ...models.map((row) => row.total)];
  expect(sums.every((sum) => typeof sum === 'number' && sum >= 0)).toBe(true);
  return code;
}

describe(`${FILES} spoiled transcripts (seed ${SEED})`, () => {
  test('are counted as far as they can be, and throw nothing', async () => {
    const chance = chanceOf(SEED);
    let [calls, empty, bad, priced] = [0, 0, 0, 0];
    for (let no = 0; no < FILES; no += 1) {
      const { file, bytes } = fixtures[no % fixtures.length]!;
      const other = chance.pick(fixtures).bytes;
      const spoiled = mutate(chance.oneIn(12) ? Buffer.concat([bytes, other]) : bytes, chance);
      try {
        const transcripts = read(file, spoiled, chance);
        const found = check(transcripts);
        calls += found;
        if (found === 0) empty += 1;
        bad += transcripts.report.badLineCount;
        if (no % PRICED === 0 && (await price(file, spoiled)) === 0) priced += 1;
      } catch (error) {
        const shown = spoiled.toString('latin1').slice(0, 4_000);
        throw new Error(`file ${no}, ${path.relative(root, file)}: ${String(error)}\n${shown}`, {
          cause: error,
        });
      }
    }
    // Files of which nothing is left, or to which nothing happened, would show nothing.
    expect(calls).toBeGreaterThan(FILES / 2);
    expect(empty).toBeGreaterThan(FILES / 100);
    expect(empty).toBeLessThan((FILES * 3) / 4);
    expect(bad).toBeGreaterThan(FILES / 10);
    expect(priced).toBeGreaterThan(FILES / PRICED / 2);
    if (LONG) process.stdout.write(`${FILES} files: ${JSON.stringify({ calls, empty, bad, priced })}\n`);
  });
});
