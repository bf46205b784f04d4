/**
 * What was acknowledged is kept, whenever the process is killed. The kill itself cannot show a missing fsync (the system
 * keeps the pages): durability.test.ts looks at that.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { credits, NOON, testLedger } from '../helpers/ledger.ts';
import { LONG, seeded, type Worker, workshop } from '../helpers/processes.ts';
import { spendInput } from '../helpers/worker-ledger.ts';
import type { Task } from './worker.ts';

const SEED = 20_260_131;
const WRITERS = 4;
const ROUNDS = LONG ? 200 : 10;
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

describe(`${WRITERS} writers killed at random, ${ROUNDS} rounds (seed ${SEED})`, () => {
  it('lose nothing acknowledged, and a retry settles the rest once', { timeout: 3_600_000 }, async () => {
    const t = testLedger({ plan: 'team' });
    const random = seeded(SEED);
    const folder = path.dirname(t.file);
    const journalOf = (name: string) => path.join(folder, `${name}.journal`);
    const hire = () => Array.from({ length: WRITERS }, () => shop.hire());
    const count = { acknowledged: 0, lost: 0, unanswered: 0, unansweredButKept: 0 };

    let writers = hire();
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(writers.map((writer) => writer.ready()));
      const names = writers.map((_, no) => `round-${round}-writer-${no}`);
      for (const [no, name] of names.entries()) {
        writers[no]!.start({ role: 'write', file: t.file, at: NOON, name, journal: journalOf(name) });
      }
      await untilJournal(journalOf(names[0]!));
      await killAll(writers, random);
      // The next ones start while this round is looked at.
      if (round + 1 < ROUNDS) writers = hire();

      const kept = receiptsByKey(t.file);
      for (const name of names) {
        const tried = marked(journalOf(name), 'try');
        const acknowledged = new Set(marked(journalOf(name), 'ack'));
        count.acknowledged += acknowledged.size;
        count.lost += [...acknowledged].filter((key) => !kept.has(key)).length;
        for (const key of tried.filter((each) => !acknowledged.has(each))) {
          count.unanswered += 1;
          const wasKept = kept.has(key);
          if (wasKept) count.unansweredButKept += 1;
          const again = await t.ledger.spend('default', spendInput(AMOUNT), { key });
          expect(again.replayed, key).toBe(wasKept);
        }
      }
    }
    const twice = [...receiptsByKey(t.file)].filter(([, times]) => times !== 1);
    expect(twice).toEqual([]);
    expect(count.lost).toBe(0);
    expect(count.acknowledged).toBeGreaterThan(ROUNDS * WRITERS);
    const all = count.acknowledged + count.unanswered;
    const { available } = await t.ledger.balance('default');
    expect(available).toBe(credits('10050') - all * credits(AMOUNT));
    console.info(`kill -9: ${ROUNDS * WRITERS} kills, ${JSON.stringify(count)}`);
    await t.done();
  });
});

async function untilJournal(journal: string): Promise<void> {
  while (marked(journal, 'ack').length === 0) await sleep(5);
}

/** All at one moment, or one after the other while the rest go on. */
async function killAll(writers: readonly Worker<Task>[], random: () => number): Promise<void> {
  const together = random() < 0.5;
  await sleep(random() * 150);
  for (const writer of writers) {
    writer.kill('SIGKILL');
    if (!together) await sleep(random() * 20);
  }
  const ends = await Promise.all(writers.map((writer) => writer.ended));
  for (const end of ends) expect(end).toMatchObject({ signal: 'SIGKILL', stderr: '' });
}
