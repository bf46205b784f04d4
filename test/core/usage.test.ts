import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addUsage, cutSpan, mergeCells, NO_USAGE, SLOT_MS, type UsageSums } from '../../src/core/usage.ts';

const sums = (calls: number, credits: bigint): UsageSums => ({ ...NO_USAGE, calls, credits });

describe('cutting a stretch of time into slots', () => {
  test.each([
    [0, SLOT_MS, 0, 1, []],
    [SLOT_MS, 4 * SLOT_MS, 1, 4, []],
    [1, SLOT_MS, 1, 1, [[0, 1, SLOT_MS]]],
    [0, SLOT_MS + 1, 0, 1, [[1, SLOT_MS, SLOT_MS + 1]]],
    [
      SLOT_MS - 1,
      SLOT_MS + 1,
      1,
      1,
      [
        [0, SLOT_MS - 1, SLOT_MS],
        [1, SLOT_MS, SLOT_MS + 1],
      ],
    ],
    [5, 6, 1, 1, [[0, 5, 6]]],
    [SLOT_MS, SLOT_MS, 1, 1, []],
  ])('%s to %s', (since, until, first, end, parts) => {
    const cut = cutSpan({ since, until });
    expect([cut.first, cut.end]).toEqual([first, end]);
    expect(cut.parts.map((part) => [part.slot, part.since, part.until])).toEqual(parts);
  });

  test('pieces are disjoint, inside their slots, and together the stretch', () => {
    const instant = fc.integer({ min: 0, max: 40 }).map((step) => step * (SLOT_MS / 8));
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 5 * SLOT_MS }), (since, length) => {
        const until = since + length;
        const { first, end, parts } = cutSpan({ since, until });
        const pieces = [...parts, ...(first < end ? [{ since: first * SLOT_MS, until: end * SLOT_MS }] : [])];
        pieces.sort((a, b) => a.since - b.since);
        expect(pieces.at(0)!.since).toBe(since);
        expect(pieces.at(-1)!.until).toBe(until);
        for (const [index, piece] of pieces.entries()) {
          expect(piece.since).toBeLessThan(piece.until);
          if (index > 0) expect(piece.since).toBe(pieces[index - 1]!.until);
        }
        for (const part of parts) {
          expect(Math.floor(part.since / SLOT_MS)).toBe(part.slot);
          expect(Math.floor((part.until - 1) / SLOT_MS)).toBe(part.slot);
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});

describe('sums', () => {
  test('stay exact past what a number counts', () => {
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    expect(addUsage(sums(1, most), sums(2, 2n))).toEqual(sums(3, most + 2n));
  });

  test('of one key are one cell; what has no key is a key of its own', () => {
    const cells = [
      { key: 'a', ...sums(1, 5n) },
      { key: null, ...sums(1, 1n) },
      { key: 'a', ...sums(2, 7n) },
      { key: '', ...sums(1, 9n) },
    ];
    expect(mergeCells(cells)).toEqual([
      { key: 'a', ...sums(3, 12n) },
      { key: null, ...sums(1, 1n) },
      { key: '', ...sums(1, 9n) },
    ]);
    expect(mergeCells([])).toEqual([]);
  });
});
