import { describe, expect, test } from 'vitest';
import { describeTerminal } from '../../src/cli/terminal.ts';
import { fakeRun } from './fake.ts';

const flags = { noColor: false, noInput: false, yes: false };
const tty = { isTTY: true, columns: 100 };
const pipe = { isTTY: false };

describe('colour', () => {
  test.each([
    ['a terminal', tty, {}, {}, true],
    ['a pipe', pipe, {}, {}, false],
    ['NO_COLOR', tty, { NO_COLOR: '1' }, {}, false],
    ['an empty NO_COLOR', tty, { NO_COLOR: '' }, {}, true],
    ['--no-color', tty, {}, { noColor: true }, false],
    ['--no-color beats FORCE_COLOR', tty, { FORCE_COLOR: '1' }, { noColor: true }, false],
    ['NO_COLOR beats FORCE_COLOR', tty, { NO_COLOR: '1', FORCE_COLOR: '1' }, {}, false],
    ['FORCE_COLOR in a pipe', pipe, { FORCE_COLOR: '1' }, {}, true],
    ['FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, {}, false],
    ['an empty FORCE_COLOR', pipe, { FORCE_COLOR: '' }, {}, false],
    ['a dumb terminal', tty, { TERM: 'dumb' }, {}, false],
    ['CI', tty, { CI: 'true' }, {}, false],
    ['FORCE_COLOR on a dumb terminal in CI', tty, { TERM: 'dumb', CI: '1', FORCE_COLOR: '1' }, {}, true],
  ])('%s', (_name, stdout, env, given, color) => {
    const terminal = describeTerminal({ stdin: pipe, stdout, stderr: pipe }, env, { ...flags, ...given });
    expect(terminal.color).toBe(color);
  });

  test('reaches answers, and nothing without it', async () => {
    const coloured = await fakeRun(['balance'], { terminal: { stdout: true, columns: 100 } });
    const plain = await fakeRun(['balance'], {
      terminal: { stdout: true, columns: 100 },
      env: { NO_COLOR: '1' },
    });
    expect(coloured.stdout).toContain('\u001b[');
    expect(plain.stdout).not.toContain('\u001b');
    expect(coloured.stdout.replace(/\u001b\[\d+m/g, '')).toBe(plain.stdout);
    const json = await fakeRun(['balance', '--json'], { env: { FORCE_COLOR: '1' } });
    expect(json.stdout).not.toContain('\u001b');
    expect((await fakeRun(['balance', '--total'], { env: { FORCE_COLOR: '1' } })).stdout).toBe('1117.5\n');
  });
});

describe('questions', () => {
  test.each([
    [true, true, {}, {}, ''],
    [false, true, {}, {}, 'stdin is not a terminal'],
    [true, false, {}, {}, 'stderr is not a terminal'],
    [true, true, { CI: '1' }, {}, 'CI is set'],
    [true, true, { CI: '' }, {}, ''],
    [true, true, {}, { noInput: true }, '--no-input'],
    [true, true, {}, { yes: true }, '--yes'],
  ])('stdin %s, stderr %s, %j, %j: %s', (stdin, stderr, env, given, why) => {
    const streams = { stdin: { isTTY: stdin }, stdout: pipe, stderr: { isTTY: stderr } };
    const terminal = describeTerminal(streams, env, { ...flags, ...given });
    expect([terminal.canAsk, terminal.whyNotAsk]).toEqual([why === '', why]);
  });

  test('nobody can be asked: the command names the flag and does nothing', async () => {
    for (const [terminal, argv] of [
      [{}, []],
      [{ stdin: true, stderr: true }, ['--no-input']],
    ] as const) {
      const end = await fakeRun(['accounts', 'close', '--json', ...argv], { terminal, stdin: 'y\n' });
      expect([end.code, end.failure.code, end.stdout]).toEqual([2, 'confirmation_needed', '']);
      expect(end.failure.hint).toContain('--yes');
      expect(end.calls.map(([method]) => method)).not.toContain('closeAccount');
    }
  });

  test('--yes answers, and a dry run does not ask', async () => {
    for (const flag of ['-y', '-n']) {
      const end = await fakeRun(['accounts', 'close', flag]);
      expect(end.code).toBe(0);
      expect(end.calls.map(([method]) => method)).toContain('closeAccount');
    }
  });
});

describe('width', () => {
  test.each([
    [tty, {}, 100, 100],
    [{ isTTY: true }, { COLUMNS: '70' }, 70, 70],
    [pipe, {}, 80, Number.POSITIVE_INFINITY],
    [pipe, { COLUMNS: '40' }, 40, Number.POSITIVE_INFINITY],
    [pipe, { COLUMNS: 'wide' }, 80, Number.POSITIVE_INFINITY],
  ])('%j with %j', (stdout, env, columns, tableColumns) => {
    const terminal = describeTerminal({ stdin: pipe, stdout, stderr: pipe }, env, flags);
    expect([terminal.columns, terminal.tableColumns]).toEqual([columns, tableColumns]);
  });

  test('on a narrow terminal every number of the balance is still there', async () => {
    const end = await fakeRun(['balance', '--no-color'], { terminal: { stdout: true, columns: 40 } });
    for (const text of [
      'Monthly',
      'granted 1,000',
      'spent 412.5',
      'available 567.5',
      '28 Feb, in 8 days',
      '1,117.5',
    ]) {
      expect(end.stdout).toContain(text);
    }
  });
});
