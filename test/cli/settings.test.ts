import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { programSettings } from '../../src/cli/main.ts';
import { parseLine } from '../../src/cli/program.ts';
import { profileNames, readConfiguration } from '../../src/cli/settings.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { fakeRun } from './fake.ts';

const home = temporaryFolder();
const env = { HOME: home, XDG_CONFIG_HOME: home };
const file = path.join(home, 'credits/config.json');
mkdirSync(path.dirname(file));

function configure(settings: unknown, mode = 0o600): void {
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings));
  chmodSync(file, mode);
}

const read = (name?: string) =>
  readConfiguration(env, name === undefined ? null : { name, from: '--profile' });

/** The refusal of a reading. */
function refusal(name?: string): { code: string; message: string; hint: string | undefined } {
  try {
    read(name);
  } catch (error) {
    if (isLedgerError(error)) return { code: error.code, message: error.message, hint: error.hint };
  }
  throw new Error('it was not refused');
}

const TWO = {
  account: 'top',
  model: 'haiku',
  db: '/top.db',
  profiles: {
    work: { remote: 'https://credits.example', token: 'secret', account: 'build' },
    side: { account: 'side' },
    home: { db: '~/home.db' },
  },
};

describe('profiles', () => {
  test('the settings of a profile win; one that names a ledger replaces the other one', () => {
    configure(TWO);
    expect(read()).toEqual({ account: 'top', model: 'haiku', db: '/top.db' });
    expect(read('work')).toEqual({
      account: 'build',
      model: 'haiku',
      remote: 'https://credits.example',
      token: 'secret',
    });
    expect(read('side')).toEqual({ account: 'side', model: 'haiku', db: '/top.db' });
    expect(read('home')).toEqual({ account: 'top', model: 'haiku', db: path.join(home, 'home.db') });
  });

  test('a token at the top does not follow a profile to another server', () => {
    configure({ remote: 'https://one', token: 'one', profiles: { other: { remote: 'https://two' } } });
    expect(read()).toEqual({ remote: 'https://one', token: 'one' });
    expect(read('other')).toEqual({ remote: 'https://two' });
  });

  test('the file can choose one, and a flag or the environment another', () => {
    configure({ ...TWO, profile: 'side' });
    expect(read()).toMatchObject({ account: 'side' });
    expect(read('home')).toMatchObject({ account: 'top' });
    expect(profileNames(env)).toEqual(['work', 'side', 'home']);
  });

  test('one that is not there is refused, and the others are named', () => {
    configure(TWO);
    expect(refusal('wrok')).toEqual({
      code: 'invalid_argument',
      message: '--profile: there is no profile "wrok"',
      hint: `${file} has work, side, home`,
    });
    configure({ profile: 'gone' });
    expect(refusal().message).toBe(`${file}: profile: there is no profile "gone"`);
    expect(() => readConfiguration({ HOME: '/nowhere' }, { name: 'x', from: 'CREDITS_PROFILE' })).toThrow(
      'CREDITS_PROFILE: there is no profile "x"',
    );
    expect(readConfiguration({ HOME: '/nowhere' }, null)).toEqual({});
  });
});

describe('what is refused', () => {
  test.each<[unknown, string]>([
    [{ accuont: 'x' }, 'unknown setting "accuont"'],
    [{ profiles: { work: { accuont: 'x' } } }, 'unknown setting "profiles.work.accuont"'],
    [{ profiles: { work: { profiles: {} } } }, 'unknown setting "profiles.work.profiles"'],
    [{ profiles: { work: 'x' } }, 'profiles.work must be an object of settings'],
    [{ profiles: [] }, 'profiles must be an object of profiles by name'],
    [{ profile: 5 }, 'profile must be the name of one of its profiles'],
    [{ profiles: { work: { db: '' } } }, 'profiles.work.db must be a text'],
    [{ db: 'here.db' }, 'db must be an absolute path'],
    ['{"db":', 'is no JSON'],
    ['7', 'must hold one JSON object'],
  ])('%j: %s', (settings, message) => {
    configure(settings);
    expect(refusal()).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(message) });
  });

  test.each<[string, unknown]>([
    ['a token', { profiles: { work: { remote: 'https://h', token: 's3cret' } } }],
    ['a password', { db: 'postgres://me:s3cret@h/d' }],
    ['a password behind the address', { db: 'postgres://h/d?password=s3cret' }],
  ])('%s in a file that others can read', (_, settings) => {
    for (const mode of [0o644, 0o640, 0o604]) {
      configure(settings, mode);
      const refused = refusal();
      expect(refused).toMatchObject({
        message: `${file} holds a secret, and others can read it`,
        hint: `\`chmod 600 ${file}\``,
      });
      expect(JSON.stringify(refused)).not.toContain('s3cret');
    }
    configure(settings, 0o600);
    expect(() => read()).not.toThrow();
  });

  test('others may read a file without secrets', () => {
    configure({ account: 'acme' }, 0o644);
    expect(read()).toEqual({ account: 'acme' });
  });
});

describe('the whole way', () => {
  const opened = async (argv: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { calls } = await fakeRun(['balance', ...argv], { env: { ...env, ...more } });
    const { db, remote } = calls.find(([method]) => method === 'open')![1] as { db: string; remote: unknown };
    return { db, remote, account: calls.find(([method]) => method === 'balance')![1] };
  };

  test('--profile beats CREDITS_PROFILE, and single flags and variables beat both', async () => {
    configure({ ...TWO, profile: 'side' });
    const work = { remote: { url: 'https://credits.example', token: 'secret' }, account: 'build' };
    expect(await opened([])).toMatchObject({ db: '/top.db', account: 'side' });
    expect(await opened([], { CREDITS_PROFILE: 'work' })).toMatchObject(work);
    expect(await opened(['--profile', 'home'], { CREDITS_PROFILE: 'work' })).toMatchObject({
      account: 'top',
    });
    expect(await opened(['--profile', 'work', '-a', 'me'])).toMatchObject({ ...work, account: 'me' });
    expect(await opened(['--profile', 'work'], { CREDITS_ACCOUNT: 'env' })).toMatchObject({ account: 'env' });
    expect(await opened(['--profile', 'work'], { CREDITS_TOKEN: 't2' })).toMatchObject({
      remote: { url: 'https://credits.example', token: 't2' },
    });
  });

  test('a token of the file goes to no server that a flag or variable names', async () => {
    configure(TWO);
    const elsewhere = { url: 'https://elsewhere', token: null };
    expect((await opened(['--profile', 'work', '--remote', elsewhere.url])).remote).toEqual(elsewhere);
    expect((await opened(['--profile', 'work'], { CREDITS_REMOTE: elsewhere.url })).remote).toEqual(
      elsewhere,
    );
  });

  test('simulate keeps the --profile that it has for itself', () => {
    const line = (argv: string[]) => {
      const parsed = parseLine(programSettings(80, argv), argv);
      return 'page' in parsed ? null : [parsed.options.profile, parsed.flags.profile];
    };
    expect(line(['simulate', '-m', 'haiku', '--profile', 'service'])).toEqual(['service', undefined]);
    expect(line(['sim', '--profile', 'service'])).toEqual(['service', undefined]);
    expect(line(['balance', '--profile', 'work'])).toEqual([undefined, 'work']);
    expect(line(['--profile', 'simulate', 'balance'])).toEqual([undefined, 'simulate']);
  });

  test('completion offers the profiles, and the kinds of runs where simulate asks for them', async () => {
    configure(TWO);
    const credits = commandLine(home);
    const words = async (...argv: string[]): Promise<string[]> =>
      (await credits(['complete', '--', ...argv], { env })).stdout.trimEnd().split('\n');
    expect(await words('balance', '--profile', '')).toEqual([
      'work\tprofile',
      'side\tprofile',
      'home\tprofile',
      ':4',
    ]);
    expect(await words('simulate', '--profile', 'service')).toEqual(['service', 'service-large', ':0']);
    expect(await words('simulate', '--cache', '')).toEqual(['none', 'anthropic', 'openai', ':4']);
    expect(await words('export', '--format', '')).toEqual(['jsonl', 'csv', 'hledger', ':4']);
  });
});
