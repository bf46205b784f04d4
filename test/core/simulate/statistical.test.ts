import { describe, expect, test } from 'vitest';
import { MICRO, type Microcredits } from '../../../src/core/credits.ts';
import { simulateExactly } from '../../../src/core/simulate/exact.ts';
import type { StatisticalOptions } from '../../../src/core/simulate/outcome.ts';
import { PRESETS } from '../../../src/core/simulate/profile.ts';
import { runCosts } from '../../../src/core/simulate/run-costs.ts';
import { MAX_RUNS, simulateRuns } from '../../../src/core/simulate/statistical.ts';
import { naiveCosts, naiveRuns, percentileOf } from './naive-runs.ts';
import { card, HAIKU } from './rates.ts';

const options = (some: Partial<StatisticalOptions> = {}): StatisticalOptions => ({
  profile: PRESETS.coding,
  runs: 2000,
  seed: 1,
  maxRounds: 25,
  card: HAIKU,
  compare: [],
  budget: null,
  cache: 'none',
  compaction: null,
  agents: 1,
  baseTokens: null,
  ...some,
});
const credits = (amount: number) => Math.round(amount * MICRO) as Microcredits;
const SONNET = { ...card('3', '15', '0.3', '3.75'), model: 'sonnet' };
const LONG = { ...card('0.1625', '1.3', '0.01625', '0.08333333333333334'), model: 'long' };

/** Dearer above 5,000 tokens, without a price of its own for what a cache serves; above 12,000 dearer still. */
const TIERED = {
  model: 'tiered',
  rates: {
    ...SONNET.rates,
    tiers: [
      { above: 5_000, input: '30', output: '20', cacheRead: null, cacheWrite: '31' },
      { above: 12_000, input: '60.0000005', output: '90', cacheRead: '0.5', cacheWrite: null },
    ],
  },
};

/** Every kind of option at least once, small enough for the naive model. */
const CASES: Record<string, StatisticalOptions> = {
  plain: options({ runs: 1200, budget: credits(60) }),
  'to the end': options({ runs: 300, maxRounds: 10_000, budget: credits(500) }),
  'a small sample': options({ runs: 7, budget: credits(50), profile: PRESETS.service }),
  anthropic: options({ runs: 200, cache: 'anthropic', card: SONNET, budget: credits(90) }),
  openai: options({ runs: 200, cache: 'openai', card: LONG, budget: credits(10) }),
  compacting: options({
    runs: 200,
    maxRounds: 60,
    card: SONNET,
    cache: 'anthropic',
    compaction: { at: 12_000, to: 4_000 },
    budget: credits(500),
  }),
  'long inputs': options({ runs: 200, card: TIERED, budget: credits(2_000) }),
  'long inputs, cached and compacted': options({
    runs: 200,
    maxRounds: 60,
    card: TIERED,
    cache: 'anthropic',
    compaction: { at: 14_000, to: 2_000 },
    budget: credits(2_000),
  }),
  agents: options({ runs: 150, agents: 3, seed: 9, budget: credits(150) }),
  'base tokens': options({
    runs: 150,
    baseTokens: 18_626,
    profile: PRESETS['service-large'],
    budget: credits(99),
  }),
};

describe.each(Object.entries(CASES))('against the naive model: %s', (_, some) => {
  const result = simulateRuns(some);
  const runs = naiveRuns(some);
  const costsAt = (cap: number) => naiveCosts(runs, some.agents, cap);
  const costs = costsAt(some.maxRounds);
  const share = (hits: number, of: number) => Math.round((hits / of) * 1e6) / 1e6;

  test('mean and percentiles', () => {
    expect(result.mean).toBe(Math.round(costs.reduce((sum, cost) => sum + cost, 0) / costs.length));
    for (const percent of [5, 25, 50, 75, 90, 95, 99] as const) {
      expect(result.percentiles[`p${percent}`]).toBe(percentileOf(costs, percent));
    }
    expect(result.histogram.reduce((sum, bar) => sum + bar.count, 0)).toBe(costs.length);
    expect(result.histogram[0]!.from).toBe(Math.min(...costs));
  });

  test('chance to exhaust the budget, and the recommended cap', () => {
    const above = costs.filter((cost) => cost > some.budget!).length;
    expect(result.exhaustProbability).toBe(share(above, costs.length));
    expect(result.exhaustInterval!.low).toBeLessThanOrEqual(result.exhaustProbability!);
    expect(result.exhaustInterval!.high).toBeGreaterThanOrEqual(result.exhaustProbability!);
    const isFitting = (cap: number) => percentileOf(costsAt(cap), 95) * 11 <= some.budget! * 10;
    const cap = result.recommendedMaxRounds!;
    if (cap > 0) expect(isFitting(cap)).toBe(true);
    expect(isFitting(cap + 1)).toBe(cap === 10_000);
    expect(result.finishShare).toBe(share(runs.filter((rounds) => rounds.length <= cap).length, runs.length));
    expect(result.finishShareAtMaxRounds).toBe(
      share(runs.filter((rounds) => rounds.length <= some.maxRounds).length, runs.length),
    );
  });

  test('share of the cost that re-sent context makes up', () => {
    const all = runs.flatMap((rounds) => rounds.slice(0, some.maxRounds));
    const sum = (of: (round: (typeof all)[number]) => number) =>
      all.reduce((total, each) => total + of(each), 0);
    const expected = sum((each) => each.resentCost) / sum((each) => each.cost);
    expect(result.resentShare).toBeCloseTo(expected, 5);
  });

  test('the table by round', () => {
    expect(result.rounds.length).toBe(
      Math.min(some.maxRounds, Math.max(...runs.map((rounds) => rounds.length))),
    );
    for (const round of [1, 2, 3, 8, 25]) {
      const row = result.rounds[round - 1];
      const there = runs.map((rounds) => rounds[round - 1]).filter((each) => each !== undefined);
      if (row === undefined) {
        expect(there.length === 0 || round > some.maxRounds).toBe(true);
        continue;
      }
      const soFar = costsAt(round);
      const pair = (values: number[]) => ({ p50: percentileOf(values, 50), p90: percentileOf(values, 90) });
      expect(row).toEqual({
        round,
        reach: share(there.length, runs.length),
        exhausted: share(soFar.filter((cost) => cost > some.budget!).length, soFar.length),
        inputTokens: pair(there.map((each) => each.input)),
        credits: pair(there.map((each) => each.cost)),
        cumulative: pair(soFar),
      });
    }
  });

  test('calls of a run', () => {
    const calls = runs
      .flatMap((rounds) => rounds.slice(0, some.maxRounds))
      .reduce((sum, each) => sum + each.calls, 0);
    expect(result.perRun.calls).toBe(Math.round((calls / runs.length) * 1000) / 1000);
    expect(result.perRun.summaries > 0).toBe(some.compaction !== null);
  });
});

test.each(['none', 'anthropic', 'openai'] as const)(
  'without any spread the re-sent share is that of the exact run (cache: %s)',
  (cache) => {
    const mean = (tokens: number) => ({ mean: tokens, sd: 0 });
    const profile = {
      ...PRESETS.coding,
      ...{ rounds: { median: 40, sd: 0 }, firstInput: mean(2_000), tool: mean(300), output: mean(200) },
    };
    const drawn = simulateRuns(options({ runs: 3, profile, card: TIERED, cache }));
    const tokens = { baseTokens: 2_000, toolTokens: 300, outputTokens: 200 };
    const exact = simulateExactly({ ...tokens, rounds: 25, card: TIERED, cache, budget: null });
    expect(drawn.mean).toBe(exact.total);
    expect(drawn.resentShare).toBeCloseTo(exact.resentShare, 5);
  },
);

describe('the same runs', () => {
  const some = options({ compare: [SONNET, LONG], budget: credits(40), runs: 500 });

  test('give the same bytes for the same seed, and others for another', () => {
    const once = JSON.stringify(simulateRuns(some));
    expect(JSON.stringify(simulateRuns(some))).toBe(once);
    expect(JSON.stringify(simulateRuns({ ...some, seed: 2 }))).not.toBe(once);
  });

  test('however they are cut into chunks', () => {
    const costs = (start: number, count: number) =>
      runCosts({ ...some, start, count, maxRounds: 40, profile: PRESETS.service });
    const whole = [...costs(0, 3000)];
    expect([...costs(0, 1), ...costs(1, 1100), ...costs(1101, 1899)]).toEqual(whole);
  });

  test('are priced on every card, as if it had been asked alone', () => {
    const { models } = simulateRuns(some);
    expect(models.map((each) => each.model)).toEqual(['sonnet', 'long']);
    for (const [index, theirs] of [SONNET, LONG].entries()) {
      const alone = simulateRuns({ ...some, card: theirs, compare: [] });
      expect(alone).toMatchObject(models[index]!);
    }
  });

  test('also with more cards than fit one pass', () => {
    const many = Array.from({ length: 20 }, (_, index) => card(`${index + 1}`, '1'));
    const few = options({ runs: 500_000, maxRounds: 1, profile: PRESETS.service });
    const { models } = simulateRuns({ ...few, compare: many });
    const means = models.map((each) => each.mean);
    expect(means.every((mean, index) => index === 0 || mean > means[index - 1]!)).toBe(true);
    expect(means.length).toBe(20);
  });
});

describe('the presets, uncapped', () => {
  // Mean and percentiles in credits at 0.25 / 1.25, from large samples of an earlier program.
  test.each([
    ['coding', 466, [145, 257, 387, 582, 840, 1052, 1618]],
    ['service', 15.1, [6.1, 9.5, 13, 18.4, 25.4, 31.1, 46.2]],
    ['service-large', 20.8, [8.2, 13, 18, 25.2, 34.6, 42.2, 62.6]],
  ] as const)('%s', (name, mean, percentiles) => {
    const result = simulateRuns(options({ profile: PRESETS[name], runs: 40_000, maxRounds: 10_000 }));
    const found = [result.mean, ...Object.values(result.percentiles)].map((amount) => amount / MICRO);
    for (const [index, expected] of [mean, ...percentiles].entries()) {
      expect(Math.abs(found[index]! / expected - 1)).toBeLessThan(index === 7 ? 0.04 : 0.025);
    }
  });

  test('coding costs what its moments say', () => {
    // E[N] = 79·exp(.32²/2), E[N²] = 79²·exp(2·.32²); input = N·first + (tool + output)·N(N−1)/2.
    const rounds = 79 * Math.exp(0.0512);
    const pairs = (79 ** 2 * Math.exp(0.2048) - rounds) / 2;
    const expected = (rounds * 1907 + (223 + 208) * pairs) * 0.00025 + rounds * 208 * 0.00125;
    const result = simulateRuns(options({ runs: 60_000, maxRounds: 10_000 }));
    expect(Math.abs(result.mean / MICRO / expected - 1)).toBeLessThan(0.009);
    expect(result.resentShare).toBeGreaterThan(0.9);
  });

  test.each([
    [10, 12.2, 16.8, 0],
    [25, 50.7, 65.5, 0],
    [50, 166, 207, 0.08],
    [75, 305, 412, 0.45],
    [100, 398, 657, 0.78],
    [150, 458, 1052, 0.98],
  ])('coding under a cap of %d rounds', (maxRounds, mean, p95, finishShare) => {
    const result = simulateRuns(options({ runs: 20_000, maxRounds }));
    expect(Math.abs(result.mean / MICRO / mean - 1)).toBeLessThan(0.025);
    expect(Math.abs(result.percentiles.p95 / MICRO / p95 - 1)).toBeLessThan(0.025);
    expect(Math.abs(result.finishShare - finishShare)).toBeLessThan(0.015);
  });
});

describe('caps', () => {
  test('a higher cap never lowers a mean, a percentile or the share that finishes', () => {
    let before = simulateRuns(options({ maxRounds: 1 }));
    for (const maxRounds of [2, 3, 5, 10, 24, 25, 26, 60, 120, 300, 10_000]) {
      const result = simulateRuns(options({ maxRounds }));
      expect(result.mean).toBeGreaterThanOrEqual(before.mean);
      for (const key of ['p5', 'p50', 'p95', 'p99'] as const) {
        expect(result.percentiles[key]).toBeGreaterThanOrEqual(before.percentiles[key]);
      }
      expect(result.finishShareAtMaxRounds).toBeGreaterThanOrEqual(before.finishShareAtMaxRounds);
      expect(result.rounds.slice(0, before.rounds.length)).toEqual(before.rounds);
      before = result;
    }
  });

  test.each([
    ['coding', 20],
    ['coding', 150],
    ['coding', 400],
    ['service', 12],
    ['service', 25],
    ['service-large', 30],
  ] as const)('a recommended cap for %s keeps P95 within %d credits under other seeds', (name, amount) => {
    const some = options({ profile: PRESETS[name], budget: credits(amount), runs: 10_000 });
    const cap = simulateRuns(some).recommendedMaxRounds!;
    expect(cap).toBeGreaterThan(0);
    expect(cap).toBeLessThan(10_000);
    for (const seed of [2, 3, 4]) {
      expect(simulateRuns({ ...some, seed, maxRounds: cap }).percentiles.p95).toBeLessThanOrEqual(
        credits(amount),
      );
    }
  });

  test('the recommendation does not depend on the cap asked for', () => {
    const caps = [1, 25, 200].map((maxRounds) => simulateRuns(options({ maxRounds, budget: credits(150) })));
    expect(new Set(caps.map((result) => result.recommendedMaxRounds)).size).toBe(1);
    expect(caps[0]!.recommendedMaxRounds).toBeGreaterThan(30);
  });

  test.each<[string, Partial<StatisticalOptions>, number | null]>([
    ['no budget', {}, null],
    ['a free model', { card: card('0', '0'), budget: credits(1) }, null],
    ['nothing to spend', { budget: credits(0) }, 0],
    ['more than the dearest run', { budget: credits(1e9) }, 10_000],
  ])('with %s', (_, some, expected) => {
    const result = simulateRuns(options({ runs: 300, ...some }));
    expect(result.recommendedMaxRounds).toBe(expected);
    if (expected === null) expect(result.finishShare).toBe(result.finishShareAtMaxRounds);
  });

  test('agents that share a budget get a lower cap, and cost the sum of their runs', () => {
    const one = simulateRuns(options({ budget: credits(300), runs: 4000 }));
    const four = simulateRuns(options({ budget: credits(300), runs: 1000, agents: 4 }));
    expect(Math.abs(four.mean - 4 * one.mean)).toBeLessThanOrEqual(2);
    expect(four.recommendedMaxRounds!).toBeLessThan(one.recommendedMaxRounds!);
  });
});

describe('a cache and a compaction', () => {
  test('cost and share what they did in the recorded coding runs', () => {
    // Recorded: 98.3 % of the input came from the cache, and reads at 0.1 with the rest at 1.25 made it 0.16 of the price.
    const cached = card('0.25', '1.25', '0.025', '0.3125');
    const simulate = (cache: 'none' | 'anthropic') =>
      simulateRuns(options({ card: cached, cache, maxRounds: 10_000 }));
    expect(simulate('anthropic').mean / simulate('none').mean).toBeCloseTo(0.16, 2);
    const { perRun, resentShare } = simulate('none');
    expect(perRun.resentTokens / perRun.inputTokens).toBeCloseTo(0.98, 2);
    expect(resentShare).toBeCloseTo(0.93, 2);
    expect(simulate('anthropic').resentShare).toBeLessThan(0.6);
  });

  test('no input after the first passes the limit by more than one round adds', () => {
    const some = options({ compaction: { at: 10_000, to: 3_000 }, maxRounds: 120, runs: 1000 });
    const result = simulateRuns(some);
    expect(Math.max(...result.rounds.map((row) => row.inputTokens.p90))).toBeLessThanOrEqual(10_000);
    expect(result.perRun.calls).toBeCloseTo(
      simulateRuns({ ...some, compaction: null }).perRun.calls + result.perRun.summaries,
      3,
    );
    expect(result.mean).toBeLessThan(simulateRuns({ ...some, compaction: null }).mean);
  });
});

describe('refusals', () => {
  const wild = { ...PRESETS.coding, tool: { mean: 100_000_000, sd: 1.5 } };
  test.each<[string, Partial<StatisticalOptions>, RegExp]>([
    ['no runs', { runs: 0 }, /runs must be/],
    ['too many runs', { runs: MAX_RUNS + 1 }, /runs must be/],
    ['too many runs of all agents', { runs: MAX_RUNS / 2 + 1, agents: 2 }, /runs of 2 agents/],
    ['no agents', { agents: 0 }, /agents/],
    ['a fraction of a round', { maxRounds: 2.5 }, /max-rounds/],
    ['too many rounds', { maxRounds: 10_001 }, /max-rounds/],
    ['compaction to no less', { compaction: { at: 5000, to: 5000 } }, /compact-to/],
    ['compaction at nothing', { compaction: { at: 1, to: 1 } }, /compact-at/],
    ['no base tokens', { baseTokens: 0 }, /base-tokens/],
    ['a bad seed', { seed: -1 }, /seed/],
    ['a context beyond 1,000,000,000 tokens', { profile: wild }, /1,000,000,000 tokens/],
    ['a run beyond every account', { maxRounds: 8, card: card('600000000', '1') }, /cost of a simulated run/],
    [
      'a trial beyond every account',
      { maxRounds: 1, agents: 10, card: card('600000000', '1') },
      /cost of a trial/,
    ],
    ['a call beyond every account', { maxRounds: 2, card: card('90000000000', '1') }, /beyond every/],
  ])('%s', (_, some, message) => {
    expect(() => simulateRuns(options({ runs: 100, ...some }))).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });

  test('what lies beyond the cap refuses nothing', () => {
    const result = simulateRuns(options({ profile: wild, runs: 100, maxRounds: 1, budget: credits(8e9) }));
    expect(result.recommendedMaxRounds).toBeGreaterThan(0);
    expect(result.recommendedMaxRounds).toBeLessThan(10_000);
  });

  test('a wild profile ends', () => {
    const endless = { ...PRESETS.service, rounds: { median: 10_000, sd: 1.5 } };
    const result = simulateRuns(
      options({ profile: endless, runs: 50, maxRounds: 10_000, budget: credits(1) }),
    );
    expect(result.rounds.length).toBe(10_000);
  });
});
