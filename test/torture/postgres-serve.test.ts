/**
 * Three servers, each a process of its own as built, on one PostgreSQL: 48 clients want more than there is, and exactly what
 * is there gets through. One of the servers may die meanwhile.
 */
import { afterEach, expect, it, vi } from 'vitest';
import { isLedgerError } from '../../src/core/errors.ts';
import { openRemote, type RemoteLedger } from '../../src/http/client.ts';
import { accessTokens, spendOf } from '../helpers/ledger.ts';
import type { PostgresTestLedger } from '../helpers/postgres.ts';
import { BALANCE, NODES, racingLedger } from '../helpers/postgres-race.ts';
import { LONG, longOnly, PATIENCE, type Running, seeded, startProgram } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_261_126);
const CLIENTS = 48;
const TRIES = 640;
const ROUNDS = LONG ? 30 : 1;
const KILLS = LONG ? 20 : 0;

interface Node {
  readonly process: Running;
  readonly url: string;
}

const running: Running[] = [];
afterEach(() => {
  for (const each of running.splice(0)) each.kill('SIGKILL');
});

async function startNode({ database }: PostgresTestLedger): Promise<Node> {
  const argv = ['serve', '--port', '0', '--rate-limit', '0', '--json'];
  const process = startProgram(argv, { env: { CREDITS_DB: database.url } });
  running.push(process);
  let text = '';
  process.child.stdout!.on('data', (part: string) => {
    text += part;
  });
  await process.prints('}\n');
  return { process, url: (JSON.parse(text) as { url: string }).url };
}

/** @param tries how often a client asks, by itself, when it gets no answer */
const connect = (url: string, token: string, tries: number): Promise<RemoteLedger> =>
  openRemote({
    ...{ url, token, tries, now: null },
    clock: () => 0,
    random: () => 0.5,
    newKey: () => 'unused',
  });

/** How one try ended: the receipt, that there was not enough, or that nobody knows. */
interface Try {
  readonly key: string;
  readonly end: { readonly receipt: string } | 'insufficient' | 'unknown';
}

async function spend(remote: RemoteLedger, key: string): Promise<Try> {
  try {
    const { receipt } = await remote.spend('default', spendOf('1'), { key });
    return { key, end: { receipt: receipt! } };
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    if (error.code === 'insufficient_credits') return { key, end: 'insufficient' };
    if (error.code === 'remote_unreachable') return { key, end: 'unknown' };
    throw error;
  }
}

/** Every client of every node tries, and goes to another node when its own is gone; `onEnd` sees each end. */
async function tryAll(nodes: readonly Node[], token: string, onEnd = (_ends: number) => {}): Promise<Try[]> {
  const opened = await Promise.all(
    Array.from({ length: CLIENTS }, (_, no) => connect(nodes[no % NODES]!.url, token, 1)),
  );
  const ended: Try[] = [];
  let next = 0;
  await Promise.all(
    opened.map(async (first, no) => {
      let client = first;
      while (next < TRIES) {
        const key = `try-${next}`;
        next += 1;
        const one = await spend(client, key);
        ended.push(one);
        onEnd(ended.length);
        if (one.end !== 'unknown') continue;
        await client.close();
        client = await connect(nodes[(no + 1) % NODES]!.url, token, 1);
      }
      await client.close();
    }),
  );
  return ended;
}

const through = (tries: readonly Try[]): string[] =>
  tries.flatMap(({ end }) => (typeof end === 'object' ? [end.receipt] : []));

async function stopNodes(nodes: readonly Node[]): Promise<void> {
  for (const { process } of nodes) process.kill('SIGTERM');
  for (const { process } of nodes) expect((await process.ended).code).toBe(0);
}

it(`${CLIENTS} clients of ${NODES} servers get exactly the ${BALANCE} credits there are, ${ROUNDS} times`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const t = await racingLedger();
    const { token } = await accessTokens(t).create({ role: 'spend', account: 'default' });
    const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(t)));
    const tries = await tryAll(nodes, token!);
    expect(tries).toHaveLength(TRIES);
    expect(new Set(through(tries)).size).toBe(BALANCE);
    expect(tries.filter(({ end }) => end === 'insufficient')).toHaveLength(TRIES - BALANCE);
    expect(await t.ledger.balance('default')).toMatchObject({ available: 0, held: 0, debt: 0 });
    await stopNodes(nodes);
    await t.done();
  }
});

it.runIf(longOnly('killed servers'))(`a server killed meanwhile, ${KILLS} times (seed ${SEED})`, async () => {
  const random = seeded(SEED);
  const counts = { kills: 0, acknowledged: 0, lost: 0, unknown: 0, unknownButBooked: 0 };
  for (; counts.kills < KILLS; counts.kills += 1) {
    const t = await racingLedger();
    const { token } = await accessTokens(t).create({ role: 'spend', account: 'default' });
    const [victim, ...others] = (await Promise.all(Array.from({ length: NODES }, () => startNode(t)))) as [
      Node,
      ...Node[],
    ];
    const moment = Math.floor(1 + random() * BALANCE);
    const tries = await tryAll([victim, ...others], token!, (ends) => {
      if (ends === moment) victim.process.kill('SIGKILL');
    });
    expect(await victim.process.ended).toMatchObject({ signal: 'SIGKILL' });
    const booked = new Set<string>();
    const log = await t.ledger.log('default', { since: null, until: null, kind: 'spent', limit: null });
    for (const { receipt } of log) booked.add(receipt);
    const acknowledged = through(tries);
    counts.acknowledged += acknowledged.length;
    counts.lost += acknowledged.filter((receipt) => !booked.has(receipt)).length;
    expect(new Set(acknowledged).size).toBe(acknowledged.length);

    // All is gone by now. The same keys elsewhere: what was booked is replayed, the rest is refused.
    const other = await connect(others[0]!.url, token!, 4);
    const unknown = tries.filter(({ end }) => end === 'unknown');
    counts.unknown += unknown.length;
    const settled = [];
    for (const { key } of unknown) settled.push(await spend(other, key));
    expect(settled.filter(({ end }) => end === 'unknown')).toEqual([]);
    counts.unknownButBooked += through(settled).length;
    expect(booked.size).toBe(BALANCE);
    expect(new Set([...acknowledged, ...through(settled)])).toEqual(booked);
    expect(await t.ledger.balance('default')).toMatchObject({ available: 0, held: 0, debt: 0 });
    for (const { key, end } of tries) {
      if (typeof end !== 'object') continue;
      const again = await other.spend('default', spendOf('1'), { key });
      expect([again.receipt, again.replayed]).toEqual([end.receipt, true]);
    }
    await other.close();
    await stopNodes(others);
    await t.done();
  }
  console.info(`server killed: ${JSON.stringify(counts)}`);
  expect(counts.lost).toBe(0);
  expect(counts.unknown).toBeGreaterThan(0);
});
