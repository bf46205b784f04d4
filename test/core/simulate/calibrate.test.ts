import { describe, expect, test } from 'vitest';
import { calibrate } from '../../../src/core/simulate/calibrate.ts';
import { fitProfile, type RecordedRun, taskOf } from '../../../src/core/simulate/fit.ts';
import { recordedCost, validateHeldOut } from '../../../src/core/simulate/held-out.ts';
import { PRESETS, type Profile, readProfile } from '../../../src/core/simulate/profile.ts';
import { HAIKU } from './rates.ts';
import { recordRuns } from './recorded-runs.ts';

const run = (id: string, ...rounds: [number, number][]): RecordedRun => ({
  id,
  rounds: rounds.map(([input, out]) => ({ in: input, out })),
});
const options = (runs: readonly RecordedRun[], blendWith: Profile | null = null) => ({
  runs,
  name: 'mine',
  card: HAIKU,
  seed: 1,
  blendWith,
});

describe('a fit by hand', () => {
  const { profile, contextDropShare } = fitProfile(
    [run('a', [1000, 100], [1400, 100], [1600, 100]), run('b', [1000, 100])],
    'hand',
    null,
  );

  test('rounds: median and spread of the logarithms', () => {
    expect(profile.rounds.median).toBeCloseTo(Math.sqrt(3), 4);
    expect(profile.rounds.sd).toBeCloseTo(Math.log(3) / Math.SQRT2, 4);
  });

  test('first inputs and outputs: mean and spread', () => {
    expect(profile.firstInput).toEqual({ mean: 1000, sd: 0 });
    expect(profile.output).toEqual({ mean: 100, sd: 0 });
  });

  test('tool results: those of early rounds weigh more, since more rounds send them', () => {
    // 300 is sent twice, 100 once; their spread has the variance of the two.
    expect(profile.tool.mean).toBeCloseTo((2 * 300 + 100) / 3, 4);
    expect(profile.tool.sd).toBeCloseTo(Math.sqrt(Math.log(1 + 20_000 / 200 ** 2)), 4);
    expect([profile.n, contextDropShare]).toEqual([2, 0]);
  });

  test('with those weights the recorded input comes out right', () => {
    const runs = recordRuns(PRESETS.service, 40, 3);
    const { tool, output } = fitProfile(runs, 'x', null).profile;
    let recorded = 0;
    let predicted = 0;
    for (const { rounds } of runs) {
      const n = rounds.length;
      recorded += rounds.reduce((sum, round) => sum + round.in, 0);
      predicted += n * rounds[0]!.in + (tool.mean * n * (n - 1)) / 2;
      rounds.forEach((round, index) => {
        predicted += round.out * (n - 1 - index);
      });
    }
    expect(output.mean).toBeGreaterThan(1);
    expect(predicted / recorded).toBeCloseTo(1, 6);
  });
});

test('context drops stay out of the fit, and their share is told', () => {
  const drop = run('a', [1000, 100], [1400, 100], [600, 100], [900, 100]);
  const { profile, contextDropShare } = fitProfile([drop], 'drop', null);
  expect(contextDropShare).toBeCloseTo(1 / 3, 4);
  expect(profile.tool.mean).toBeCloseTo((300 * 3 + 200 * 1) / 4, 4);
});

test('outputs and inputs of 0 count as 1 in logarithms, and one round has no tool results', () => {
  const { profile } = fitProfile([run('a', [0, 0]), run('b', [0, 0])], 'empty', null);
  expect(profile).toMatchObject({
    rounds: { median: 1, sd: 0 },
    firstInput: { mean: 1, sd: 0 },
    tool: { mean: 0, sd: 0 },
    output: { mean: 1, sd: 0 },
  });
});

test('spreads end at 1.5', () => {
  const wild = Array.from({ length: 20 }, (_, index) =>
    run(`${index}`, [10 ** (1 + (index % 8)), 1 + index ** 6]),
  );
  const { firstInput, output } = fitProfile(wild, 'wild', null).profile;
  expect([firstInput.sd, output.sd]).toEqual([1.5, 1.5]);
});

test.each(['coding', 'service', 'service-large'] as const)('finds %s again in runs drawn from it', (name) => {
  const truth = PRESETS[name];
  const { profile } = fitProfile(recordRuns(truth, 400, 5), name, null);
  expect(profile.rounds.median / truth.rounds.median).toBeCloseTo(1, 1);
  expect(profile.rounds.sd).toBeCloseTo(truth.rounds.sd, 1);
  expect(profile.firstInput.mean / truth.firstInput.mean).toBeCloseTo(1, 1);
  expect(profile.output.mean / truth.output.mean).toBeCloseTo(1, 1);
  expect(Math.abs(profile.tool.mean / truth.tool.mean - 1)).toBeLessThan(0.1);
});

describe('a blend with a preset', () => {
  const runs = recordRuns(PRESETS.service, 10, 1);
  const alone = fitProfile(runs, 'x', null).profile;
  const blended = fitProfile(runs, 'x', PRESETS.coding).profile;

  test('of 10 runs lies half-way, on the scale of logarithms', () => {
    expect(blended.rounds.median).toBeCloseTo(Math.sqrt(alone.rounds.median * 79), 2);
    expect(blended.tool.mean).toBeCloseTo(Math.sqrt(alone.tool.mean * 223), 2);
    expect(blended.output.sd).toBeCloseTo((alone.output.sd + 0.89) / 2, 3);
  });

  test('is stated', () => {
    expect(calibrate(options(runs, PRESETS.coding)).blendedWith).toEqual({ profile: 'coding', weight: 0.5 });
  });
});

describe('calibrate', () => {
  const runs = recordRuns(PRESETS.service, 60, 2);
  const result = calibrate(options(runs));

  test('writes a document that reads back as the same profile', () => {
    const document = JSON.parse(JSON.stringify({ schema: 'credits.profile/v1', ...result }));
    const { name, rounds, firstInput, tool, output, n } = result;
    expect(readProfile(document, 'file')).toEqual({ name, rounds, firstInput, tool, output, n });
  });

  test('states n, tasks, calls and the error on unseen tasks', () => {
    expect(result).toMatchObject({ n: 60, tasks: 60, contextDropShare: 0, blendedWith: null, warning: null });
    expect(result.calls).toBe(runs.reduce((sum, each) => sum + each.rounds.length, 0));
    const { mean, p50, p90, coverage, splits, model } = result.heldOut!;
    expect([splits, model]).toEqual([100, 'test']);
    for (const { bias, absolute, floor } of [mean, p50, p90]) {
      expect(Math.abs(bias)).toBeLessThan(0.15);
      // The runs are drawn from the model, so only their own noise is left.
      expect(absolute).toBeLessThan(1.3 * floor + 0.02);
    }
    expect(coverage).toBeGreaterThan(0.8);
    expect(coverage).toBeLessThan(0.97);
  });

  test('gives the same bytes for the same seed', () => {
    expect(JSON.stringify(calibrate(options(runs)))).toBe(JSON.stringify(result));
    expect(JSON.stringify(calibrate({ ...options(runs), seed: 2 }))).not.toBe(JSON.stringify(result));
  });

  test('warns below 10 runs, and where no error can be stated', () => {
    expect(calibrate(options(runs.slice(0, 9))).warning).toMatch(/^only 9 runs/);
    expect(calibrate(options(runs.slice(0, 10))).warning).toBe(null);
    const oneTask = runs.slice(0, 12).map((each, trial) => ({ ...each, id: `task/${trial}` }));
    const single = calibrate(options(oneTask));
    expect([single.tasks, single.heldOut]).toEqual([1, null]);
    expect(single.warning).toMatch(/too few tasks/);
  });

  test.each<[string, RecordedRun[], RegExp]>([
    ['no runs', [], /no runs/],
    ['a run without rounds', [run('a')], /"a" has no rounds/],
    ['a fraction of a token', [run('a', [1.5, 1])], /whole token counts/],
    ['negative tokens', [run('a', [1, -1])], /whole token counts/],
  ])('refuses %s', (_, some, message) => {
    expect(() => calibrate(options(some))).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });
});

describe('held-out validation', () => {
  test('never shows a model a task that it is tested on', () => {
    const runs = recordRuns(PRESETS.service, 40, 4).map((each, index) => ({
      ...each,
      id: `t${index % 10}/${index}`,
    }));
    const seen: string[][] = [];
    const result = validateHeldOut({
      runs,
      card: HAIKU,
      seed: 1,
      splits: 5,
      predict: (half) => {
        seen.push([...new Set(half.map(taskOf))]);
        return half.map((each) => recordedCost(each, HAIKU));
      },
    })!;
    expect([result.tasks, seen.length]).toEqual([10, 10]);
    for (let split = 0; split < 10; split += 2) {
      expect([...seen[split]!, ...seen[split + 1]!].sort()).toEqual([...new Set(runs.map(taskOf))].sort());
      expect(seen[split]!.length).toBe(5);
    }
    // A model that repeats its half has exactly the error of one half against the other.
    for (const { absolute, floor } of [result.mean, result.p50, result.p90]) expect(absolute).toBe(floor);
  });

  test('of a model that is always a half too dear says so', () => {
    const same = Array.from({ length: 8 }, (_, index) => run(`${index}`, [1000, 100]));
    const dear = 1.5 * recordedCost(same[0]!, HAIKU);
    const result = validateHeldOut({ runs: same, card: HAIKU, seed: 1, splits: 3, predict: () => [dear] })!;
    for (const each of [result.mean, result.p50, result.p90]) {
      expect(each).toEqual({ bias: 0.5, absolute: 0.5, floor: 0 });
    }
    expect(result.coverage).toBe(0);
  });

  test('is not for fewer than four tasks or for runs that cost nothing', () => {
    const predict = () => [1];
    const base = { card: HAIKU, seed: 1, splits: 2, predict };
    expect(validateHeldOut({ ...base, runs: [run('a', [9, 9]), run('b', [9, 9]), run('c', [9, 9])] })).toBe(
      null,
    );
    expect(validateHeldOut({ ...base, runs: ['a', 'b', 'c', 'd'].map((id) => run(id, [0, 0])) })).toBe(null);
  });
});

test('a task is an id without its trial number', () => {
  expect(['12/0', 'a/b', 'org__repo-1', 'x/3/4'].map((id) => taskOf(run(id)))).toEqual([
    '12',
    'a/b',
    'org__repo-1',
    'x/3',
  ]);
});

test('a recorded run under a cap costs its first rounds', () => {
  const some = run('a', [1000, 100], [2000, 100], [3000, 100]);
  expect([1, 2, 3, 9].map((cap) => recordedCost(some, HAIKU, cap))).toEqual([
    375_000, 1_000_000, 1_875_000, 1_875_000,
  ]);
});
