/** How far an import says that it is: from its first lines on, never further than there is, and whole at its end. */
import { expect, test } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { bookLines } from '../../src/cli/import/book.ts';
import type { LedgerService } from '../../src/ledger/service.ts';

const context = {
  globals: { dryRun: false, remote: null },
  account: 'default',
  signal: new AbortController().signal,
} as Context;
const ledger = {
  spendMany: async (items: readonly unknown[]) => items.map(() => ({ status: 'replayed' })),
} as unknown as LedgerService;

/** The shares that were told of an input in blocks of a size. */
async function told(text: string, size: number): Promise<number[]> {
  const bytes = Buffer.from(text);
  const shares: number[] = [];
  const input = {
    bytes: bytes.length,
    hash: 'x'.repeat(64),
    *blocks() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
    close() {},
  };
  const progress = { update: (done: number, of: number) => void shares.push(done / of), stop() {} };
  await bookLines(context, ledger, input, progress);
  return shares;
}

const line = '{"credits":1,"note":"überall"}';

test.each([
  ['one block', 1_000, 1 << 18, '\n', ''],
  ['many blocks', 2_000, 1_000, '\n', ''],
  ['no line feed at its end', 256, 1 << 18, '', ''],
  ['mostly blank lines', 1_000, 4_096, '\n', '\n'.repeat(40)],
])('%s', async (_name, lines, size, end, between) => {
  const shares = await told(Array(lines).fill(line).join(`\n${between}`) + end, size);
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.length).toBe(Math.floor(lines / 256) + 1);
  // What each batch of 256 lines has brought, off by a block or the letters of two bytes.
  for (const [at, share] of shares.slice(0, -1).entries()) {
    expect(share).toBeGreaterThan(0);
    if (between === '') expect(Math.abs(share - ((at + 1) * 256) / lines)).toBeLessThan(0.05);
  }
});

test('nothing to read is told as nothing', async () => {
  expect(await told('', 10)).toEqual([]);
  expect(await told('\n\n', 10)).toEqual([]);
});
