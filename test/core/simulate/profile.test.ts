import { describe, expect, test } from 'vitest';
import { isPresetName, PRESETS, readProfile } from '../../../src/core/simulate/profile.ts';

const document = {
  schema: 'credits.profile/v1',
  name: 'mine',
  rounds: { median: 12, sd: 0.4 },
  firstInput: { mean: 2000, sd: 0.1 },
  tool: { mean: 300, sd: 1 },
  output: { mean: 150, sd: 0.8 },
  n: 30,
};
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) });

describe('readProfile', () => {
  test('reads what calibrate writes, and what has only the laws', () => {
    const { schema: _, ...profile } = document;
    expect(readProfile({ ...document, heldOut: null, tasks: 3 }, 'file')).toEqual(profile);
    const { name: _name, n: _n, ...laws } = profile;
    expect(readProfile(laws, 'file')).toEqual({ ...laws, name: 'file', n: 0 });
    for (const preset of Object.values(PRESETS)) expect(readProfile(preset, 'x')).toEqual(preset);
  });

  test('caps spreads at 1.5', () => {
    const wide = readProfile({ ...document, tool: { mean: 300, sd: 9 }, rounds: { median: 12, sd: 2 } }, 'x');
    expect([wide.tool.sd, wide.rounds.sd]).toEqual([1.5, 1.5]);
  });

  test.each<[string, unknown, RegExp]>([
    ['text', 'coding', /document must be an object/],
    ['null', null, /document must be an object/],
    ['a list', [], /document must be an object/],
    ['another schema', { ...document, schema: 'credits.profile/v2' }, /credits\.profile\/v2/],
    ['a missing law', { ...document, tool: undefined }, /tool must be an object/],
    ['a mean of text', { ...document, output: { mean: '150', sd: 1 } }, /output\.mean/],
    ['a negative spread', { ...document, output: { mean: 150, sd: -1 } }, /output\.sd/],
    ['no rounds', { ...document, rounds: { median: 0, sd: 1 } }, /rounds\.median/],
    ['too many rounds', { ...document, rounds: { median: 10_001, sd: 1 } }, /rounds\.median/],
    ['NaN', { ...document, firstInput: { mean: Number.NaN, sd: 0 } }, /firstInput\.mean/],
    ['a wild mean', { ...document, firstInput: { mean: 1e12, sd: 0 } }, /firstInput\.mean/],
    ['a bad count', { ...document, n: -1 }, /profile\.n/],
  ])('refuses %s', (_, value, message) => {
    expect(() => readProfile(value, 'x')).toThrow(refused(message));
  });
});

test('preset names are the presets, nothing inherited', () => {
  expect(['coding', 'service', 'service-large', 'chat', 'toString'].map(isPresetName)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
