/**
 * What was acknowledged is kept, whenever the process is killed. The kill itself cannot show a missing fsync (the system
 * keeps the pages): durability.test.ts looks at that.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { credits, NOON } from '../helpers/ledger.ts';
import {
  dismiss,
  LONG,
  newFolder,
  PATIENCE,
  seeded,
  until,
  type Worker,
  workshop,
} from '../helpers/processes.ts';
import { openLedger, spendInput } from '../helpers/worker-ledger.ts';
import type { Task } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const SEED = 20_260_131;
const WRITERS = 4;
const ROUNDS = LONG ? 500 : 10;
/** Rounds from one look at the whole ledger to the next: it grows. */
const LOOK_EVERY = LONG ? 10 : 1;
/** What a writer spends each time, as in worker.ts. */
const AMOUNT = '0.001';

const shop = workshop<Task>('test/torture/worker.ts');
afterAll(() => shop.close());

/** Keys with a mark in a writer's journal; a line that the kill cut off does not count. */
function marked(journal: string, mark: 'try' | 'ack'): string[] {
  const text = fs.existsSync(journal) ? fs.readFileSync(journal, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(4));
}

function receiptsByKey(file: string): Map<string, number> {
  const db = new Database(file, { readonly: true });
  try {
    const rows = db
      .prepare('SELECT key, count(*) FROM receipt WHERE key IS NOT NULL GROUP BY key')
      .raw()
      .all();
    return new Map(rows as [string, number][]);
  } finally {
    db.close();
  }
}

interface Writer {
  readonly name: string;
  readonly process: Worker<Task>;
}

const folder = newFolder();
const file = path.join(folder, 'ledger.db');
afterAll(() => fs.rmSync(folder, { recursive: true }));

const journalOf = ({ name }: Writer): string => path.join(folder, `${name}.journal`);

async function start(writer: Writer): Promise<void> {
  const { name } = writer;
  await writer.process.ready();
  writer.process.start({ role: 'write', file, at: NOON, name, journal: journalOf(writer) });
  await until(() => marked(journalOf(writer), 'ack').length > 0, writer.process);
}

async function kill(victims: readonly Writer[]): Promise<void> {
  for (const victim of victims) victim.process.kill('SIGKILL');
  for (const victim of victims) {
    expect(await victim.process.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
  }
}

describe(`${WRITERS} writers killed at random, ${ROUNDS} rounds (seed ${SEED})`, () => {
  const count = { kills: 0, acknowledged: 0, lost: 0, unanswered: 0, unansweredButKept: 0 };

  /** Compares the ledger with the journals of the dead, and asks again for what was not answered. */
  async function settle(dead: readonly Writer[]): Promise<void> {
    const kept = receiptsByKey(file);
    const { ledger } = openLedger(file, NOON);
    for (const writer of dead) {
      const acknowledged = new Set(marked(journalOf(writer), 'ack'));
      count.kills += 1;
      count.acknowledged += acknowledged.size;
      count.lost += [...acknowledged].filter((key) => !kept.has(key)).length;
      for (const key of marked(journalOf(writer), 'try').filter((each) => !acknowledged.has(each))) {
        count.unanswered += 1;
        if (kept.has(key)) count.unansweredButKept += 1;
        const again = await ledger.spend('default', spendInput(AMOUNT), { key });
        expect(again.replayed, key).toBe(kept.has(key));
      }
    }
    await ledger.close();
  }

  it('lose nothing acknowledged, and a retry settles the rest once', async () => {
    const random = seeded(SEED);
    let hired = 0;
    const hire = (): Writer => {
      hired += 1;
      return { name: `writer-${hired}`, process: shop.hire() };
    };
    let writers = Array.from({ length: WRITERS }, hire);
    await writers[0]!.process.ready();
    writers[0]!.process.start({ role: 'init', file, at: NOON });
    expect(await writers[0]!.process.answer()).toEqual({ code: null });
    await dismiss([writers.shift()!.process]);
    writers.push(hire());

    let fresh = writers;
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(fresh.map(start));
      await sleep(random() * 150);
      // All of them, so that nobody has the ledger open any more; or one, while the others go on.
      const one = Math.floor(random() * WRITERS);
      const dead = round % 2 === 0 ? writers : [writers[one]!];
      await kill(dead);
      const isLast = round === ROUNDS - 1;
      fresh = isLast ? [] : dead.map(hire);
      await settle(dead);
      // Also while the others write.
      if (round % LOOK_EVERY === 0) await expectSound();
      writers = [...writers.filter((each) => !dead.includes(each)), ...fresh];
    }
    await kill(writers);
    await settle(writers);

    expect([...receiptsByKey(file)].filter(([, times]) => times !== 1)).toEqual([]);
    expect(count.lost).toBe(0);
    expect(count.acknowledged).toBeGreaterThan(count.kills);
    console.info(`kill -9: ${JSON.stringify(count)}`);
    const { ledger } = openLedger(file, NOON);
    const booked = count.acknowledged + count.unanswered;
    expect((await ledger.balance('default')).available).toBe(credits('5050') - booked * credits(AMOUNT));
    await ledger.close();
    await expectSound();
  });
});

async function expectSound(): Promise<void> {
  const { ledger } = openLedger(file, NOON);
  const { ok, checks } = await ledger.verify();
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  expect(ok).toBe(true);
  await ledger.close();
}
