import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readClientFacts } from '../../src/cli/statusline/client-facts.ts';
import { readBriefly } from '../../src/cli/statusline/read-briefly.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { PATIENCE, startProgram } from '../helpers/processes.ts';

/** What an agent says, with other words where a test needs them. */
const said = (changes: object = {}): string =>
  JSON.stringify({
    session_id: 's1',
    transcript_path: '/home/a/t.jsonl',
    model: { id: 'claude-3-haiku-20240307', display_name: 'Haiku 3' },
    cost: { total_cost_usd: 0.4211, total_duration_ms: 600_000 },
    context_window: {
      used_percentage: 12,
      current_usage: {
        input_tokens: 200,
        output_tokens: 300,
        cache_creation_input_tokens: 200,
        cache_read_input_tokens: 800,
      },
    },
    ...changes,
  });

describe('credits statusline', () => {
  const home = temporaryFolder();
  const credits = commandLine(home);
  const line = async (stdin = '', argv: readonly string[] = [], env = {}): Promise<string> => {
    const end = await credits(['statusline', ...argv], { stdin, env });
    expect([end.code, end.stderr, end.stdout.split('\n').length]).toEqual([0, '', 2]);
    return end.stdout.trimEnd();
  };

  test('says how to start where there is no ledger', async () => {
    expect(await line()).toBe('credits: no ledger (`credits init`)');
  });

  test('tells the balance, the conversation, how many rounds are left and when the month ends', async () => {
    await credits(['init', '--plan', 'pro', '--anchor', '2026-03-01']);
    expect(await line()).toBe('credits 1,050 of 1,050 · resets 21d');
    // 1,200 in and 300 out of Claude Haiku: 0.3 + 0.375 credits.
    expect(await line(said())).toBe(
      'credits 1,050 of 1,050 · session ~$0.42 · haiku ~1,555 rounds · resets 21d',
    );
    await credits(['spend', '4.219', '--session', 's1']);
    expect(await line(said())).toBe(
      'credits 1,045.78 of 1,050 · session 4.21 · haiku ~1,549 rounds · resets 21d',
    );
    // Another conversation's calls are not this one's.
    expect(await line(said({ session_id: 's2' }))).toContain('session ~$0.42');
    await credits(['hold', '20']);
    expect(await line()).toBe('credits 1,025.78 of 1,050 · 20 held · resets 21d');
  });

  test('a conversation is looked for as far back as it is old', async () => {
    const old = commandLine(temporaryFolder());
    await old(['init', '--now', '2026-03-11T08:00:00Z']);
    await old(['spend', '1', '--session', 's1', '--now', '2026-03-11T09:00:00Z']);
    const young = await old(['statusline'], { stdin: said() });
    expect(young.stdout).toContain('session ~$');
    const cost = { total_cost_usd: 1, total_duration_ms: 4 * 3_600_000 };
    expect((await old(['statusline'], { stdin: said({ cost }) })).stdout).toContain('session 1 ');
  });

  test('an own key and debt are said, and no rounds are promised then', async () => {
    const other = commandLine(temporaryFolder());
    const read = async (): Promise<string> => (await other(['statusline'], { stdin: said() })).stdout;
    await other(['init']);
    await other(['byok', 'add', 'anthropic']);
    expect(await read()).toBe('credits 50 of 50 · session ~$0.42 · haiku own key\n');
    await other(['byok', 'remove', 'anthropic']);
    const { hold } = (await other(['hold', '1', '--json'])).json();
    await other(['settle', hold, '--credits', '60']);
    expect(await read()).toBe('credits 0 · debt 10: blocked · session ~$0.42 · haiku\n');
  });

  test('what an agent writes cannot reach the terminal as it is', async () => {
    const model = { id: 'x', display_name: 'Evil\u001b[31m\nname that goes on and on and on' };
    expect(await line(said({ model, session_id: undefined, cost: null }))).toMatch(
      /^credits [^·]*· 20 held · Evil\ufffd\[31m name [^·\u001b]*… · resets 21d$/,
    );
  });

  test('amounts are rounded down, and what is hardly there is not 0', async () => {
    const other = commandLine(temporaryFolder());
    await other(['init']);
    await other(['spend', '49.999']);
    expect((await other(['statusline'], { stdin: '' })).stdout).toBe('credits <0.01 of 50\n');
  });

  test.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown option', ['--bogus'], {}, /^credits: unknown option '--bogus'$/],
    ['a command line that makes no sense', ['a', 'b'], {}, /^credits: too many arguments/],
    ['an unknown account', ['-a', 'nobody'], {}, /^credits: no account is called "nobody"$/],
    ['an account that cannot be', [], { CREDITS_ACCOUNT: '!' }, /^credits: "!" is no account id$/],
    ['a remote ledger', [], { CREDITS_REMOTE: 'https://credits.example' }, /behind a network/],
    ['a PostgreSQL ledger', [], { CREDITS_DB: 'postgres://h/d' }, /behind a network/],
    ['a clock that is none', [], { CREDITS_NOW: 'soon' }, /^credits: /],
    ['a flag that it refuses', ['--remote', 'https://credits.example'], {}, /^credits: /],
  ])('%s is a short line and no failure', async (_, argv, env, expected) => {
    expect(await line('', argv, env)).toMatch(expected);
  });

  test('a damaged ledger and a broken configuration are short lines and no failures', async () => {
    const broken = path.join(home, 'broken.db');
    writeFileSync(broken, 'no ledger at all, but long enough to be looked at'.repeat(100));
    expect(await line('', [], { CREDITS_DB: broken })).toMatch(/^credits: the ledger cannot be read/);
    const config = temporaryFolder();
    mkdirSync(path.join(config, 'credits'));
    writeFileSync(path.join(config, 'credits/config.json'), '{');
    expect(await line('', [], { XDG_CONFIG_HOME: config })).toMatch(/^credits: .*config\.json is no JSON$/);
  });

  test('a defect is a short line too, and a stream that fails is none', async () => {
    // The helper's stdin of null throws when it is opened.
    const end = await credits(['statusline']);
    expect([end.code, end.stdout]).toEqual([0, 'credits: not readable (`credits doctor`)\n']);
  });

  test('--json is one document, and the other commands still fail', async () => {
    const { json } = await credits(['statusline', '--json'], { stdin: '' });
    expect(json()).toEqual({
      schema: 'credits.text/v1',
      text: 'credits 1,025.78 of 1,050 · 20 held · resets 21d',
    });
    expect((await credits(['statusline', '--json', '--bogus'])).json().text).toMatch(
      /^credits: unknown option/,
    );
    expect((await credits(['spend', '--bogus', '--note', 'statusline'])).code).toBe(2);
    expect((await credits(['-a', 'statusline', 'balance'])).code).toBe(2);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{"session_id":'],
    ['a list', '[1]'],
    ['null', 'null'],
    ['wrong types', said({ session_id: 7, model: 'x', cost: [], context_window: { current_usage: null } })],
    ['impossible numbers', said({ cost: { total_cost_usd: -1, total_duration_ms: -5 }, model: null })],
  ])('%s on stdin leaves the balance', async (_, input) => {
    expect(await line(input)).toMatch(
      /^credits 1,025\.78 of 1,050 · 20 held( · session 4\.21)? · resets 21d$/,
    );
  });
});

test('what a cache served is part of the input', () => {
  expect(readClientFacts(said()).latest).toEqual({
    inputTokens: 1_200,
    cachedTokens: 800,
    cacheWriteTokens: 200,
    outputTokens: 300,
  });
});

describe('reading for a moment', () => {
  test('ends with the first whole object, though the stream stays open', async () => {
    const stream = new Readable({ read() {} });
    const found = readBriefly(stream, 60_000);
    stream.push('{"a":');
    stream.push('{"b":1}');
    stream.push('}\n');
    expect(await found).toBe('{"a":{"b":1}}\n');
    expect(stream.destroyed).toBe(true);
  });

  test('ends when the time is over, when the stream fails, and when it never ends', async () => {
    expect(await readBriefly(new Readable({ read() {} }), 1)).toBe('');
    const failing = new Readable({ read() {} });
    const found = readBriefly(failing, 60_000);
    failing.destroy(new Error('gone'));
    expect(await found).toBe('');
    const endless = new Readable({
      read() {
        this.push('x'.repeat(65_536));
      },
    });
    expect((await readBriefly(endless, 60_000)).length).toBeLessThan(2_000_000);
  });
});

describe('a process that is busy for longer than it waits', { timeout: PATIENCE }, () => {
  const reader = new URL('../../src/cli/statusline/read-briefly.ts', import.meta.url).href;
  /** Waits a moment, is busy from the first to long after the last of it, and prints what it has found. */
  const busy = `
    import { readBriefly } from ${JSON.stringify(reader)};
    const found = readBriefly(process.stdin, 20);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    process.stdout.write(await found);
  `;
  const read = (stdin: { input: string } | { stdio: [number, 'pipe', 'pipe'] }): string => {
    const argv = ['--input-type=module', '--no-warnings', '--eval', busy];
    const { stdout, stderr } = spawnSync(process.execPath, argv, { ...stdin, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout;
  };

  test.each([
    ['a line', said()],
    ['what is no JSON', '{"a":'],
  ])('still finds %s in its pipe', (_, text) => {
    expect(read({ input: text })).toBe(text);
  });

  test.each([
    ['a line', said()],
    ['more than is read at once', said({ transcript_path: 'x'.repeat(150_000) })],
    ['nothing', ''],
  ])('still finds %s in a file', (_, text) => {
    const file = path.join(temporaryFolder(), 'said.json');
    writeFileSync(file, text);
    const descriptor = openSync(file, 'r');
    try {
      expect(read({ stdio: [descriptor, 'pipe', 'pipe'] })).toBe(text);
    } finally {
      closeSync(descriptor);
    }
  });
});

test('the program ends though its stdin stays open', { timeout: PATIENCE }, async () => {
  const env = { CREDITS_DB: path.join(temporaryFolder(), 'none.db') };
  // No input: the pipe is never closed from this side.
  const end = await startProgram(['statusline'], { env }).ended;
  expect(end).toMatchObject({ code: 0, stdout: 'credits: no ledger (`credits init`)\n', stderr: '' });
});
