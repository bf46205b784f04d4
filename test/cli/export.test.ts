/** `credits export`: rows as JSON lines, CSV and a journal that hledger itself reads. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvLine } from '../../src/cli/export/csv.ts';
import { commandLine, type Ended, temporaryFolder } from '../helpers/cli-line.ts';
import { spendOf, type TestLedger } from '../helpers/ledger.ts';
import { richLedger } from '../helpers/rich-ledger.ts';

const home = temporaryFolder();
const line = commandLine(home);
const at = (name: string): string => path.join(home, name);
let rich: TestLedger;
/** Late enough that nothing of the ledger is in the future. */
let now: string;
const NOTE = 'a "quoted" note; with, | signs\u2028and more';

beforeAll(async () => {
  rich = await richLedger();
  await rich.ledger.spend('acme', spendOf('0.000001', { note: NOTE }));
  now = new Date(rich.at).toISOString();
});
afterAll(() => rich.done());

const run = (...argv: string[]): Promise<Ended> => line([...argv, '--db', rich.file, '--now', now]);
const rowsOf = (end: Ended): Record<string, unknown>[] =>
  end.stdout
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each));

/** A reader of CSV that shares nothing with the writer. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g;
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(field)) {
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe('rows', () => {
  test('entries are those of the log', async () => {
    const log = (await run('log', '-a', 'acme', '--json', '--limit', '1000')).json().entries;
    const entries = rowsOf(await run('export', '--what', 'entries', '-a', 'acme'));
    expect(entries.length).toBeGreaterThan(10);
    expect(entries.map(({ account, receiptKind: _, key: __, ...rest }) => [account, rest])).toEqual(
      log.map((each: unknown) => ['acme', each]),
    );
  });

  test('usage adds up to the report, of one account and of all', async () => {
    const usage = rowsOf(await run('export', '-a', 'poor'));
    expect(usage.length).toBeGreaterThan(5);
    expect(usage[0]).toMatchObject({
      account: 'poor',
      hold: expect.stringMatching(/^hold_/),
    });
    const all = rowsOf(await run('export', '--all'));
    expect(new Set(all.map((row) => row.account))).toEqual(new Set(['default', 'poor', 'acme', 'closed']));
    expect(all.filter((row) => row.account === 'poor')).toEqual(usage);
  });

  test('lots hold what the balance shows', async () => {
    const balance = (await run('balance', '-a', 'poor', '--json')).json();
    const lots = rowsOf(await run('export', '--what', 'lots', '-a', 'poor'));
    const sum = lots.reduce((total, lot) => total + Math.round((lot.available as number) * 1e6), 0);
    expect(sum).toBe(Math.round(balance.available * 1e6));
  });

  test.each(['usage', 'entries', 'lots'])('CSV of %s is the same rows', async (what) => {
    const json = rowsOf(await run('export', '--what', what, '--all'));
    const end = await run('export', '--what', what, '--all', '--format', 'csv');
    const [head, ...rows] = readCsv(end.stdout);
    expect(head).toEqual(Object.keys(json[0]!));
    expect(rows.length).toBe(json.length);
    for (const [no, row] of json.entries()) {
      const cells = Object.values(row).map((cell) =>
        cell === null ? '' : typeof cell === 'number' ? Number(cell) : String(cell),
      );
      expect(
        rows[no]!.map((cell, column) => (typeof cells[column] === 'number' ? Number(cell) : cell)),
      ).toEqual(cells);
    }
  });

  test('a CSV without rows still has its heading, and small amounts no exponent', async () => {
    await run('accounts', 'create', 'empty');
    const end = await line(['export', '--format', 'csv', '-a', 'empty', '--db', rich.file]);
    expect(readCsv(end.stdout).map((row) => row[0])).toEqual(['account']);
    expect(csvLine([1e-6, 8e9, 0, null, true, 'a"b', 'x\ny'])).toBe(
      '0.000001,8000000000,0,,true,"a""b","x\ny"\r\n',
    );
  });

  test('--json is one document', async () => {
    const end = await run('export', '--what', 'lots', '-a', 'acme', '--json');
    const { schema, what, account, rows } = end.json();
    expect([schema, what, account]).toEqual(['credits.export/v1', 'lots', 'acme']);
    expect(rows).toEqual(rowsOf(await run('export', '--what', 'lots', '-a', 'acme')));
    expect((await run('export', '--what', 'usage', '-a', 'empty', '--json')).json().rows).toEqual([]);
  });

  test('what does not go together, and unknown accounts, are refused with empty stdout', async () => {
    const wrong = [
      ['--what', 'ledger', '--format', 'csv'],
      ['--format', 'hledger'],
      ['--what', 'lots', '--format', 'hledger'],
      ['--what', 'everything'],
      ['--format', 'xml'],
      ['--format', 'csv', '--json'],
    ];
    for (const flags of wrong) {
      const end = await run('export', ...flags, '--json');
      expect([flags, end.code, end.stdout, end.failure().code]).toEqual([flags, 2, '', 'invalid_argument']);
    }
    const end = await run('export', '-a', 'nobody', '--json');
    expect([end.code, end.stdout, end.failure().code]).toEqual([2, '', 'unknown_account']);
  });
});

describe('-o', () => {
  test('writes for the owner alone, over an older export, never over a database', async () => {
    const file = at('usage.csv');
    fs.writeFileSync(file, 'older', { mode: 0o644 });
    const end = await run('export', '--format', 'csv', '-o', file, '--json');
    const { size, mode } = fs.statSync(file);
    expect(end.json()).toMatchObject({ what: 'usage', format: 'csv', file, bytes: size });
    expect(mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(file, 'utf8')).toBe((await run('export', '--format', 'csv')).stdout);
    const before = fs.readFileSync(rich.file);
    const refused = await run('export', '-o', rich.file, '--json');
    expect([refused.code, refused.failure().code]).toEqual([2, 'invalid_argument']);
    expect(fs.readFileSync(rich.file).equals(before)).toBe(true);
    for (const target of [home, at('no/folder/x'), '/dev/null']) {
      expect((await run('export', '-o', target, '--json')).failure().code).toBe('invalid_argument');
    }
  });

  test('a failure leaves what was there', async () => {
    const file = at('kept.jsonl');
    fs.writeFileSync(file, 'older');
    expect((await run('export', '-a', 'nobody', '-o', file)).code).toBe(2);
    expect(fs.readFileSync(file, 'utf8')).toBe('older');
    expect(fs.readdirSync(home).filter((name) => name.startsWith('kept.jsonl'))).toEqual(['kept.jsonl']);
  });
});

const isInstalled = spawnSync('hledger', ['--version']).status === 0;
if (!isInstalled) process.stderr.write('export: hledger is not installed, its check is skipped\n');

describe.skipIf(!isInstalled)('a journal, as hledger reads it', () => {
  const hledger = (...argv: string[]): string =>
    execFileSync('hledger', ['-f', at('entries.journal'), ...argv], {
      encoding: 'utf8',
      env: { ...process.env, LANG: 'C.UTF-8' },
    });
  /** Balance of the accounts that match, in microcredits. */
  const balanceOf = (pattern: string): number => {
    const text = hledger('balance', pattern, '-N', '--flat', '-O', 'csv');
    const amounts = readCsv(text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n')).slice(1);
    return amounts.reduce(
      (sum, row) => sum + Math.round(Number(row[1]!.replace(/ credits|,/g, '')) * 1e6),
      0,
    );
  };

  test('passes its checks and has the balances that the ledger has', async () => {
    await run('expire', '--all');
    const end = await run(
      'export',
      '--what',
      'entries',
      '--format',
      'hledger',
      '--all',
      '-o',
      at('entries.journal'),
    );
    expect(end.code).toBe(0);
    hledger('check', '--strict');
    expect(hledger('balance', '-N')).not.toContain('error');
    for (const account of ['default', 'poor', 'acme', 'closed']) {
      const balance = (await run('balance', '-a', account, '--json')).json();
      const found = Object.fromEntries(
        ['available', 'held', 'debt'].map((place) => [place, balanceOf(`^credits:${account}:.*${place}$`)]),
      );
      expect([account, found.available, found.held, 0 - found.debt!]).toEqual([
        account,
        ...[balance.available, balance.held, balance.debt].map((credits) => Math.round(credits * 1e6)),
      ]);
      const usage = rowsOf(await run('export', '-a', account));
      const spent = usage.reduce((sum, row) => sum + Math.round((row.credits as number) * 1e6), 0);
      expect([account, balanceOf(`^credits:${account}:.*:spent$`)]).toEqual([account, spent]);
    }
    expect(balanceOf('.')).toBe(0);
    expect(hledger('register', 'desc:quoted', '--width', '200')).toContain('quoted');
  });
});
