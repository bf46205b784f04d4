import { describe, expect, test } from 'vitest';
import type { CommandSpec } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { fakeRun } from './fake.ts';

// What never fails says its mistakes in its answer: test/cli/statusline.test.ts.
const SPECS: readonly CommandSpec[] = COMMANDS.flatMap((group) => group.commands).filter(
  ({ neverFails }) => neverFails !== true,
);

/** A word for each argument a command must have. */
const operandsOf = (spec: CommandSpec): string[] =>
  (spec.args ?? '')
    .split(' ')
    .filter((argument) => argument.startsWith('<'))
    .map((argument) => (argument === '<amount>' ? '100' : 'word'));

const words = (spec: CommandSpec): string[] => [
  ...spec.name.split(' ').filter((word) => word !== ''),
  ...operandsOf(spec),
];

/** A mistake is found before a ledger is opened, leaves stdout empty and says itself in both forms. */
async function refused(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const text = await fakeRun(argv, { env });
  expect([text.code, text.stdout, text.calls]).toEqual([2, '', []]);
  expect(text.stderr).toMatch(/^error: \S/);
  expect(text.stderr).not.toMatch(/error: error:|\n\s+at /);
  const json = await fakeRun(['--json', ...argv], { env });
  expect([json.code, json.stdout, json.calls]).toEqual([2, '', []]);
  expect(json.stderr.trimEnd().split('\n')).toHaveLength(1);
  return json.failure;
}

describe('on every command', () => {
  test.each(SPECS.map((spec) => [spec.name, spec] as const))(
    'an unknown flag: credits %s',
    async (_name, spec) => {
      const failure = await refused([...words(spec), '--no-such-flag']);
      expect(failure.code).toBe('invalid_argument');
      expect(failure.message).toContain('--no-such-flag');
    },
  );

  const finite = SPECS.filter((spec) => spec.args?.includes('...') !== true);
  test.each(finite.map((spec) => [spec.name, spec] as const))(
    'an argument too many: credits %s',
    async (_name, spec) => {
      const most = (spec.args ?? '').split(' ').filter((word) => word !== '').length;
      const extra = Array.from({ length: most + 1 - operandsOf(spec).length }, () => 'extra');
      expect((await refused([...words(spec), ...extra])).code).toBe('invalid_argument');
    },
  );

  test.each(SPECS.map((spec) => [spec.name, spec] as const))(
    '--key and --dry-run where they mean nothing: credits %s',
    async (_name, spec) => {
      if (spec.books !== true) {
        expect((await refused([...words(spec), '--key', 'k1'])).message).toContain('--key');
      }
      if (spec.writes !== true)
        expect((await refused([...words(spec), '-n'])).message).toContain('--dry-run');
      if (spec.localOnly === true) {
        expect((await refused([...words(spec), '--remote', 'https://x'])).message).toContain('this machine');
      }
    },
  );
});

describe('what is refused', () => {
  const LINES: readonly [line: string, says: string][] = [
    ['balnce', 'balnce'],
    ['balnce --lots', 'balnce'],
    ['cycle rolover', 'rolover'],
    ['accounts shwo', 'shwo'],
    ['plan set', 'plan'],
    ['settle', 'hold'],
    ['import', 'file'],
    ['--bogus', '--bogus'],
    ['--mod haiku spend', '--mod'],
    ['balance --min', '--min'],
    ['balance --min 1e3', '1e3'],
    ['balance --min -5', '-5'],
    ['balance --as-of yesterday', '--as-of'],
    ['balance --as-of 2026-02-30', '2026-02-30'],
    ['balance --lots --total', '--lots'],
    ['spend', 'amount'],
    ['spend 0', 'more than 0'],
    ['spend -5', '-5'],
    ['spend 1e3', '1e3'],
    ['spend 1,000', '1,000'],
    ['spend NaN', 'NaN'],
    ['spend 0.0000001', '0.0000001'],
    ['spend 1000000001', '1,000,000,000'],
    ['spend 5 -m haiku', 'two requests'],
    ['spend 5 --input-tokens 3', 'two requests'],
    ['spend 5 --no-byok', 'two requests'],
    ['spend -m haiku', 'tokens'],
    ['spend --input-tokens 5', '-m'],
    ['spend -m haiku --input-tokens 1.5', '--input-tokens'],
    ['spend -m haiku --input-tokens -1', '--input-tokens'],
    ['spend -m haiku --input-tokens 1000000001', '--input-tokens'],
    ['spend -m haiku --input-tokens 10 --cached-tokens 11', '--cached-tokens'],
    ['spend -m haiku --input-tokens 10 --max-output-tokens 5', '--max-output-tokens'],
    ['hold', 'amount'],
    ['hold 0', 'more than 0'],
    ['hold 5 --ttl 25h', '24 hours'],
    ['hold 5 --ttl 10', '--ttl'],
    ['settle hold_k3x9_4', '--credits'],
    ['settle hold_k3x9_4 --credits 5 --input-tokens 3', '--credits'],
    ['settle hold_k3x9_4 --credits 5 -m haiku', '--credits'],
    ['grant 100', '--source'],
    ['grant 0 --source promotional', 'more than 0'],
    ['grant 100 --source gift', 'gift'],
    ['grant 100 --source purchased --expires 30d', 'never expire'],
    ['grant 100 --source promotional --expires tomorrow', '--expires'],
    ['grant 100 --source promotional --expires 0d', '--expires'],
    ['grant 100 --source promotional --priority -1', '--priority'],
    ['expire --lot lot_k3x9_3 --all', '--lot'],
    ['expire --key k1', '--key'],
    ['plan set team --mode soon', 'soon'],
    ['plan define studio --credits 3000', '--price'],
    ['plan define studio --credits 3000 --price 1.234', '--price'],
    ['plan define 9x --credits 1 --price 1', '9x'],
    ['accounts create @ledger', '@ledger'],
    ['accounts create acme --timezone Mars/Olympus', 'Mars/Olympus'],
    ['accounts create acme --anchor soon', '--anchor'],
    ['log --limit 0', '--limit'],
    ['log --kind sold', 'sold'],
    ['log --since 2026-02-02 --until 2026-02-01', '--since'],
    ['log --since soon', '--since'],
    ['verify --heads /nowhere/heads.json', '/nowhere/heads.json'],
    ['import /nowhere/usage.jsonl', '/nowhere/usage.jsonl'],
    ['import /', 'folder'],
    ['balance -a bad/id', 'bad/id'],
    ['balance --now soon', '--now'],
    ['balance --remote ftp://x', 'ftp://x'],
    ['balance --db a.db --remote https://x', '--remote'],
    ['balance --db postgres://user:secret@host/db', 'password'],
    ['balance --db postgres://host/db?password=secret', 'password'],
    ['spend 5 --key a\tb', '--key'],
    ['accounts close acme', 'acme'],
  ];

  test.each(LINES)('credits %s', async (line, says) => {
    const argv = line.split(' ');
    if (line.startsWith('accounts close')) {
      const end = await fakeRun([...argv, '--json']);
      expect([end.code, end.stdout, end.failure.code]).toEqual([2, '', 'confirmation_needed']);
      expect(end.failure.hint).toContain('--yes');
      return;
    }
    const failure = await refused(argv);
    expect(`${failure.message} ${failure.hint ?? ''}`).toContain(says);
    expect(JSON.stringify(failure)).not.toContain('secret');
  });

  test('a suggestion for a word that is nearly right', async () => {
    expect((await refused(['balnce'])).hint).toContain('Did you mean balance?');
    expect((await refused(['accounts', 'shwo'])).hint).toContain('Did you mean show?');
    expect((await refused(['spend', '5', '--nite', 'x'])).hint).toContain('Did you mean --note?');
  });

  test('bad values in the environment and in the configuration file', async () => {
    expect((await refused(['balance'], { CREDITS_NOW: 'soon' })).message).toContain('CREDITS_NOW');
    expect((await refused(['balance'], { CREDITS_ACCOUNT: 'a b' })).message).toContain('a b');
    expect(
      (await refused(['balance'], { CREDITS_DB: 'a.db', CREDITS_REMOTE: 'https://x' })).message,
    ).toContain('CREDITS_REMOTE');
  });

  test('--json behind -- is an operand', async () => {
    const end = await fakeRun(['spend', '--', '--json']);
    expect([end.code, end.stderr.startsWith('error: amount')]).toEqual([2, true]);
  });
});

describe('a group that is no command by itself', () => {
  const groups = new Map<string, CommandSpec[]>();
  for (const spec of SPECS) {
    const [group, verb] = spec.name.split(' ');
    if (verb !== undefined) groups.set(group!, [...(groups.get(group!) ?? []), spec]);
  }
  const mute = [...groups].filter(
    ([group, specs]) =>
      !specs.some(({ isDefault }) => isDefault) && !SPECS.some(({ name }) => name === group),
  );

  test.each(mute)('credits %s names its commands', async (group, specs) => {
    const failure = await refused([group]);
    expect(failure.code).toBe('invalid_argument');
    for (const { name } of specs) expect(failure.message).toContain(name.split(' ')[1]);
    // The list of commands says what the group is about.
    expect(specs[0]!.family).toMatch(/\S/);
  });
});
