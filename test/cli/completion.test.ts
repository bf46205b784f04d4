import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandGroup, CommandSpec } from '../../src/cli/command.ts';
import { complete, type Dynamic, renderCompletion, targetOf } from '../../src/cli/complete.ts';
import { COMPLETION_SCRIPTS } from '../../src/cli/render/completion-scripts.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { hasShell } from '../helpers/shells.ts';

const load = () => Promise.reject(new Error('not for completion'));
const row = (spec: Partial<CommandSpec> & { name: string }): CommandSpec => ({
  summary: `${spec.name} …`,
  examples: [],
  load,
  ...spec,
});

const GROUPS: readonly CommandGroup[] = [
  {
    heading: 'All:',
    commands: [
      row({ name: '' }),
      row({
        name: 'spend',
        aliases: ['sp'],
        args: '[amount]',
        writes: true,
        books: true,
        options: [
          { flags: '-m, --model <model>', description: 'model' },
          { flags: '--file <path>', description: 'file', repeat: true },
          { flags: '--no-byok', description: 'charge' },
          { flags: '--maxRounds <n>', description: 'hidden', hidden: true },
        ],
      }),
      row({
        name: 'settle',
        hiddenAliases: ['capture'],
        args: '<hold>',
        options: [{ flags: '--credits <amount>', description: 'c' }],
      }),
      row({ name: 'plan show', isDefault: true, family: 'plans' }),
      row({ name: 'plan set', args: '<plan>', options: [{ flags: '--mode <mode>', description: 'mode' }] }),
      row({ name: 'replay', args: '<paths...>', options: [{ flags: '--seed <n>', description: 's' }] }),
      row({
        name: 'replay check',
        args: '<plan>',
        options: [{ flags: '--mode <mode>', description: 'mode' }],
      }),
      row({ name: 'help', args: '[topic]', localOnly: true }),
      row({ name: 'accounts show', args: '[id]' }),
      row({ name: 'secret', hidden: true }),
    ],
  },
];

const offers = async (words: string[]): Promise<string> => {
  const asked: Dynamic[] = [];
  const found = await complete(GROUPS, ['cron', 'terms'], words, async (kind) => {
    asked.push(kind);
    return [
      { value: `${kind}-1`, description: '' },
      { value: `${kind}-2`, description: '' },
    ];
  });
  expect(asked.length).toBeLessThanOrEqual(1);
  return [...found.offers.map(({ value }) => value), ...(found.files ? ['FILES'] : [])].join(' ');
};

describe('what fits at the end of a command line', () => {
  test.each<[string[], string]>([
    [[''], 'spend settle plan replay help accounts'],
    [[], 'spend settle plan replay help accounts'],
    [['se'], 'settle'],
    [['plan', ''], 'show set'],
    [['plan', 'se'], 'set'],
    [['plan', 'set', ''], 'plan-1 plan-2'],
    [['plan', 'set', 'pro', ''], ''],
    [['plan', 'set', '--mode', ''], 'prorate restart next-cycle'],
    [['plan', 'set', '--mode', 'RE'], 'restart'],
    [['plan', 'set', '--mode', 'restart', ''], 'plan-1 plan-2'],
    [['spend', '-m', ''], 'model-1 model-2'],
    [['spend', '--model=model-2'], '--model=model-2'],
    [['spend', '--model', 'x', ''], ''],
    [['spend', '--file', ''], 'FILES'],
    [['sp', '--m'], '--model'],
    [['spend', '-m', 'x', '--m'], ''],
    [['spend', '--file', 'x', '--fi'], '--file'],
    [['spend', '--no-b'], '--no-byok'],
    [['spend', '--k'], '--key'],
    [['settle', '--k'], ''],
    [['help', '--remote'], ''],
    [['capture', ''], 'hold-1 hold-2'],
    [['settle', '--credits', '5', 'hold-2'], 'hold-2'],
    [['--json', 'settle', ''], 'hold-1 hold-2'],
    [['--db', 'settle', 'pl'], 'plan'],
    [['-a', ''], 'account-1 account-2'],
    [['accounts', 'show', ''], 'account-1 account-2'],
    [['replay', 'one', ''], 'FILES'],
    [['replay', ''], 'check'],
    [['replay', 'x'], 'FILES'],
    [['replay', '--s'], '--seed'],
    [['replay', 'check', ''], 'plan-1 plan-2'],
    [['replay', '--seed', '3', 'check', '--m'], '--mode'],
    [['replay', 'one', 'check', ''], 'FILES'],
    [['help', ''], 'cron terms spend settle plan replay help accounts'],
    [['help', 'te'], 'terms'],
    [['spend', '--', '--m'], ''],
    [['nonsense', ''], ''],
    [['plan', 'nonsense', ''], ''],
    [['secret', ''], ''],
    [['--nonsense', ''], 'spend settle plan replay help accounts'],
  ])('%j: %s', async (words, expected) => {
    expect(await offers(words)).toBe(expected);
  });

  test('a description stays on its line', () => {
    const offer = { value: 'a', description: 'one\ntwo\tthree\u001b[31m' };
    expect(renderCompletion({ offers: [offer, { value: 'b', description: '' }], files: false })).toBe(
      'a\tone two three [31m\nb\n:4',
    );
  });

  test.each<[string[], ReturnType<typeof targetOf>]>([
    [['-a', 'acme', 'settle', ''], { account: 'acme', isOther: false }],
    [['settle', '--account=acme', ''], { account: 'acme', isOther: false }],
    [['settle', '--db', 'x', ''], { account: null, isOther: true }],
    [['settle', '--remote=http://h', ''], { account: null, isOther: true }],
    [['settle', '--', '--db', ''], { account: null, isOther: false }],
    [['settle', '-a'], { account: null, isOther: false }],
  ])('the ledger that %j means', (words, expected) => {
    expect(targetOf(words)).toEqual(expected);
  });
});

describe('credits complete', () => {
  test('needs no ledger and offers the built-in names', async () => {
    const credits = commandLine(temporaryFolder());
    expect(await credits(['complete', '--', 'estimate', '-m', 'so'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: 'sonnet\tClaude Sonnet 4\n:4\n',
    });
    expect((await credits(['complete', '--', 'settle', ''])).stdout).toBe(':4\n');
    expect((await credits(['complete'])).stdout).toMatch(/^estimate\t/);
  });

  test('offers accounts, lots and holds of the ledger, and nothing of another one', async () => {
    const credits = commandLine(temporaryFolder());
    await credits(['init', '--plan', 'pro']);
    await credits(['accounts', 'create', 'acme:eu']);
    const { hold } = (await credits(['hold', '5', '--json'])).json();
    const values = async (...words: string[]): Promise<string[]> =>
      (await credits(['complete', '--', ...words])).stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0]!);
    expect(await values('balance', '-a', '')).toEqual(['acme:eu', 'default', ':4']);
    expect(await values('settle', '')).toEqual([hold, ':4']);
    expect(await values('settle', '-a', 'acme:eu', '')).toEqual([':4']);
    expect(await values('settle', '-a', 'nobody', '')).toEqual([':4']);
    expect(await values('settle', '--db', 'other.db', '')).toEqual([':4']);
    await credits(['card', 'add', 'pm_card_visa']);
    const { purchase } = (await credits(['buy', '500', '--yes', '--json'])).json();
    expect(await values('purchases', 'show', '')).toEqual([purchase, ':4']);
    expect(await values('packages', 'retire', '')).toEqual(['500', '2000', ':4']);
    const { lots } = (await credits(['balance', '--lots', '--json'])).json();
    expect(await values('revoke', '')).toEqual([...lots.map((each: { lot: string }) => each.lot), ':4']);
  });

  test('one credit is said as one', async () => {
    const credits = commandLine(temporaryFolder());
    await credits(['init', '--plan', 'pro']);
    await credits(['hold', '1']);
    await credits(['hold', '1.5']);
    await credits(['packages', 'set', 'tiny', '--credits', '1', '--price', '0.50']);
    const offers = async (...words: string[]): Promise<string[]> =>
      (await credits(['complete', '--', ...words])).stdout.split('\n').map((line) => line.split('\t')[1]!);
    expect((await offers('settle', '')).slice(0, 2).sort()).toEqual(['1 credit', '1.5 credits']);
    expect(await offers('packages', 'retire', 't')).toContain('1 credit');
    expect(await offers('plan', 'set', 'pro')).toContain('1,000 credits a month');
  });

  test('a broken ledger offers nothing and is no failure', async () => {
    const home = temporaryFolder();
    const credits = commandLine(home);
    writeFileSync(path.join(home, 'broken.db'), 'no ledger at all, but long enough to be looked at');
    const { code, stdout } = await credits(['complete', '--', 'settle', ''], {
      env: { CREDITS_DB: path.join(home, 'broken.db') },
    });
    expect([code, stdout]).toEqual([0, ':4\n']);
  });
});

describe('credits completion', () => {
  const credits = commandLine(temporaryFolder());

  test.each(['bash', 'zsh', 'fish'] as const)('prints the script of %s', async (shell) => {
    expect((await credits(['completion', shell])).stdout).toBe(`${COMPLETION_SCRIPTS[shell]}\n`);
  });

  test.each([['powershell'], ['']])('there is none for %j', async (shell) => {
    const { code, failure } = await credits(['completion', shell, '--json']);
    expect([code, failure().hint]).toEqual([2, 'it is there for bash, zsh, fish']);
  });
});

/** Asks a real bash what it would put on the line; `credits` is a script that prints fixed offers. */
describe.skipIf(!hasShell('bash'))('the script, in bash', () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'credits'), '#!/bin/sh\nprintf "%s|" "$@" >"$SEEN"\nprintf %b "$OFFERS"\n');
  chmodSync(path.join(folder, 'credits'), 0o755);
  const seen = path.join(folder, 'seen');

  function ask(line: string, broken: string[], offered: string): { replies: string[]; asked: string } {
    const program = `${COMPLETION_SCRIPTS.bash}
COMP_LINE="$LINE" COMP_POINT=\${#LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_credits
printf '%s\\n' "\${COMPREPLY[@]}"
cat "$SEEN"`;
    const { stdout } = spawnSync('bash', ['--norc', '-c', program, 'bash', ...broken], {
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH}`, LINE: line, OFFERS: offered, SEEN: seen },
    });
    const lines = stdout.split('\n');
    return { replies: lines.slice(0, -1), asked: lines.at(-1)! };
  }

  test('gives the words that are written, and takes the values', () => {
    const { replies, asked } = ask(
      'credits models s',
      ['credits', 'models', 's'],
      'show\\tone model\\nset\\n:4\\n',
    );
    expect(replies).toEqual(['show', 'set']);
    expect(asked).toBe('complete|--|models|s|');
  });

  test('an empty last word is a word', () => {
    expect(ask('credits models ', ['credits', 'models', ''], ':4\\n').asked).toBe('complete|--|models||');
  });

  test('cuts off what bash does not replace: it breaks words at colons and equals signs', () => {
    const words = ['credits', 'balance', '-a', 'acme', ':', 'e'];
    const { replies, asked } = ask('credits balance -a acme:e', words, 'acme:eu\\tpro\\n:4\\n');
    expect(replies).toEqual(['eu']);
    expect(asked).toBe('complete|--|balance|-a|acme:e|');
    const model = ask(
      'credits spend --model=',
      ['credits', 'spend', '--model', '='],
      '--model=a\\n--model=b\\n:4\\n',
    );
    expect(model.replies).toEqual(['a', 'b']);
  });
});
