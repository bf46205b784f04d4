import { expect, test, vi } from 'vitest';

vi.mock('../../src/tokens/o200k.ts', () => {
  throw new Error('the file of ranks is missing');
});

test('a tokenizer that does not load is refused, and nothing is guessed from the number of characters', async () => {
  const { measure } = await import('../../src/tokens/index.ts');
  await expect(measure('hello')).rejects.toThrow(
    expect.objectContaining({ code: 'internal', message: 'the o200k tokenizer could not be loaded' }),
  );
});

test('importing token counting loads none', async () => {
  const { measure } = await import('../../src/tokens/index.ts');
  expect((await measure('')).tokens).toBe(0);
});
