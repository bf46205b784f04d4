/**
 * Several nodes on one PostgreSQL: exactly what is there is given out, a node that is killed loses nothing it said was
 * booked, and neither does a server that crashes.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { defaultRows } from '../../src/catalog/index.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { settingRows } from '../../src/ledger/new-ledger.ts';
import { createPostgres } from '../../src/store/postgres-open.ts';
import { credits, NOON, serviceOver, spendOf, storeOptions, zones } from '../helpers/ledger.ts';
import { type PostgresTestLedger, postgresLedger } from '../helpers/postgres.ts';
import { BALANCE, FAIR, NODES, race, racingLedger } from '../helpers/postgres-race.ts';
import { startAgain, startServer, stopServer } from '../helpers/postgres-server.ts';
import { crew, dismiss, LONG, newFolder, PATIENCE, seeded, until, workshop } from '../helpers/processes.ts';
import { endsOf, type KeyAnswers, soon } from '../helpers/same-keys.ts';
import { findings } from '../helpers/tamper.ts';
import { spendInput } from '../helpers/worker-ledger.ts';
import type { NodeRaceAnswer, NodeTask } from './postgres-worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_261_125);
const WRITTEN = '0.001';
const CRASHES = LONG ? 10 : 1;
const RACES = LONG ? 100 : 10;

const shop = workshop<NodeTask>('test/torture/postgres-worker.ts');
afterAll(() => shop.close());

describe('64 clients of three nodes', () => {
  it(`get exactly what is there, ${RACES} times`, async () => {
    for (let round = 0; round < RACES; round += 1) {
      const t = await racingLedger();
      expect(await race(t)).toEqual(FAIR);
      await t.done();
    }
  });

  it('get exactly what is there where each node is a process of its own', async () => {
    const t = await racingLedger();
    const nodes = await crew(shop, NODES);
    for (const [no, node] of nodes.entries()) {
      const clients = no === 0 ? 22 : 21;
      node.start({ role: 'race', url: t.database.url, at: NOON, name: `node-${no}`, clients, tries: 10 });
    }
    const answers = await Promise.all(nodes.map((node) => node.answer<NodeRaceAnswer>()));
    await dismiss(nodes);
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(answers.reduce((sum, { done }) => sum + done, 0)).toBe(BALANCE);
    expect(answers.reduce((sum, { insufficient }) => sum + insufficient, 0)).toBe(640 - BALANCE);
    expect(await t.ledger.balance('default')).toMatchObject({ available: 0, debt: 0 });
    await t.done();
  });
});

describe('four clients of each of three nodes with the same keys', () => {
  const count = LONG ? 2_400 : 96;
  const clients = 4;

  /** @param amount by node */
  async function send(t: PostgresTestLedger, amount: (no: number) => string): Promise<KeyAnswers[]> {
    const nodes = await crew(shop, NODES);
    const from = soon();
    for (const [no, node] of nodes.entries()) {
      const keys = { name: 'key', count, amount: amount(no), sender: no * clients, from };
      node.start({ role: 'keys', url: t.database.url, at: NOON, clients, ...keys });
    }
    const answers = await Promise.all(nodes.map((node) => node.answer<KeyAnswers[]>()));
    await dismiss(nodes);
    expect(answers.flat().flatMap(({ errors }) => errors)).toEqual([]);
    return answers.flat();
  }

  it('that ask again at once, in one transaction of a node, get the receipt as it was', async () => {
    const t = await postgresLedger({ plan: 'harness' });
    const ask = () => t.ledger.spend('default', spendOf('0.1'), { key: 'key' });
    const first = await ask();
    const again = await Promise.all(Array.from({ length: clients }, ask));
    for (const each of again) expect(each).toEqual({ ...first, replayed: true });
    await t.done();
  });

  it('and the same content: one effect, and all get its receipt', async () => {
    const t = await postgresLedger({ plan: 'harness' });
    const { ends, firsts } = endsOf(await send(t, () => '0.1'));
    expect(ends).toHaveLength(count);
    const replayed = NODES * clients - 1;
    expect(ends).toEqual(ends.map(() => ({ receipts: 1, booked: 1, replayed, refused: 0 })));
    console.info(`same content: first with ${firsts.join(', ')} keys`);
    const tenth = credits('0.1') * (count / 3);
    const { available, held } = await t.ledger.balance('default');
    expect([available, held]).toEqual([credits('5050') - tenth, tenth]);
    await t.done();
  });

  it('and other content on each node: one is booked, the others are told that the key is used', async () => {
    const t = await postgresLedger({ plan: 'harness' });
    const amountOf = (no: number): string => `0.0${no + 1}`;
    const answers = await send(t, amountOf);
    const { ends, firsts } = endsOf(answers);
    // The clients of the node that was first send what it sent.
    const rest = { replayed: clients - 1, refused: (NODES - 1) * clients };
    expect(ends).toEqual(ends.map(() => ({ receipts: 1, booked: 1, ...rest })));
    console.info(`other content: first with ${firsts.join(', ')} keys`);
    let [available, held] = [credits('5050') as number, 0];
    for (const [sender, { receipts }] of answers.entries()) {
      const amount = credits(amountOf(Math.floor(sender / clients)));
      for (const [no, answer] of receipts.entries()) {
        if (answer?.replayed !== false) continue;
        available += no % 3 === 2 ? amount : -amount;
        held += no % 3 === 1 ? amount : 0;
      }
    }
    expect(await t.ledger.balance('default')).toMatchObject({ available, held, debt: 0 });
    await t.done();
  });
});

/** Keys of a journal by what was noted of them. A line that was cut off by the kill says nothing. */
function keysOf(journal: string): { tried: Set<string>; acknowledged: Set<string> } {
  const lines = fs.readFileSync(journal, 'utf8').split('\n').slice(0, -1);
  const of = (mark: string) =>
    new Set(lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length)));
  return { tried: of('try '), acknowledged: of('ack ') };
}

/** Every acknowledged key is booked; sending all that were tried again settles the rest, and books nothing twice. */
async function settle(ledger: LocalLedger, tried: ReadonlySet<string>, acknowledged: ReadonlySet<string>) {
  const input = spendInput(WRITTEN);
  for (const key of acknowledged) {
    const again = await ledger.spend('default', input, { key, dryRun: true });
    expect(again.replayed, `${key} was acknowledged`).toBe(true);
  }
  for (const key of tried) await ledger.spend('default', input, { key });
  const query = { since: null, until: null, kind: 'spent', limit: null } as const;
  expect(await ledger.log('default', query)).toHaveLength(tried.size);
}

describe('a node that is killed', () => {
  it('in mid-load loses no acknowledged receipt; the same keys settle the rest', async () => {
    console.log(`seed ${SEED}`);
    const random = seeded(SEED);
    const counts = { kills: 0, acknowledged: 0, unanswered: 0 };
    for (let round = 0; round < (LONG ? 50 : 2); round += 1) {
      const t = await postgresLedger({ plan: 'harness' });
      const folder = newFolder();
      const nodes = await crew(shop, 2);
      const journals = nodes.map((_, no) => path.join(folder, `${no}`));
      for (const [no, node] of nodes.entries()) {
        const name = `r${round}n${no}`;
        const journal = journals[no]!;
        node.start({
          role: 'write',
          url: t.database.url,
          at: NOON,
          name,
          clients: 12,
          journal,
          amount: WRITTEN,
        });
      }
      for (const [no, node] of nodes.entries()) {
        const journal = journals[no]!;
        await until(() => fs.existsSync(journal) && fs.readFileSync(journal, 'utf8').includes('ack '), node);
      }
      await sleep(200 * random());
      for (const node of nodes) node.kill('SIGKILL');
      await Promise.all(nodes.map(({ ended }) => ended));
      const keys = journals.map(keysOf);
      const all = (name: 'tried' | 'acknowledged') => new Set(keys.flatMap((each) => [...each[name]]));
      const [tried, acknowledged] = [all('tried'), all('acknowledged')];
      expect(acknowledged.size).toBeGreaterThan(0);
      await settle(t.ledger, tried, acknowledged);
      counts.kills += nodes.length;
      counts.acknowledged += acknowledged.size;
      counts.unanswered += tried.size - acknowledged.size;
      await t.done();
      fs.rmSync(folder, { recursive: true });
    }
    console.info(`nodes killed, none lost: ${JSON.stringify(counts)}`);
  });
});

describe('a server that crashes', () => {
  it('under load loses no acknowledged receipt, and its clients carry on by themselves', async () => {
    const folder = newFolder();
    const { url } = await startServer(folder, { max_connections: '50' });
    try {
      const account = openWork(
        { account: 'default', plan: 'harness', zone: 'UTC', anchorAt: null },
        NOON,
        zones,
        false,
      );
      const start = { mode: 'test' as const, now: NOON, settings: settingRows(defaultRows()), account };
      const store = await createPostgres({ url, location: 'postgres://crashing' }, start, storeOptions);
      const ledger = serviceOver(store, () => NOON);
      const acknowledged = new Set<string>();
      const tried = new Set<string>();
      let isOver = false;
      const clients = Array.from({ length: 8 }, async (_, client) => {
        for (let no = 0; !isOver; no += 1) {
          const key = `c${client}-${no}`;
          tried.add(key);
          await ledger.spend('default', spendOf(WRITTEN), { key });
          acknowledged.add(key);
        }
      });
      for (let crash = 0; crash < CRASHES; crash += 1) {
        const before = acknowledged.size;
        while (acknowledged.size < before + 20) await sleep(5);
        startAgain(folder, stopServer(folder, 'immediate')!);
        const after = acknowledged.size;
        while (acknowledged.size < after + 20) await sleep(5);
      }
      isOver = true;
      // Nobody was told that an outcome is unknown: each was looked up.
      await Promise.all(clients);
      expect(acknowledged).toEqual(tried);
      console.info(`server crashed ${CRASHES} times: ${acknowledged.size} acknowledged, none lost`);
      await settle(ledger, tried, acknowledged);
      expect((await ledger.balance('default')).available).toBe(
        credits('5050') - tried.size * credits(WRITTEN),
      );
      expect(findings(await ledger.verify())).toEqual([]);
      await ledger.close();
    } finally {
      stopServer(folder, 'immediate');
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
