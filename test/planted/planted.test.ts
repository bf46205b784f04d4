/** The planted bugs still fit the source: each edit finds its place, and only one. `npm run planted` applies them. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLANTED } from './bugs.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('planted bugs', () => {
  it('are at least twenty, under names of their own', () => {
    expect(new Set(PLANTED.map((bug) => bug.name)).size).toBe(PLANTED.length);
    expect(PLANTED.length).toBeGreaterThanOrEqual(20);
  });

  it.each(PLANTED)('$name', ({ file, find, replace, tests }) => {
    const text = fs.readFileSync(path.join(root, file), 'utf8');
    expect(text.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
    for (const test of tests) expect(fs.existsSync(path.join(root, test)), test).toBe(true);
  });
});
