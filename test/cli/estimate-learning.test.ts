import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const TEXT = 'The quick brown fox jumps over the lazy dog and runs away from it. '.repeat(40);

/** A ledger, with calls of a model settled at `ratio` times what `estimate` expected without any correction. */
async function withCalls(calls: number, ratio: number, model = 'haiku') {
  const folder = temporaryFolder();
  const file = path.join(folder, 'text.txt');
  writeFileSync(file, TEXT);
  const credits = commandLine(folder);
  await credits(['init', '--plan', 'team']);
  const estimate = async (...more: string[]) =>
    credits(['estimate', '-m', model, '--file', file, '--json', ...more]);
  const { inputTokens } = (await estimate()).json();
  for (let call = 0; call < calls; call++) {
    const held = ['hold', '-m', model, '--input-tokens', '5000', '--max-output-tokens', '9', '--json'];
    const { hold } = (await credits([...held, '--estimated-tokens', String(inputTokens)])).json();
    const used = String(Math.round(inputTokens * ratio));
    expect((await credits(['settle', hold, '--input-tokens', used, '--output-tokens', '1'])).code).toBe(0);
  }
  return { credits, estimate, file, inputTokens: inputTokens as number };
}

describe('estimates learn from settled calls', () => {
  test('the count moves towards what calls used, and says so', async () => {
    const { credits, estimate, file, inputTokens } = await withCalls(10, 1.3);
    const { json, stderr } = await estimate();
    const after = json();
    // Ten calls that agree weigh 10 / 12; what they used was rounded to a token.
    expect(Math.abs(after.inputTokens - inputTokens * 1.3 ** (10 / 12))).toBeLessThan(2);
    expect(after.correction).toMatchObject({ calls: 10, uncorrectedTokens: inputTokens });
    expect(after.inputMethod).toBe('approximate');
    expect(after.low).toBeLessThanOrEqual(after.credits);
    expect(after.high).toBeGreaterThanOrEqual(after.credits);
    expect(after.inputCredits).toBe((after.inputTokens * 0.25) / 1000);
    expect(stderr).toMatch(
      /adjusted by × 1.24, from 10 settled calls of Claude Haiku; without that it is \d+ input tokens/,
    );
    const compared = await credits(['estimate', '--compare', '--file', file]);
    expect(compared.stderr).toMatch(
      /adjusted by what settled calls used: Claude Haiku × 1.24 \(10 settled calls\)/,
    );
    expect((await credits(['verify', '--json'])).json().ok).toBe(true);
  });

  test('the report says how far estimates were off, and are now', async () => {
    const { credits } = await withCalls(4, 1.25);
    const { json } = await credits(['estimate', '--report', '--json']);
    const [row, ...others] = json().models;
    expect([json().schema, others]).toEqual(['credits.estimate-report/v1', []]);
    expect(row).toMatchObject({ model: 'claude-haiku', calls: 4, from: 'estimated' });
    expect(row.before.bias).toBeCloseTo(-0.2, 2);
    expect(Math.abs(row.after.bias)).toBeLessThan(0.1);
    expect((await credits(['estimate', '--report'])).stdout).toMatch(
      /Claude Haiku +4 +20 % +20 % +-20 % +× 1.16 /,
    );
    expect((await credits(['estimate', '--report', '-m', '4o', '--json'])).json().models).toEqual([]);
  });

  test('what is counted exactly stays exact, and given tokens stay as given', async () => {
    const { credits, estimate, inputTokens } = await withCalls(3, 1.5, '4o');
    const { json } = await estimate();
    expect(json()).toMatchObject({ inputTokens, inputMethod: 'exact' });
    expect(json().correction).toBeUndefined();
    const [row] = (await credits(['estimate', '--report', '--json'])).json().models;
    expect([row.factor, row.after]).toEqual([null, row.before]);
    const given = await credits(['estimate', '-m', '4o', '--input-tokens', '77', '--json']);
    expect(given.json().inputTokens).toBe(77);
  });

  test('a hold that tells no estimate teaches by its own input', async () => {
    const { credits, estimate, inputTokens } = await withCalls(0, 1);
    const { hold } = (await credits(['hold', '-m', 'haiku', '--input-tokens', '1000', '--json'])).json();
    await credits(['settle', hold, '--input-tokens', '1331', '--output-tokens', '1']);
    // One call weighs 1 / 3, and 1.331 is 1.1 × 1.1 × 1.1.
    expect((await estimate()).json().inputTokens).toBe(Math.ceil(inputTokens * 1.1));
    expect((await credits(['estimate', '--report'])).stdout).toMatch(/told no --estimated-tokens/);
  });

  test('holds by amount, open holds and settles by cost teach nothing', async () => {
    const { credits, estimate, inputTokens } = await withCalls(0, 1);
    const hold = async (...more: string[]) => (await credits(['hold', ...more, '--json'])).json().hold;
    await hold('-m', 'haiku', '--input-tokens', '10');
    const byAmount = await hold('5');
    await credits(['settle', byAmount, '-m', 'haiku', '--input-tokens', '999', '--output-tokens', '1']);
    const byCost = await hold('-m', 'haiku', '--input-tokens', '10');
    await credits(['settle', byCost, '--credits', '1']);
    expect((await estimate()).json().inputTokens).toBe(inputTokens);
    expect((await credits(['estimate', '--report'])).stdout).toMatch(/^No call yet/);
  });

  test('the told estimate belongs to the request that a key is bound to', async () => {
    const { credits } = await withCalls(0, 1);
    const hold = ['hold', '-m', 'haiku', '--input-tokens', '10', '--key', 'k', '--json'];
    expect((await credits([...hold, '--estimated-tokens', '8'])).code).toBe(0);
    expect((await credits([...hold, '--estimated-tokens', '8'])).json().replayed).toBe(true);
    expect((await credits(hold)).failure().code).toBe('key_reused');
  });

  test.each([
    [['estimate', '--report', 'hello'], /a prompt is to be estimated/],
    [['estimate', '--report', '--input-tokens', '5'], /--input-tokens is to be estimated/],
    [['hold', '5', '--estimated-tokens', '5'], /by amount has no input/],
    [['hold', '-m', 'haiku', '--input-tokens', '5', '--estimated-tokens', '0'], /must be more than 0/],
  ])('%j is refused', async (line, message) => {
    const { credits } = await withCalls(0, 1);
    const { code, failure } = await credits([...line, '--json']);
    expect([code, failure().message]).toEqual([2, expect.stringMatching(message)]);
  });

  test('a report needs a ledger', async () => {
    const { code, failure } = await commandLine(temporaryFolder())(['estimate', '--report', '--json']);
    expect([code, failure().code]).toEqual([2, 'no_ledger']);
  });
});
