import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../src/core/simulate/profile.ts';
import { runCosts } from '../../src/core/simulate/run-costs.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const folder = temporaryFolder();
const credits = commandLine(folder);
let files = 0;

/** Writes runs as plain JSON Lines. */
function runsFile(runs: readonly object[]): string {
  const file = path.join(folder, `runs-${++files}.jsonl`);
  writeFileSync(file, runs.map((run) => `${JSON.stringify(run)}\n`).join(''));
  return file;
}

/** A run whose context grows by 50 tokens of tool results and 20 of output a round. */
const steady = (id: string, rounds: number) => ({
  id,
  model: 'haiku',
  rounds: Array.from({ length: rounds }, (_, k) => ({ in: 1000 + 70 * k, out: 20 })),
});

/** Too few tasks to split: nothing is validated, which is what takes the time. */
const three = (): object[] => twelve().slice(0, 3);

const twelve = (): object[] => Array.from({ length: 12 }, (_, k) => steady(`task-${k}`, 10));

describe('simulate calibrate', () => {
  test('has a page and options of its own, and simulate has none of them', async () => {
    const own = (await credits(['simulate', 'calibrate', '--help'])).stdout;
    const parents = (await credits(['simulate', '--help'])).stdout;
    expect(own).toMatch(/--blend <profile>[\s\S]*simulate calibrate runs\/ -o mine.json/);
    expect(own).not.toMatch(/--budget|--max-rounds/);
    expect(parents).toMatch(/Commands:\n +calibrate/);
    expect(parents).not.toMatch(/--blend|--format|-o, --output/);
    expect(
      (await credits(['simulate', '-m', 'haiku', '--blend', 'coding', '--json'])).failure().message,
    ).toMatch(/unknown option '--blend'/);
  });

  test('fits the laws, writes the profile, and simulate takes it', async () => {
    const file = path.join(folder, 'mine.json');
    const end = await credits(['simulate', 'calibrate', runsFile(twelve()), '-o', file, '--json']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(end.json()).toMatchObject({
      schema: 'credits.profile/v1',
      name: 'mine',
      n: 12,
      tasks: 12,
      calls: 120,
      rounds: { median: 10, sd: 0 },
      firstInput: { mean: 1000, sd: 0 },
      tool: { mean: 50, sd: 0 },
      output: { mean: 20, sd: 0 },
      // Runs that are all alike leave nothing to be wrong about.
      heldOut: { tasks: 12, mean: { bias: 0, absolute: 0, floor: 0 }, coverage: 1 },
      warning: null,
      file,
    });
    const { file: _, ...document } = end.json();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(document);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    const simulated = await credits(['simulate', '-m', 'haiku', '--profile', file, '--json']);
    // Σ (1000 + 70 k) for k = 0 … 9 is 13,150 input tokens, and 200 output tokens.
    expect(simulated.json()).toMatchObject({ mean: 3.5375, profile: { name: 'mine', n: 12 } });
  });

  test('for people: size, laws, bias, error, floor and coverage', async () => {
    const { stdout, stderr } = await credits(['sim', 'calibrate', runsFile(twelve()), '--name', 'ours']);
    expect(stdout).toMatch(/^Profile ours: 12 runs of 12 tasks, 120 rounds\n/);
    expect(stdout).toMatch(/\nCost a run +Bias +Error +Floor\nMean +0 % +0 % +0 %\nP50 +0 % /);
    expect(stdout).toMatch(/\nP5 to P95 holds 100 % of the unseen runs/);
    expect(stderr).toMatch(/^nothing was written/);
  });

  test('fewer than 10 runs are a warning, and may be blended with a profile', async () => {
    const file = runsFile(three());
    const few = await credits(['simulate', 'calibrate', file, '--json']);
    expect([few.code, few.stderr]).toEqual([0, expect.stringContaining('warning: only 3 runs')]);
    expect(few.json().warning).toContain('only 3 runs');
    const blended = await credits(['simulate', 'calibrate', file, '--blend', 'coding', '--json']);
    expect(blended.json().blendedWith).toEqual({ profile: 'coding', weight: 0.2308 });
    expect(blended.json().rounds.median).toBeGreaterThan(few.json().rounds.median);
    expect(blended.json().rounds.median).toBeLessThan(PRESETS.coding.rounds.median);
  });

  test('trials of one task are one task: they stay on one side of a split', async () => {
    const trials = Array.from({ length: 9 }, (_, k) => ({
      ...steady(`${k % 3}/${k}`, 10 + (k % 3)),
      agent: 'tau2',
    }));
    const { json } = await credits(['simulate', 'calibrate', runsFile(trials), '--json']);
    expect(json()).toMatchObject({ n: 9, tasks: 3, heldOut: null });
    const told = twelve().map((run, k) => ({ ...run, task: `t${k % 2}` }));
    expect((await credits(['simulate', 'calibrate', runsFile(told), '--json'])).json().tasks).toBe(2);
  });

  test('a fit to runs drawn from a profile finds the profile again', async () => {
    const { json } = await credits(['simulate', 'calibrate', runsFile(drawnRuns(40)), '--json']);
    const { rounds, heldOut } = json();
    expect(Math.abs(rounds.median / 10 - 1)).toBeLessThan(0.2);
    expect(rounds.sd).toBeGreaterThan(0.2);
    expect(heldOut.coverage).toBeGreaterThan(0.75);
  });

  test('the same seed gives the same bytes, another one other splits', async () => {
    const file = runsFile([2, 3, 4, 6].map((rounds, k) => steady(`task-${k}`, rounds)));
    const line = ['simulate', 'calibrate', file, '--json'];
    const { stdout, json } = await credits(line);
    expect((await credits(line)).stdout).toBe(stdout);
    expect((await credits([...line, '--seed', '2'])).json().heldOut).not.toEqual(json().heldOut);
  });

  test('what is there and is no profile stays; an old profile is replaced whole', async () => {
    const own = path.join(folder, 'here');
    mkdirSync(own);
    const [ledger, profile] = [path.join(own, 'ledger.db'), path.join(own, 'p.json')];
    writeFileSync(ledger, 'precious');
    const refused = await credits(['simulate', 'calibrate', runsFile(three()), '-o', ledger, '--json']);
    expect([refused.code, refused.stdout, readFileSync(ledger, 'utf8')]).toEqual([2, '', 'precious']);
    for (const name of ['one', 'two']) {
      const line = ['simulate', 'calibrate', runsFile(three()), '-o', profile, '--name', name];
      expect((await credits(line)).code).toBe(0);
    }
    expect(JSON.parse(readFileSync(profile, 'utf8')).name).toBe('two');
    expect(readdirSync(own).sort()).toEqual(['ledger.db', 'p.json']);
    const nowhere = path.join(folder, 'no/where.json');
    const missing = await credits(['simulate', 'calibrate', runsFile(three()), '-o', nowhere, '--json']);
    expect(missing.failure()).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining(nowhere),
    });
  });

  test.each([
    ['simulate calibrate', 'paths'],
    ['simulate --budget 5 calibrate x', '--budget'],
    ['simulate calibrate /nowhere', '/nowhere'],
    ['simulate calibrate x --budget 5', '--budget'],
    ['simulate calibrate x --max-rounds 5', '--max-rounds'],
    ['simulate calibrate x --compare', '--compare'],
    ['simulate calibrate x --format cline', '--format'],
    ['simulate calibrate x --blend nothing', 'nothing'],
  ])('refused: %s', async (line, word) => {
    const end = await credits([...line.split(' '), '--json']);
    expect([end.code, end.stdout, end.failure().code]).toEqual([2, '', 'invalid_argument']);
    expect(end.failure().message).toContain(word);
  });

  test('no runs are nothing to fit', async () => {
    const end = await credits(['simulate', 'calibrate', runsFile([]), '--json']);
    expect([end.code, end.failure().message]).toEqual([2, expect.stringContaining('no runs')]);
  });
});

/** Runs with lengths as the service preset has them, found from what a round that costs one credit a call comes to. */
function drawnRuns(count: number): object[] {
  const law = { mean: 1, sd: 0 };
  const lengths = runCosts({
    profile: { ...PRESETS.service, firstInput: law, tool: { mean: 0, sd: 0 }, output: law },
    card: { model: 'x', rates: { input: '0', output: '1000', cacheRead: null, cacheWrite: null } },
    ...{ seed: 3, start: 0, count, compaction: null, cache: 'none', maxRounds: 1000 },
  });
  return [...lengths].map((cost, k) => steady(`drawn-${k}`, cost / 1e6));
}
