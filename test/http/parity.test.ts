/**
 * Every command at a served ledger against the same command on the ledger itself: two copies of one ledger, the same lines
 * in the same order, the same bytes out. Ids of new accounts aside, which are made of chance.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { commandLine, type Ended, temporaryFolder } from '../helpers/cli-line.ts';
import type { TestLedger } from '../helpers/ledger.ts';
import { richLedger } from '../helpers/rich-ledger.ts';
import { type Served, serve } from '../helpers/served.ts';
import { Original, scratch, verifyFile } from '../helpers/tamper.ts';

interface Line {
  readonly argv: string;
  readonly stdin?: string;
}

const IMPORT = [
  '{"model":"haiku","inputTokens":1200,"outputTokens":300,"key":"i-1","session":"s","at":"2026-07-01T10:00:00Z"}',
  '{"credits":0.5,"note":"by hand","account":"poor"}',
  '{"credits":1000000,"key":"too-much"}',
  '{"model":"nobody","inputTokens":1,"outputTokens":1}',
  '{"credits":1,"account":"nobody"}',
  'no json',
].join('\n');

const RUNS = [
  '{"id":"r1","model":"haiku","rounds":[{"in":1000,"cached":0,"out":100,"reason":0,"tools":1,"obs":10},{"in":1500,"cached":900,"out":80,"reason":0,"tools":0,"obs":0}]}',
  '{"id":"r2","model":"4o","rounds":[{"in":3000,"cached":0,"out":100,"reason":0,"tools":1,"obs":10}]}',
].join('\n');

const MODELS = JSON.stringify({
  data: [
    { id: 'maker/quick', name: 'Quick', pricing: { prompt: '0.000001', completion: '0.000002' } },
    { id: 'maker/free:free', name: 'Free', pricing: { prompt: '0', completion: '0' } },
  ],
});

/** Longer than any name may be. */
const LONG = 'x'.repeat(300);

/** By name of the command, in the order in which they run. `HOLD` is an open hold of the account, `LOT` a lot. */
const LINES: Readonly<Record<string, readonly (string | Line)[]>> = {
  '': ['', '-a poor', '-a nobody'],
  status: ['status'],
  balance: [
    'balance',
    'balance --lots',
    'balance --total',
    'balance --min 100000',
    'balance -a poor --as-of 2026-02-03',
  ],
  holds: ['holds', 'holds --all', 'holds --all -a poor', 'holds -a nobody'],
  log: ['log', 'log --limit 3', 'log --kind spent --since 30d', 'log -a closed'],
  usage: [
    'usage --since 365d',
    'usage --by day --since 2026-01-01 --until 2026-03-01 -a acme',
    'usage --by account --since 365d',
    'usage --by session --csv',
    'usage --by month --since 365d --plot',
    'usage -a nobody',
  ],
  forecast: ['forecast', 'forecast --days 7 -a poor'],
  estimate: [
    'estimate --model haiku --input-tokens 1200 --output-tokens 300 --check',
    'estimate hello -m sonnet',
    'estimate --compare --input-tokens 5000',
  ],
  'estimate report': ['estimate report'],
  simulate: ['simulate -m haiku --base-tokens 1000 --tool-tokens 500 --output-tokens 300 --max-rounds 5'],
  'simulate calibrate': [],
  'models list': ['models list', 'models'],
  'models show': ['models show haiku', 'models show nobody'],
  'models set': [
    'models set haiku --input 0.3 --output 1.5',
    'models set mine/one --input 1 --output 2 --provider mine',
    'models set mine/two --input 1 --output 2',
    'models set mine/LONG --input 1 --output 2 --provider mine',
    'models set mine/three --input 1 --output 2 --provider LONG',
    'models set mine/three --input 1 --output 2 --provider mine --name LONG',
    `models set mine/three --input 0.${'0'.repeat(80)}1 --output 2 --provider mine`,
  ],
  'models alias': [
    'models alias one mine/one',
    'models alias haiku mine/one',
    'models alias LONG mine/one',
    'models alias two LONG',
  ],
  'models import': [
    { argv: 'models import -', stdin: MODELS },
    { argv: 'models import - -n', stdin: MODELS },
  ],
  'models sync': [],
  'plan list': ['plan list'],
  'plan define': [
    'plan define studio --credits 2500.5 --price 19.00',
    'plan define studio --credits 1 --price 1 --from 2030-01-01 -n',
  ],
  'plan show': ['plan show', 'plan -a acme'],
  'plan set': [
    'plan set harness -n',
    'plan set studio',
    'plan set studio',
    'plan set free',
    'plan set nothing',
    'plan set EMPTY',
    'plan set LONG',
    'plan set team -a poor --key plan-1',
    'plan set team -a poor --key plan-1',
    'plan set pro -a closed',
  ],
  'cycle show': ['cycle', 'cycle show -a poor', 'cycle -a closed'],
  'cycle grant': ['cycle grant -n', 'cycle grant'],
  'cycle expire': ['cycle expire'],
  'cycle rollover': [
    'cycle rollover --all -n',
    'cycle rollover --all',
    'cycle rollover --all',
    'cycle rollover -a nobody',
  ],
  expire: ['expire', 'expire --all -n', 'expire --all', 'expire --lot lot_x_1', 'expire --key k'],
  grant: [
    'grant 25.5 --source promotional --expires 30d --priority 7 --note gift',
    'grant 10 --source purchased --key g1',
    'grant 10 --source purchased --key g1',
    'grant 11 --source purchased --key g1',
    'grant 50 --source welcome',
    'grant 1 --source promotional --expires 2026-01-01',
    'grant 3 --source promotional -n',
    'grant 3 --source promotional -a nobody',
    'grant 3 --source promotional -a closed',
  ],
  revoke: ['revoke LOT --note mistake', 'revoke LOT', 'revoke lot_x_1', 'revoke nonsense'],
  spend: [
    'spend 1.000001',
    'spend -m haiku --input-tokens 1200 --cached-tokens 200 --output-tokens 300 --session s --run r --activity chat --tool-calls 3 --note n',
    'spend 2 --key s1',
    'spend 2 --key s1',
    'spend 3 --key s1',
    'spend 100000',
    'spend 1 -n',
    'spend -m nobody --input-tokens 1 --output-tokens 1',
    'spend -m LONG --input-tokens 1 --output-tokens 1',
    'spend -m haiku --provider LONG --input-tokens 1 --output-tokens 1',
    'spend 1 -a nobody',
    'spend 1 -a closed',
    'spend -m haiku --input-tokens 9 --output-tokens 9 -a poor',
    'spend 1 --now 2020-01-01',
  ],
  hold: [
    'hold 5 --ttl 2m --note n',
    'hold -m haiku --input-tokens 100 --max-output-tokens 200',
    'hold -m haiku --input-tokens 100 -n',
    'hold 5 --key h1',
    'hold 5 --key h1',
    'hold 100000',
  ],
  settle: [
    'settle HOLD --credits 0.5',
    'settle HOLD --credits 0.5',
    'settle nonsense --credits 1',
    'settle HOLD --input-tokens 80 --output-tokens 60',
    'settle hold_x_1 --credits 1',
  ],
  release: ['release HOLD', 'release HOLD', 'release hold_x_1', 'release HOLD -n'],
  'byok list': ['byok', 'byok list -a poor'],
  'byok add': [
    'byok add openai --env OPENAI_API_KEY',
    'byok add openai',
    'byok add openai --key b1',
    'byok add nobody',
    'byok add openai --env LONG',
    'byok add google -n',
  ],
  'byok remove': ['byok remove openai', 'byok remove openai'],
  import: [
    { argv: 'import -', stdin: IMPORT },
    { argv: 'import -', stdin: IMPORT },
    { argv: 'import - -n', stdin: '{"credits":1}' },
    { argv: 'import -', stdin: '' },
  ],
  replay: ['replay RUNS', 'replay RUNS --charge', 'replay RUNS --charge', 'replay RUNS -m sonnet'],
  export: [
    'export',
    'export --what entries --format csv',
    'export --what lots --all',
    'export --what entries --format hledger -a acme',
    'export --what ledger',
    'export --what usage -o OUT',
    'export -a nobody',
  ],
  'accounts create': [
    'accounts create fresh --plan pro --timezone Asia/Tokyo',
    'accounts create fresh',
    'accounts create other -n',
    'accounts create bad --plan nothing',
    'accounts create bad --plan LONG',
    'accounts create bad --timezone LONG',
  ],
  'accounts list': ['accounts', 'accounts list'],
  'accounts show': ['accounts show acme', 'accounts show nobody'],
  'accounts close': [
    'accounts close fresh --yes --key c1',
    'accounts close fresh --yes --key c1',
    'accounts close fresh --yes',
    'accounts close poor -n',
    'accounts close poor',
  ],
  'packages list': ['packages', 'packages list'],
  'packages set': [
    'packages set 5000 --credits 5000 --price 40',
    'packages set 5000 --credits 5000 --price 40.50 --key p1',
    'packages set 5000 --credits 5000 --price 40.50 --key p1',
    'packages set x! --credits 1 --price 1',
    'packages set 1 --credits 0 --price 1',
    'packages set EMPTY --credits 1 --price 1',
    'packages set LONG --credits 1 --price 1',
  ],
  'packages retire': [
    'packages retire 5000',
    'packages retire 5000',
    'packages retire nothing',
    'packages retire LONG',
    'packages retire ..',
    'packages retire EMPTY',
  ],
  'card show': ['card', 'card show -a nobody'],
  'card add': ['card add', 'card add pm_card_visa --key card-1', 'card add pm_card_nothing', 'card'],
  'topup show': ['topup', 'topup show -a poor'],
  'topup set': [
    'topup set --threshold 100 --amount 500 --monthly-limit 50',
    'topup set --amount 1',
    'topup set --monthly-limit 1',
    'topup set --threshold 1 -n',
  ],
  'topup enable': ['topup enable', 'topup enable -a poor'],
  'topup run': ['topup run', 'topup run --all', 'topup run -n'],
  'topup disable': ['topup disable', 'topup disable'],
  'topup history': ['topup history', 'topup history --limit 1'],
  buy: [
    'buy 500',
    'buy 500 --yes --key buy-1',
    'buy 500 --yes --key buy-1',
    'buy 2000 --yes --max-charge 1',
    'buy nothing --yes',
    'buy EMPTY --yes',
    'buy LONG --yes',
    'buy 500 -a poor --yes',
  ],
  'purchases list': ['purchases'],
  'purchases show': ['purchases show nothing', 'purchases show ..', 'purchases show . -a poor'],
  'payments sync': ['payments sync'],
  'payments audit': ['payments audit'],
  'card remove': ['card remove', 'card remove --yes'],
  verify: ['verify'],
};

const NOW = '2026-08-20T12:00:00Z';
const home = temporaryFolder();
const line = commandLine(home);

let rich: TestLedger;
let local: TestLedger;
let remote: TestLedger;
let served: Served;
let token: string;

beforeAll(async () => {
  fs.writeFileSync(path.join(home, 'runs.jsonl'), RUNS);
  rich = await richLedger();
  const original = new Original(rich);
  local = scratch(original);
  remote = scratch(original);
  remote.at = local.at = Date.parse(NOW);
  served = await serve(remote);
  // Both ledgers have the token, so that both are of the same length.
  token = await served.token('admin');
  await (await import('../helpers/ledger.ts')).accessTokens(local).create({ role: 'admin', account: null });
});
afterAll(async () => {
  await served.stop();
  for (const each of [local, remote]) {
    const view = await verifyFile(each.file);
    expect(view.checks.filter(({ ok }) => !ok)).toEqual([]);
    await each.done();
  }
  await rich.done();
});

/** Without what is made of chance (tags of new accounts, hashes over them) and which ledger it is. */
const comparable = ({ code, stdout, stderr }: Ended) => ({
  code,
  stdout: plain(stdout),
  stderr: plain(stderr)
    .split('\n')
    .filter((text) => !/^test ledger .* · /.test(text)),
});
const plain = (text: string): string =>
  text
    .replace(/\b(rcp|lot|hold)_[a-z0-9]{4,16}_/g, '$1_tag_')
    .replace(/\b[0-9a-f]{64}\b/g, 'hash')
    .replace(/"tag":"[a-z0-9]+"/g, '"tag":"tag"')
    .replace(/\bpm_sim_\w+/g, 'pm_sim')
    .replaceAll(served.url, 'the ledger')
    .replaceAll(local.file, 'the ledger');

/** An open hold and a lot with something in it, the same on both sides. */
async function fill(text: string): Promise<string[]> {
  const words = text.split(' ').filter((word) => word !== '');
  const account = words.includes('-a') ? words[words.indexOf('-a') + 1]! : 'default';
  const [holds, balance] = text.match(/HOLD|LOT/)
    ? await Promise.all([local.ledger.holds(account, false), local.ledger.balance(account)])
    : [[], null];
  const names: Readonly<Record<string, string>> = {
    EMPTY: '',
    HOLD: holds.at(-1)?.hold ?? 'hold_none_1',
    LOT: balance?.lots.find(({ source }) => source === 'promotional')?.lot ?? 'lot_none_1',
    RUNS: path.join(home, 'runs.jsonl'),
    OUT: path.join(home, 'out.jsonl'),
  };
  return words.map((word) => names[word] ?? word.replace('LONG', LONG));
}

async function both(argv: readonly string[], stdin: string | null): Promise<readonly [Ended, Ended]> {
  const env = { CREDITS_NOW: NOW, COLUMNS: '100' };
  const out = path.join(home, 'out.jsonl');
  const read = (): string => (fs.existsSync(out) ? fs.readFileSync(out, 'utf8') : '');
  fs.rmSync(out, { force: true });
  // What is exported is the same ledger: keys made up on the way there are in one of the two alone.
  const db = argv[0] === 'export' ? remote.file : local.file;
  const here = await line([...argv, '--db', db], { env, stdin });
  const written = read();
  fs.rmSync(out, { force: true });
  const there = await line([...argv, '--remote', served.url], {
    env: { ...env, CREDITS_TOKEN: token },
    stdin,
  });
  expect(plain(read())).toBe(plain(written));
  return [here, there];
}

const SPECS = COMMANDS.flatMap(({ commands }) => commands);
/** About this machine, or a page of text. */
const NOT_HERE = /^(?:completion|complete|help|logout|whoami|statusline)\b/;

test('the table above names every command that works at a served ledger; a new one needs its lines here', () => {
  const names = SPECS.filter(({ name, localOnly }) => localOnly !== true && !NOT_HERE.test(name));
  expect(names.map(({ name }) => name).filter((name) => LINES[name] === undefined)).toEqual([]);
});

describe('the same bytes from here and from there', () => {
  const rows = Object.entries(LINES).flatMap(([, lines]) =>
    lines.map((each) => (typeof each === 'string' ? { argv: each, stdin: null } : { stdin: null, ...each })),
  );
  test.each(rows)('credits $argv', async ({ argv, stdin }) => {
    const words = await fill(argv);
    const [here, there] = await both(words, stdin);
    expect(comparable(there)).toEqual(comparable(here));
    const json = await both([...words, '--json'], stdin);
    expect(comparable(json[1])).toEqual(comparable(json[0]));
    expect(here.code === 1 || there.code === 1, here.stderr).toBe(false);
  });
});
