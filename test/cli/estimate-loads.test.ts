import { expect, test, vi } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

let loads = 0;
vi.mock('../../src/tokens/index.ts', async (original) => {
  loads += 1;
  return original();
});

test('the tokenizers are loaded for a text, and for nothing else', async () => {
  const credits = commandLine(temporaryFolder());
  const compare = ['estimate', '--compare', '--input-tokens', '1200', '--output-tokens', '300', '--json'];
  for (const line of [compare, ['models'], ['help', 'cron'], ['complete', '--', 'estimate', '-m', '']]) {
    expect((await credits(line)).code).toBe(0);
  }
  expect(loads).toBe(0);
  expect((await credits(['estimate', 'hello', '-m', '4o', '--output-tokens', '1'])).code).toBe(0);
  expect(loads).toBe(1);
});
