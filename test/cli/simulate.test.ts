import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const folder = temporaryFolder();
const credits = commandLine(folder);
const EXACT = ['--base-tokens', '2000', '--tool-tokens', '500', '--output-tokens', '300'];
/** Few runs: enough for what is asked of them. */
const DRAWN = ['--runs', '400', '--seed', '7'];

/** A home with a ledger of its own. */
async function withLedger(...more: readonly string[][]) {
  const run = commandLine(temporaryFolder());
  for (const line of [['init', '--plan', 'pro'], ...more]) expect((await run(line)).code).toBe(0);
  return run;
}

/** What the contract says an exact run costs, in microcredits of a model with whole microcredits a token. */
function byHand(rounds: number, input: number, output: number): number[] {
  const sums: number[] = [];
  for (let k = 1; k <= rounds; k++) {
    const cost = (2000 + (k - 1) * 800) * input + 300 * output;
    sums.push((sums.at(-1) ?? 0) + cost);
  }
  return sums;
}

describe('an exact run', () => {
  test('round by round, to the microcredit, 25 rounds unless told', async () => {
    const { code, json } = await credits(['simulate', '-m', 'haiku', ...EXACT, '--json']);
    const document = json();
    const sums = byHand(25, 250, 1250);
    expect([code, document.schema, document.mode]).toEqual([0, 'credits.simulation/v1', 'exact']);
    expect(document.rounds.map((row: { cumulative: number }) => row.cumulative)).toEqual(
      sums.map((sum) => sum / 1e6),
    );
    expect(document.rounds[2]).toEqual({
      round: 3,
      inputTokens: 3600,
      outputTokens: 300,
      credits: 1.275,
      cumulative: 3.225,
    });
    expect(document).toMatchObject({
      model: 'claude-haiku',
      total: 81.875,
      affordable: null,
      exhaustedAtRound: null,
      recommendedMaxRounds: null,
      budget: null,
    });
  });

  test.each([
    ['0.874999', 1, 0, false],
    ['0.875', 2, 1, false],
    ['40', 17, 16, false],
    ['81.874999', 25, 24, false],
    ['81.875', null, 25, true],
    ['93.824999', null, 26, true],
    ['93.825', null, 27, true],
  ])('held against a budget of %s', async (budget, exhaustedAtRound, recommendedMaxRounds, affordable) => {
    const line = ['sim', '-m', 'haiku', ...EXACT, '--budget', budget, '--json'];
    const plain = await credits(line);
    expect(plain.code).toBe(0);
    expect(plain.json()).toMatchObject({ affordable, exhaustedAtRound, recommendedMaxRounds });
    const checked = await credits([...line, '--check']);
    expect([checked.code, checked.stdout]).toEqual([affordable ? 0 : 3, plain.stdout]);
    if (!affordable)
      expect(checked.failure()).toMatchObject({
        code: 'check_failed',
        details: { needed: 81.875, available: Number(budget) },
      });
  });

  test.each(['--max-rounds', '--maxRounds', '--max-turns'])('%s caps the rounds', async (flag) => {
    const { json } = await credits(['simulate', '-m', 'haiku', ...EXACT, flag, '3', '--json']);
    expect(json()).toMatchObject({ maxRounds: 3, total: 3.225 });
    expect(json().rounds).toHaveLength(3);
  });

  test('rounds are thinned for people, and the round where it runs out is among them', async () => {
    const { stdout } = await credits([
      ...['simulate', '-m', 'haiku', ...EXACT, '--max-rounds', '100', '--budget', '40'],
    ]);
    const shown = stdout
      .split('\n')
      .map((line) => /^ *(\d+) {2,}/.exec(line)?.[1])
      .filter((round) => round !== undefined);
    expect(shown).toEqual(['1', '10', '16', '17', '20', '30', '40', '50', '60', '70', '80', '90', '100']);
    expect(stdout).toContain('Claude Haiku   100 rounds: ');
    expect(stdout).toMatch(/\nBudget 40: runs out at round 17 of 100; 16 rounds fit\.\n$/);
  });

  test.each([
    ['1.375', 'pays for the round, and for 1 at most'],
    ['3', 'pays for the round, and for 2 at most'],
  ])('one round is not "all 1 round": a budget of %s', async (budget, words) => {
    const line = ['simulate', '-m', 'haiku', ...EXACT, '--base-tokens', '4000', '--max-rounds'];
    const { stdout } = await credits([...line, '1', '--budget', budget]);
    expect(stdout).toContain(`Budget ${Number(budget)}: ${words}.`);
    const over = await credits([...line, '9', '--budget', '1.4']);
    expect(over.stdout).toContain('Budget 1.4: runs out at round 2 of 9; 1 round fits.');
  });

  const DEEP = [
    ...['models', 'set', 'deep', '--provider', 'acme', '--input', '1.25', '--output', '10'],
    ...['--above', '5000=2.5/15', '--above', '20000=5/30'],
  ];

  test('rates are numbers in JSON, as `models` writes them', async () => {
    const run = await withLedger(DEEP);
    for (const flags of [EXACT, DRAWN]) {
      const { rates } = (await run(['simulate', '-m', 'deep', ...flags, '--json'])).json();
      const { from, model, name, provider, aliases, contextWindow, maxOutput, ...same } = (
        await run(['models', 'show', 'deep', '--json'])
      ).json().models[0];
      expect(rates).toEqual(same);
      expect(rates).toMatchObject({ input: 1.25, cacheRead: null, tiers: [{ aboveInputTokens: 5000 }, {}] });
    }
  });

  test('the heading has the prices that the rounds pay, those of long inputs too', async () => {
    const run = await withLedger(DEEP);
    const heading = async (base: string, ...more: string[]) => {
      const tokens = ['--tool-tokens', '500', '--output-tokens', '300', '--base-tokens', base];
      const { stdout } = await run(['simulate', '-m', 'deep', ...tokens, ...more]);
      return /\((.*)\)\n/.exec(stdout)![1];
    };
    expect(await heading('2000', '--max-rounds', '4')).toBe('1.25 / 10 per 1K');
    expect(await heading('2600', '--max-rounds', '4')).toBe('1.25 / 10 per 1K');
    expect(await heading('2601', '--max-rounds', '4')).toBe('1.25 / 10 per 1K, 2.5 / 15 above 5,000');
    // As `estimate` says of such a call.
    expect(await heading('6000', '--max-rounds', '4')).toBe('2.5 / 15 per 1K');
    expect(await heading('5000', '--max-rounds', '30')).toBe(
      '1.25 / 10 per 1K, 2.5 / 15 above 5,000, 5 / 30 above 20,000',
    );
    expect(await heading('20001')).toBe('5 / 30 per 1K');
    const drawn = await run(['simulate', '-m', 'deep', ...DRAWN]);
    expect(drawn.stdout).toContain('(1.25 / 10 per 1K, 2.5 / 15 above 5,000, 5 / 30 above 20,000)\n');
  });

  test('--compare: the same run on every model, the cheapest first', async () => {
    const { json } = await credits(['simulate', '-m', 'sonnet', ...EXACT, '--compare', '--json']);
    const { models, total } = json();
    expect(models.map((row: { model: string }) => row.model)).toEqual([
      'gemini-2.5-flash',
      'gpt-4o-mini',
      'claude-haiku',
      'gemini-2.5-pro',
      'gpt-4o',
      'claude-sonnet-4',
    ]);
    expect(models.at(-1).total).toBe(total);
    expect(models[2].total).toBe(81.875);
  });
});

describe('drawn runs', () => {
  test('the fields of the contract; the same seed gives the same bytes', async () => {
    const line = ['simulate', '-m', 'haiku', ...DRAWN, '--budget', '45', '--compare', '--json'];
    const first = await credits(line);
    expect((await credits(line)).stdout).toBe(first.stdout);
    expect((await credits(line.map((word) => (word === '7' ? '8' : word)))).stdout).not.toBe(first.stdout);
    const document = first.json();
    expect(document).toMatchObject({
      schema: 'credits.simulation/v1',
      mode: 'statistical',
      model: 'claude-haiku',
      profile: { name: 'coding', n: 92 },
      runs: 400,
      seed: 7,
      maxRounds: 25,
      budget: 45,
      budgetFrom: 'budget',
    });
    const { p5, p25, p50, p75, p90, p95, p99 } = document.percentiles;
    const rising = [p5, p25, p50, p75, p90, p95, p99];
    expect(rising.toSorted((a, b) => a - b)).toEqual(rising);
    expect(document.mean).toBeGreaterThan(p25);
    const { low, high } = document.exhaustInterval;
    expect(low).toBeLessThan(document.exhaustProbability);
    expect(high).toBeGreaterThan(document.exhaustProbability);
    expect(document.rounds).toHaveLength(25);
    expect(document.rounds[24].exhausted).toBe(document.exhaustProbability);
    expect(document.rounds[0]).toMatchObject({ round: 1, reach: 1, exhausted: 0 });
    const own = document.models.find((row: { model: string }) => row.model === 'claude-haiku');
    expect(own.percentiles).toEqual(document.percentiles);
    expect(document.models).toHaveLength(6);
  });

  test('--check fails above a chance of 5 %, and passes at the recommended cap', async () => {
    const line = ['simulate', '-m', 'haiku', ...DRAWN, '--budget', '45', '--json', '--check'];
    const over = await credits(line);
    const { recommendedMaxRounds, exhaustProbability } = over.json();
    expect([over.code, over.failure().code]).toEqual([3, 'check_failed']);
    expect(exhaustProbability).toBeGreaterThan(0.05);
    expect(over.failure().details).toMatchObject({ exhaustProbability, available: 45 });
    const capped = await credits([...line, '--max-rounds', String(recommendedMaxRounds)]);
    expect(capped.code).toBe(0);
    expect((await credits(line.filter((word) => word !== '--check'))).code).toBe(0);
  });

  test('what was assumed and what stands out is said on stderr, not with -q', async () => {
    const line = ['simulate', '-m', 'sonnet', ...DRAWN];
    const { stdout, stderr } = await credits(line);
    expect(stderr).toContain('assumed the coding profile');
    expect(stderr).toMatch(
      /median coding run on Claude Sonnet 4, without a cap, costs about 4,\d{3} credits: more than a month of Pro gives \(1,000\)/,
    );
    expect(stderr).toMatch(/within 25 rounds: the median run takes 79\n/);
    expect(stderr).toMatch(/\d\d(\.\d)? % of the cost is context/);
    const quiet = await credits([...line, '-q']);
    expect([quiet.stdout, quiet.stderr]).toEqual([stdout, '']);
    const told = await credits([...line, '--profile', 'service', '--max-rounds', '40', '-m', 'haiku']);
    expect(told.stderr).not.toMatch(/assumed|month of Pro|the median run takes/);
  });

  test('cache prices come from the rate card alone', async () => {
    const run = await withLedger([
      ...['models', 'set', 'haiku', '--input', '0.25', '--output', '1.25'],
      ...['--cache-read', '0.025', '--cache-write', '0.3125', '--from', '2026-01-01'],
    ]);
    const mean = async (cache: string) =>
      (await run(['simulate', '-m', 'haiku', ...DRAWN, '--cache', cache, '--json'])).json().mean;
    const [none, anthropic, openai] = [await mean('none'), await mean('anthropic'), await mean('openai')];
    expect(anthropic).toBeLessThan(none / 2);
    expect(openai).toBeLessThan(anthropic);
    const plain = await credits(['simulate', '-m', 'haiku', ...DRAWN, '--cache', 'openai', '--json']);
    expect([plain.json().mean, plain.stderr.includes('has no cache rates')]).toEqual([none, true]);
  });

  test('compaction, a base and agents that share a budget change the runs', async () => {
    const of = async (...more: string[]) =>
      (await credits(['simulate', '-m', 'haiku', ...DRAWN, '--json', ...more])).json();
    const plain = await of();
    const compacted = await of('--compact-at', '6000', '--compact-to', '1000');
    expect(compacted.perRun.summaries).toBeGreaterThan(0);
    expect(compacted.mean).toBeLessThan(plain.mean);
    const based = await of('--base-tokens', '18626');
    expect(based.rounds[0].inputTokens).toEqual({ p50: 18626, p90: 18626 });
    const shared = await of('--parallel-agents', '3');
    expect(shared.mean / plain.mean).toBeCloseTo(3, 0);
  });

  test('a profile file is read; what is none is refused', async () => {
    const file = path.join(folder, 'short.json');
    const law = { mean: 100, sd: 0 };
    const laws = { firstInput: law, tool: law, output: law };
    writeFileSync(
      file,
      JSON.stringify({ schema: 'credits.profile/v1', rounds: { median: 2, sd: 0 }, ...laws }),
    );
    const { json } = await credits(['simulate', '-m', 'haiku', '--profile', file, '--json']);
    // Two rounds of 100 and 300 input tokens, 100 output tokens each.
    expect(json()).toMatchObject({ mean: 0.35, profile: { name: 'short' }, finishShareAtMaxRounds: 1 });
    for (const [text, word] of [
      ['{', 'is no JSON'],
      ['{"rounds":{"median":0,"sd":1}}', 'rounds.median'],
      ['{"schema":"credits.other/v1"}', 'credits.other/v1'],
    ]) {
      writeFileSync(file, text!);
      const refused = await credits(['simulate', '-m', 'haiku', '--profile', file, '--json']);
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.failure().message).toContain(word);
    }
    const missing = await credits(['simulate', '-m', 'haiku', '--profile', 'codng', '--json']);
    expect(missing.failure()).toMatchObject({ code: 'invalid_argument' });
    expect(missing.failure().hint).toContain('service-large');
  });
});

describe('pictures', () => {
  const UTF8 = { env: { LANG: 'en_GB.UTF-8', COLUMNS: '80' } };

  test('--plot draws the cost by round with its band and the budget, and a histogram', async () => {
    const line = ['simulate', '-m', 'haiku', ...DRAWN, '--budget', '45', '--plot', '-q'];
    const { code, stdout } = await credits(line, UTF8);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n25 {2}█{20,}│[█░]+ +[\d.]+ – [\d.]+\n {25,}│ budget 45\n/);
    expect(stdout).toMatch(/\n22 {2}█+░+│░+ /);
    const [, histogram = ''] = stdout.split('(the last bar: and more)\n');
    const counts = histogram
      .trimEnd()
      .split('\n')
      .map((row) => Number(row.split(/ +/).at(-1)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(400);
    for (const row of stdout.split('Cumulative credits by')[1]!.split('\n'))
      expect([...row].length).toBeLessThanOrEqual(80);
    const ascii = await credits(line, { env: { LANG: 'C' } });
    expect(ascii.stdout).toMatch(/\n25 {2}#{20,}\|[#-]+ /);
    expect(ascii.stdout.split('Cumulative credits by')[1]).not.toMatch(/[█░│]/);
  });

  test('--plot of an exact run', async () => {
    const line = ['simulate', '-m', 'haiku', ...EXACT, '--budget', '40', '--plot', '-q'];
    const { stdout } = await credits(line, UTF8);
    expect(stdout).toMatch(/\nCumulative credits by round\n 1 {2}█ /);
    expect(stdout).toMatch(/\n25 {2}█+│█+ {2}81\.875\n +│ budget 40\n$/);
    const json = await credits([...line, '--json']);
    expect([json.code, json.failure().message]).toEqual([2, '--json and --plot are two answers']);
  });

  test.each([
    [DRAWN, ['Cumulative credits by round', 'Credits a run', 'The same on every model']],
    [EXACT, ['Cumulative credits by round', 'The same on every model']],
  ])('--html writes one page that needs nothing else: %j', async (flags, headings) => {
    const file = path.join(folder, 'page.html');
    const line = ['simulate', '-m', 'haiku', ...flags, '--budget', '45', '--compare', '--html', file];
    const end = await credits(line);
    expect([end.code, end.stdout]).toEqual([0, expect.stringMatching(/\nReport written to .*page\.html\n$/)]);
    const page = readFileSync(file, 'utf8');
    expect([...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text)).toEqual(headings);
    expect(page).toMatch(/^<!doctype html>\n/);
    expect(page).not.toMatch(/https?:|<script|<link|NaN|undefined|Infinity/);
    expect(page).toContain('class="limit"');
    expect(page).toContain('<dt>Budget</dt><dd>45</dd>');
    // The same page again replaces it; anything else stays.
    expect((await credits([...line, '--json'])).json().schema).toBe('credits.simulation/v1');
    writeFileSync(file, 'precious');
    expect((await credits(line)).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    writeFileSync(file, '');
  });

  test('names from a profile reach the page as text', async () => {
    const [profile, file] = [path.join(folder, 'evil.json'), path.join(folder, 'evil.html')];
    const law = { mean: 100, sd: 0 };
    const laws = { firstInput: law, tool: law, output: law };
    writeFileSync(profile, JSON.stringify({ name: '<img src=x>', rounds: { median: 2, sd: 0 }, ...laws }));
    expect((await credits(['simulate', '-m', 'haiku', '--profile', profile, '--html', file])).code).toBe(0);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('&lt;img src=x&gt;');
    expect(page).not.toContain('<img');
  });
});

describe('beside a ledger', () => {
  test('the balance is what a run is held against, a budget beats it', async () => {
    const run = await withLedger();
    const line = ['simulate', '-m', 'sonnet', ...EXACT, '--max-rounds', '30', '--json'];
    expect((await run(line)).json()).toMatchObject({
      budget: 1050,
      budgetFrom: 'balance',
      total: 1359,
      affordable: false,
      exhaustedAtRound: 26,
      recommendedMaxRounds: 25,
    });
    expect((await run([...line, '--check'])).code).toBe(3);
    expect((await run([...line, '--check', '--budget', '1359'])).code).toBe(0);
    expect((await run(line.filter((word) => word !== '--json'))).stdout).toMatch(
      /\nBalance 1,050: runs out at round 26 of 30; 25 rounds fit\.\n$/,
    );
  });

  test('in debt nothing fits', async () => {
    const run = await withLedger();
    const { hold } = (await run(['hold', '1050', '--json'])).json();
    await run(['settle', hold, '--credits', '1060']);
    const { code, json } = await run(['simulate', '-m', 'haiku', ...EXACT, '--check', '--json']);
    expect([code, json().recommendedMaxRounds]).toEqual([3, 0]);
  });

  const GRATIS = ['models', 'set', 'gratis', '--provider', 'acme', '--input', '0', '--output', '0'];
  const inDebt = async () => {
    const run = await withLedger(GRATIS, ['byok', 'add', 'anthropic']);
    const { hold } = (await run(['hold', '1050', '--json'])).json();
    expect((await run(['settle', hold, '--credits', '1060'])).code).toBe(0);
    return run;
  };
  const closed = async () => {
    const run = await withLedger(GRATIS, ['byok', 'add', 'anthropic']);
    expect((await run(['accounts', 'close', 'default', '--yes'])).code).toBe(0);
    return run;
  };

  test.each([
    ['in debt', inDebt, 'in debt', 'takes no call until a grant repays it'],
    ['on a closed account', closed, 'closed', 'takes no call'],
  ])('%s not even rounds that cost nothing may be made', async (_, opened, mark, reason) => {
    const run = await opened();
    const exact = ['simulate', '-m', 'gratis', ...EXACT, '--compare', '--check'];
    const one = await run([...exact, '--json']);
    expect(one.code).toBe(3);
    expect(one.failure()).toMatchObject({ code: 'check_failed', details: { needed: 0, available: 0 } });
    expect(one.failure().message).toContain(reason);
    const stopped = { total: 0, affordable: false, exhaustedAtRound: 1, recommendedMaxRounds: null };
    expect(one.json()).toMatchObject(stopped);
    expect(one.json().models).toContainEqual({ model: 'gratis', ...stopped });
    const words = (await run(exact)).stdout;
    expect(words).toContain(`Balance 0 (${mark}): runs out at round 1 of 25; no round fits.`);
    expect(words).toMatch(/gratis +0 +round 1 +0 +0 \/ 0\n/);

    const drawn = ['simulate', '-m', 'gratis', ...DRAWN, '--compare', '--check'];
    const many = await run([...drawn, '--json']);
    expect([many.code, many.failure().message]).toEqual([3, one.failure().message]);
    expect(many.json()).toMatchObject({ mean: 0, exhaustProbability: 1, exhaustInterval: { high: 1 } });
    expect(many.json().rounds[0].exhausted).toBe(1);
    const gratis = many.json().models.find((row: { model: string }) => row.model === 'gratis');
    expect(gratis).toMatchObject({ mean: 0, exhaustProbability: 1 });
    expect((await run(drawn)).stdout).toMatch(/runs out in 100 % of the runs .* not bear a single round\.\n/);
    // A budget that was told is what it is held against.
    expect((await run([...exact, '--budget', '0'])).code).toBe(0);
  });

  test.each([
    ['debt does not stop', inDebt, 0],
    ['a closed account stops', closed, 3],
  ])('%s rounds on an own key', async (_, opened, code) => {
    const run = await opened();
    for (const flags of [EXACT, DRAWN]) {
      expect((await run(['simulate', '-m', 'haiku', ...flags, '--check'])).code).toBe(code);
    }
    const { json } = await run(['simulate', '-m', 'haiku', ...EXACT, '--json']);
    expect(json()).toMatchObject({ byok: true, total: 0, affordable: code === 0 });
  });

  test('on an own key rounds cost nothing, and no cap is needed', async () => {
    const run = await withLedger(['byok', 'add', 'anthropic', '--env', 'SOME_KEY']);
    const end = await run(['simulate', '-m', 'haiku', ...EXACT, '--json', '--check']);
    expect([end.code, end.json()]).toMatchObject([
      0,
      { byok: true, total: 0, affordable: true, exhaustedAtRound: null, recommendedMaxRounds: null },
    ]);
    expect(end.stderr).toContain('your own anthropic key');
    const drawn = await run(['simulate', '-m', 'haiku', ...DRAWN]);
    expect(drawn.stdout).toContain('Rounds cost nothing');
  });

  test('books nothing', async () => {
    const run = await withLedger();
    const log = (await run(['log', '--json'])).stdout;
    await run(['simulate', '-m', 'haiku', ...DRAWN]);
    expect((await run(['log', '--json'])).stdout).toBe(log);
  });
});

describe('what is refused', () => {
  const H = 'simulate -m haiku';
  test.each([
    ['simulate', 'which model'],
    [`${H} --tool-tokens 5`, 'all three'],
    [`${H} --base-tokens 5 --output-tokens 5`, 'all three'],
    [`${H} --base-tokens 1 --tool-tokens 1 --output-tokens 1 --profile service`, '--profile'],
    [`${H} --base-tokens 1 --tool-tokens 1 --output-tokens 1 --compact-at 9`, '--compact-at'],
    [`${H} --compact-at 9`, 'go together'],
    [`${H} --compact-at 9 --compact-to 9`, 'compact-to'],
    [`${H} --max-rounds 0`, '--max-rounds'],
    [`${H} --max-rounds 10001`, 'max-rounds'],
    [`${H} --runs 0`, '--runs'],
    [`${H} --runs 1000001`, 'runs'],
    [`${H} --seed 1e3`, '--seed'],
    [`${H} --budget -5`, '--budget'],
    [`${H} --cache google`, '--cache'],
    [`${H} --output p.json`, '--output'],
    [`${H} calibrat x`, 'unknown command'],
    [`${H} --dry-run`, '--dry-run'],
  ])('%s', async (line, word) => {
    const end = await credits([...line.split(' '), '--json']);
    expect([end.code, end.stdout, end.failure().code]).toEqual([2, '', 'invalid_argument']);
    expect(end.failure().message).toContain(word);
  });

  test('an unknown model, and a check without a ledger and a budget', async () => {
    const unknown = await credits(['simulate', '-m', 'gpt-5', '--json']);
    expect([unknown.code, unknown.failure().code]).toEqual([2, 'unknown_model']);
    const check = await credits(['simulate', '-m', 'haiku', ...EXACT, '--check', '--json']);
    expect([check.code, check.failure().code]).toEqual([2, 'no_ledger']);
  });
});
