/**
 * A server killed in the middle of its load loses no receipt that it acknowledged, and the same keys settle every request
 * whose answer was lost. The built program, real sockets. 3 rounds; 50 with CREDITS_TORTURE=long.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { openRemote, type RemoteLedger } from '../../src/http/client.ts';
import { credits, spendOf } from '../helpers/ledger.ts';
import { LONG, newFolder, PATIENCE, type Running, runProgram, startProgram } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const ROUNDS = LONG ? 50 : 3;
const CLIENTS = 16;
/** What each spend costs: few enough that the credits last. */
const AMOUNT = '0.001';

const file = path.join(newFolder(), 'ledger.db');

async function start(): Promise<{ server: Running; url: string }> {
  const server = startProgram(['serve', '--db', file, '--port', '0', '--rate-limit', '0', '--json']);
  let text = '';
  server.child.stdout!.on('data', (part: string) => {
    text += part;
  });
  await server.prints('}\n');
  return { server, url: (JSON.parse(text) as { url: string }).url };
}

interface Tried {
  readonly key: string;
  /** The receipt's id; null: no answer. */
  receipt: string | null;
}

async function load(remote: RemoteLedger, name: string, tried: Tried[], signal: AbortSignal): Promise<void> {
  for (let no = 0; !signal.aborted; no++) {
    const each: Tried = { key: `${name}-${no}`, receipt: null };
    tried.push(each);
    try {
      each.receipt = (await remote.spend('default', spendOf(AMOUNT), { key: each.key })).receipt;
    } catch {
      return;
    }
  }
}

test('no acknowledged receipt is lost', async () => {
  await runProgram(['init', '--db', file, '--plan', 'team']);
  const made = await runProgram(['tokens', 'create', '--role', 'spend', '--db', file, '--json']);
  const { token } = JSON.parse(made.stdout) as { token: string };
  const open = (url: string, tries: number): Promise<RemoteLedger> =>
    openRemote({
      url,
      token,
      now: null,
      clock: () => 0,
      random: () => 0.5,
      newKey: () => 'unused',
      tries,
    });
  let spent = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const first = await start();
    const stop = new AbortController();
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => open(first.url, 1)));
    const tried: Tried[] = [];
    const loads = clients.map((remote, index) => load(remote, `r${round}-c${index}`, tried, stop.signal));
    while (tried.length < 60 + 35 * round) await sleep(2);
    first.server.kill('SIGKILL');
    stop.abort();
    await Promise.all(loads);
    for (const remote of clients) await remote.close();
    await first.server.ended;

    const again = await start();
    const remote = await open(again.url, 4);
    for (const { key, receipt } of tried) {
      const settled = await remote.spend('default', spendOf(AMOUNT), { key });
      if (receipt !== null) expect([settled.receipt, settled.replayed]).toEqual([receipt, true]);
    }
    spent += tried.length;
    const { available } = await remote.balance('default');
    expect(available).toBe(credits('10050') - spent * credits(AMOUNT));
    await remote.close();
    again.server.kill('SIGTERM');
    expect((await again.server.ended).code).toBe(0);
    expect(tried.some(({ receipt }) => receipt !== null)).toBe(true);
  }
  const verified = await runProgram(['verify', '--db', file]);
  expect([verified.code, verified.stderr]).toEqual([0, '']);
});
