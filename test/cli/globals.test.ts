import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CommandSpec } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { WireOptions } from '../../src/cli/wire-types.ts';
import { LedgerError } from '../../src/core/errors.ts';
import { BALANCE, c, fakeRun, NOW, RECEIPT } from './fake.ts';

/** A line of every command that opens a ledger, with the schema of its answer. */
const LINES: Readonly<Record<string, readonly [line: string, schema: string]>> = {
  '': ['', 'credits.status/v1'],
  status: ['status', 'credits.status/v1'],
  balance: ['balance', 'credits.balance/v1'],
  spend: ['spend 12.5', 'credits.receipt/v1'],
  hold: ['hold 12.5', 'credits.receipt/v1'],
  settle: ['settle hold_k3x9_4 --credits 1', 'credits.receipt/v1'],
  release: ['release hold_k3x9_4', 'credits.receipt/v1'],
  holds: ['holds', 'credits.holds/v1'],
  log: ['log', 'credits.log/v1'],
  import: ['import -', 'credits.import/v1'],
  grant: ['grant 5 --source promotional', 'credits.receipt/v1'],
  revoke: ['revoke lot_k3x9_3', 'credits.receipt/v1'],
  expire: ['expire --lot lot_k3x9_3', 'credits.expiry/v1'],
  'cycle show': ['cycle show', 'credits.cycle/v1'],
  'cycle grant': ['cycle grant', 'credits.rollover/v1'],
  'cycle expire': ['cycle expire', 'credits.rollover/v1'],
  'cycle rollover': ['cycle rollover', 'credits.rollover/v1'],
  'plan show': ['plan show', 'credits.plan/v1'],
  'plan list': ['plan list', 'credits.plans/v1'],
  'plan set': ['plan set team', 'credits.plan/v1'],
  'plan define': ['plan define studio --credits 1 --price 1', 'credits.plan/v1'],
  'byok list': ['byok list', 'credits.byok/v1'],
  'byok add': ['byok add openai', 'credits.byok/v1'],
  'byok remove': ['byok remove openai', 'credits.byok/v1'],
  'packages list': ['packages', 'credits.packages/v1'],
  'packages set': ['packages set 5000 --credits 5000 --price 40', 'credits.packages/v1'],
  'packages retire': ['packages retire 500', 'credits.packages/v1'],
  buy: ['buy 500 --yes', 'credits.purchase/v1'],
  'purchases list': ['purchases', 'credits.purchases/v1'],
  'purchases show': ['purchases show pay_k3x9_4', 'credits.purchase/v1'],
  'card show': ['card', 'credits.card/v1'],
  'card add': ['card add pm_card_visa', 'credits.card/v1'],
  'card remove': ['card remove --yes', 'credits.card/v1'],
  'topup show': ['topup', 'credits.topup/v1'],
  'topup set': ['topup set --threshold 100 --amount 500', 'credits.topup/v1'],
  'topup enable': ['topup enable --yes', 'credits.topup/v1'],
  'topup disable': ['topup disable', 'credits.topup/v1'],
  'topup run': ['topup run', 'credits.attempts/v1'],
  'topup history': ['topup history', 'credits.attempts/v1'],
  'payments sync': ['payments sync', 'credits.sync/v1'],
  'payments audit': ['payments audit', 'credits.audit/v1'],
  'accounts list': ['accounts list', 'credits.accounts/v1'],
  'accounts show': ['accounts show', 'credits.account/v1'],
  'accounts create': ['accounts create acme', 'credits.account/v1'],
  'accounts close': ['accounts close --yes', 'credits.account/v1'],
  verify: ['verify', 'credits.verify/v1'],
  export: ['export --what lots', 'credits.export/v1'],
};

const SPECS = COMMANDS.flatMap((group) => group.commands);
const rows = Object.entries(LINES).map(([name, [line, schema]]) => {
  const spec = SPECS.find((each) => each.name === name)!;
  return { spec, argv: line.split(' ').filter((word) => word !== ''), schema };
});
const opened = (calls: readonly (readonly unknown[])[]): WireOptions =>
  calls.find(([method]) => method === 'open')![1] as WireOptions;

describe('the global flags, on every command', () => {
  test('the table above names every command of a ledger; a new one needs its line here', () => {
    // These need no ledger, or make one, or ask for views that the recording ledger has not; they have tests of their own.
    const others =
      /^(?:estimate|models|help|complete|completion|init|backup|restore|doctor|statusline|usage|forecast|simulate|replay|serve|tokens|login|logout|whoami)\b/;
    const names = SPECS.map((spec) => spec.name).filter((name) => !others.test(name));
    expect(Object.keys(LINES).sort()).toEqual(names.sort());
  });

  test.each(rows)('--json, before and behind: $argv', async ({ argv, schema, spec }) => {
    for (const line of [
      ['--json', '--db', '/a.db', '-a', 'acme', '--now', '2026-01-01', ...argv],
      [...argv, '--json', '--db', '/a.db', '-a', 'acme', '--now', '2026-01-01'],
    ]) {
      const end = await fakeRun(line);
      expect([end.code, Object.keys(end.json)[0], end.json.schema]).toEqual([0, 'schema', schema]);
      expect(end.stdout.endsWith('}\n')).toBe(true);
      expect(opened(end.calls)).toMatchObject({
        db: '/a.db',
        remote: null,
        now: Date.parse('2026-01-01T00:00:00Z'),
        readOnly: spec.writes !== true,
      });
    }
  });

  test.each(rows)('a write names its ledger on stderr, -q silences it: $argv', async ({ argv, spec }) => {
    const plain = await fakeRun(argv);
    expect(plain.stdout).not.toBe('');
    expect(plain.stderr).toEqual(
      spec.writes === true ? expect.stringMatching(/^test ledger \/ledger\.db · /) : '',
    );
    const quiet = await fakeRun([...argv, '-q']);
    expect([quiet.code, quiet.stderr]).toEqual([0, '']);
  });

  test.each(rows.filter(({ spec }) => spec.books === true))(
    '--key reaches the ledger: $argv',
    async ({ argv }) => {
      const { calls, code } = await fakeRun([...argv, '--key', 'k1', '-n']);
      expect(code).toBe(0);
      expect(calls.flat()).toContainEqual({ key: 'k1', dryRun: true });
    },
  );

  test.each(rows)('a refusal of the ledger passes through whole: $argv', async ({ argv }) => {
    const refuse = async (): Promise<never> => {
      throw new LedgerError('ledger_busy', 'busy', { hint: 'later', details: { waitedMs: 5 } });
    };
    const names = ['spend', 'hold', 'settle', 'release', 'grant', 'revoke', 'expire', 'runCycle', 'setPlan'];
    const reads = ['definePlan', 'balance', 'holds', 'cycle', 'plan', 'plans', 'log', 'accounts', 'account'];
    const money = [
      'setPackage',
      'retirePackage',
      'packages',
      'topup',
      'setTopup',
      'runTopup',
      'topupHistory',
    ];
    const books = [
      'card',
      'addCard',
      'removeCard',
      'buy',
      'purchases',
      'purchase',
      'syncPayments',
      'auditPayments',
    ];
    const rest = ['byok', 'changeByok', 'openAccount', 'closeAccount', 'verify', 'spendMany'];
    const answers = Object.fromEntries(
      [...names, ...reads, ...rest, ...money, ...books].map((name) => [name, refuse]),
    );
    const rows = {
      exportRows: async function* () {
        yield await refuse();
      },
    };
    const end = await fakeRun([...argv, '--json'], {
      answers: { ...answers, ...rows },
      stdin: '{"credits":1}\n',
    });
    expect([end.code, end.stdout]).toEqual([75, '']);
    expect(end.failure).toMatchObject({ code: 'ledger_busy', details: { waitedMs: 5 } });
  });
});

describe('where settings come from', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'credits-home-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const configure = (text: string): void => {
    mkdirSync(path.join(home, 'credits'), { recursive: true });
    writeFileSync(path.join(home, 'credits/config.json'), text);
  };
  const look = async (argv: readonly string[], env: Readonly<Record<string, string>>) => {
    const { calls } = await fakeRun(['balance', ...argv], { env: { XDG_CONFIG_HOME: home, ...env } });
    const { db, remote } = opened(calls);
    const account = calls.find(([method]) => method === 'balance')![1];
    return { db, remote, account };
  };

  test('flags beat environment beats file beats default; an empty variable is not set', async () => {
    const standard = '/nowhere/.local/share/credits/ledger.db';
    expect(await look([], {})).toEqual({ db: standard, remote: null, account: 'default' });
    configure('{"db":"/file.db","account":"filed"}');
    expect(await look([], {})).toEqual({ db: '/file.db', remote: null, account: 'filed' });
    expect(await look([], { CREDITS_DB: '', CREDITS_ACCOUNT: '' })).toMatchObject({ account: 'filed' });
    const env = { CREDITS_DB: '/env.db', CREDITS_ACCOUNT: 'envy' };
    expect(await look([], env)).toEqual({ db: '/env.db', remote: null, account: 'envy' });
    expect(await look(['--db', '/flag.db', '-a', 'flag'], env)).toEqual({
      db: '/flag.db',
      remote: null,
      account: 'flag',
    });
  });

  test('a flag for one kind of ledger beats the other kind in the environment', async () => {
    configure('{"remote":"https://file"}');
    expect((await look([], { CREDITS_TOKEN: 't' })).remote).toEqual({ url: 'https://file', token: 't' });
    expect((await look(['--db', '/flag.db'], { CREDITS_REMOTE: 'https://env' })).remote).toBeNull();
    const remote = await look(['--remote', 'https://flag'], { CREDITS_DB: '/env.db' });
    expect(remote.remote).toEqual({ url: 'https://flag', token: null });
  });

  test('a password in the environment opens the ledger and is printed nowhere', async () => {
    configure('{}');
    const secrets = ['postgres://me:s3cret@host/db', 'postgres://me@host/db?password=s3cret&x=1'];
    for (const url of secrets) {
      const env = { XDG_CONFIG_HOME: home, CREDITS_DB: url };
      expect((await look([], env)).db).toBe(url);
      for (const argv of [
        ['init', '-n'],
        ['init', '-n', '--json'],
      ]) {
        const end = await fakeRun(argv, { env });
        expect(end.code).toBe(0);
        expect(`${end.stdout}${end.stderr}`).not.toContain('s3cret');
        expect(end.stdout).toContain('host/db');
      }
    }
  });

  test('XDG_DATA_HOME places the ledger; a relative one is ignored', async () => {
    configure('{}');
    expect((await look([], { XDG_DATA_HOME: '/data' })).db).toBe('/data/credits/ledger.db');
    expect((await look([], { XDG_DATA_HOME: 'data' })).db).toBe('/nowhere/.local/share/credits/ledger.db');
  });

  test.each(['[1]', '{"db":5}', '{"dbb":"x"}', 'nonsense', '{"account":""}'])(
    'a bad file is refused: %s',
    async (text) => {
      configure(text);
      const end = await fakeRun(['balance', '--json'], { env: { XDG_CONFIG_HOME: home } });
      expect([end.code, end.failure.code, end.calls]).toEqual([2, 'invalid_argument', []]);
      expect(end.failure.message).toContain('config.json');
    },
  );
});

describe('-q and nothing changed', () => {
  test.each([
    ['spend 12.5 --key k', { spend: async () => ({ ...RECEIPT, replayed: true }) }],
    ['expire', {}],
    ['cycle rollover --all', {}],
    [
      'plan set pro',
      { setPlan: async () => ({ ...BALANCE, pending: null, receipt: null, booked: null, effectiveAt: NOW }) },
    ],
    ['import -', {}],
  ])('credits %s', async (line, answers) => {
    const argv = line.split(' ');
    expect((await fakeRun(argv, { answers })).stdout).not.toBe('');
    const quiet = await fakeRun([...argv, '-q'], { answers });
    expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, '', '']);
  });
});

describe('the check of --min', () => {
  test.each([
    ['1117.5', c(0), 0],
    ['1117.500001', c(0), 3],
    ['0', c(1), 3],
  ])('--min %s with debt %d exits %d, with the answer on stdout', async (min, debt, code) => {
    const answers = { balance: async () => ({ ...BALANCE, debt }) };
    const end = await fakeRun(['balance', '--min', min, '--json'], { answers });
    expect([end.code, end.json.available]).toEqual([code, 1117.5]);
    if (code === 3)
      expect(end.failure).toMatchObject({ code: 'check_failed', details: { available: 1117.5 } });
  });
});

describe('what nobody expected', () => {
  const answers = {
    balance: async () => {
      throw new TypeError('x is not a function');
    },
  };

  test('is internal, exit 1, without a stack', async () => {
    const end = await fakeRun(['balance', '--json'], { answers });
    expect([end.code, end.stdout, end.failure.code]).toEqual([1, '', 'internal']);
    expect(end.stderr).not.toContain('at ');
    const debug = await fakeRun(['balance', '--json'], { answers, env: { CREDITS_DEBUG: '1' } });
    expect(debug.stderr).toMatch(/TypeError: x is not a function\n\s+at /);
    expect(debug.failure.code).toBe('internal');
  });

  test('a full disk has its own code', async () => {
    const full = {
      balance: async () => {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      },
    };
    expect((await fakeRun(['balance', '--json'], { answers: full })).failure.code).toBe('disk_full');
  });

  test('an interrupted command says so, with the exit code of its signal', async () => {
    for (const exit of [130, 143]) {
      const controller = new AbortController();
      const slow = {
        balance: async () => {
          controller.abort(exit);
          controller.signal.throwIfAborted();
        },
      };
      const end = await fakeRun(['balance', '--json'], { answers: slow, signal: controller.signal });
      expect([end.code, end.stdout, end.failure.message]).toEqual([exit, '', 'interrupted']);
    }
  });
});

/** A spec must say what it is before it can be tested from this table. */
test.each(SPECS.map((spec) => [spec.name, spec] as const))(
  'the row of %s is whole',
  (_name, spec: CommandSpec) => {
    expect(spec.summary).toMatch(/^[^A-Z].*[^.]$|^[A-Z]/);
    expect(spec.examples.length).toBeGreaterThan(0);
    for (const example of spec.examples) expect(example).toContain('credits');
    if (spec.books === true) expect(spec.writes).toBe(true);
  },
);
