/** Many processes want the same credits: exactly what is there is given out, and nobody gets an error but "not enough". */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { credits, NOON, testLedger } from '../helpers/ledger.ts';
import {
  crew,
  dismiss,
  failureOf,
  LONG,
  newFolder,
  PATIENCE,
  runProgram,
  type Worker,
  workshop,
} from '../helpers/processes.ts';
import { endsOf, type KeyAnswers, soon } from '../helpers/same-keys.ts';
import { openLedger } from '../helpers/worker-ledger.ts';
import type { InitAnswer, RaceAnswer, RaceTask, Task } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const PROCESSES = 8;

const shop = workshop<Task>('test/torture/worker.ts');
let racers: Worker<Task>[] = [];
beforeAll(async () => {
  racers = await crew(shop, PROCESSES);
});
afterAll(async () => {
  await dismiss(racers);
  shop.close();
});

/** Gives each racer its task, all at once, and waits for their answers. */
function atOnce<T>(task: (no: number) => Task): Promise<T[]> {
  for (const [no, racer] of racers.entries()) racer.start(task(no));
  return Promise.all(racers.map((racer) => racer.answer<T>()));
}

async function race(task: Omit<RaceTask, 'role' | 'at' | 'name'>) {
  const answers = await atOnce<RaceAnswer>((no) => ({
    ...task,
    role: 'race',
    at: NOON,
    name: `racer-${no}`,
  }));
  return {
    done: answers.reduce((sum, { done }) => sum + done, 0),
    insufficient: answers.reduce((sum, { insufficient }) => sum + insufficient, 0),
    errors: answers.flatMap(({ errors }) => errors),
  };
}

/** A ledger with exactly so many credits. */
async function ledgerOf(amount: number) {
  const t = testLedger();
  const rest = credits(String(amount - 50));
  if (rest > 0) {
    const grant = { source: 'promotional', amount: rest, expires: null, priority: 50, note: null } as const;
    await t.ledger.grant('default', grant);
  }
  return t;
}

describe('eight processes', () => {
  const want = LONG ? 5_000 : 500;

  it(`get exactly ${want} credits out of ${want}, in ${want * 8} tries`, async () => {
    const t = await ledgerOf(want);
    const got = await race({ file: t.file, what: 'spend', tries: want, amount: '1', everyMs: 0 });
    expect(got).toEqual({ done: want, insufficient: want * 7, errors: [] });
    expect(await t.ledger.balance('default')).toMatchObject({ available: 0, debt: 0 });
    await t.done();
  });

  it('hold exactly the 50 credits there are, in 160 tries', async () => {
    const t = await ledgerOf(50);
    const got = await race({ file: t.file, what: 'hold', tries: 20, amount: '1', everyMs: 0 });
    expect(got).toEqual({ done: 50, insufficient: 110, errors: [] });
    expect(await t.ledger.balance('default')).toMatchObject({ available: 0, held: credits('50'), debt: 0 });
    expect(await t.ledger.holds('default', false)).toHaveLength(50);
    await t.done();
  });

  it('spend at a steady pace without one error', async () => {
    const t = await ledgerOf(1_000);
    const tries = LONG ? 500 : 25;
    const got = await race({ file: t.file, what: 'spend', tries, amount: '0.01', everyMs: 20 });
    expect(got).toEqual({ done: PROCESSES * tries, insufficient: 0, errors: [] });
    await t.done();
  });
});

describe('eight processes with the same keys', () => {
  /** A multiple of the three kinds of write. */
  const count = LONG ? 7_200 : 240;
  const send = (file: string, amount: (no: number) => string) => {
    const all = { role: 'keys', file, at: NOON, name: 'key', count, from: soon() } as const;
    return atOnce<KeyAnswers>((sender) => ({ ...all, amount: amount(sender), sender }));
  };

  it(`and the same content under each of ${count}: one effect, and all get its receipt`, async () => {
    const t = await ledgerOf(1_000);
    const answers = await send(t.file, () => '0.1');
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    const { ends, firsts } = endsOf(answers);
    expect(ends).toHaveLength(count);
    expect(ends).toEqual(ends.map(() => ({ receipts: 1, booked: 1, replayed: PROCESSES - 1, refused: 0 })));
    console.info(`same content: first with ${firsts.join(', ')} keys`);
    // A third each: spent, held, granted.
    const tenth = credits('0.1') * (count / 3);
    const { available, held } = await t.ledger.balance('default');
    expect([available, held]).toEqual([credits('1000') - tenth, tenth]);
    const query = { since: null, until: null, kind: 'spent', limit: null } as const;
    expect(await t.ledger.log('default', query)).toHaveLength(count / 3);
    await t.done();
  });

  it(`and other content under each of ${count}: one is booked, the others are told that the key is used`, async () => {
    const t = await ledgerOf(1_000);
    const amountOf = (no: number): string => `0.0${no + 1}`;
    const answers = await send(t.file, amountOf);
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    const { ends, firsts } = endsOf(answers);
    expect(ends).toEqual(ends.map(() => ({ receipts: 1, booked: 1, replayed: 0, refused: PROCESSES - 1 })));
    console.info(`other content: first with ${firsts.join(', ')} keys`);
    let [available, held] = [credits('1000') as number, 0];
    for (const [sender, { receipts }] of answers.entries()) {
      const amount = credits(amountOf(sender));
      for (const [no, receipt] of receipts.entries()) {
        if (receipt === null) continue;
        available += no % 3 === 2 ? amount : -amount;
        held += no % 3 === 1 ? amount : 0;
      }
    }
    expect(await t.ledger.balance('default')).toMatchObject({ available, held, debt: 0 });
    await t.done();
  });
});

describe('eight processes that make one ledger', () => {
  it.each([
    ['where nothing is', (_file: string) => {}],
    ['over an empty file', (file: string) => fs.writeFileSync(file, '', { mode: 0o644 })],
  ])('%s: exactly one does, the others are told so', async (_, prepare) => {
    const folder = newFolder();
    for (let round = 0; round < (LONG ? 100 : 5); round += 1) {
      const file = path.join(folder, `${round}.db`);
      prepare(file);
      const answers = await atOnce<InitAnswer>(() => ({ role: 'init', file, at: NOON }));
      const codes = answers.map(({ code }) => code).sort();
      const others = Array(PROCESSES - 1).fill('ledger_exists');
      expect(codes, JSON.stringify(answers)).toEqual([...others, null]);
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
      const { ledger } = openLedger(file, NOON);
      expect(await ledger.balance('default')).toMatchObject({ available: credits('5050') });
      expect((await ledger.verify()).ok).toBe(true);
      await ledger.close();
    }
    fs.rmSync(folder, { recursive: true });
  });
});

describe('the program itself', () => {
  it('run eight at a time, spends and holds 50 credits by tens and refuses the rest with exit 3', async () => {
    const t = await ledgerOf(50);
    const run = (no: number) => {
      const command = no % 2 === 0 ? 'spend' : 'hold';
      return runProgram([command, '10', '--db', t.file, '--json', '--key', `${no}`]);
    };
    const ends = await Promise.all(Array.from({ length: PROCESSES }, (_, no) => run(no)));
    expect(ends.filter((end) => end.code === 0)).toHaveLength(5);
    for (const end of ends.filter((each) => each.code !== 0)) {
      expect([end.code, failureOf(end).code, end.stdout]).toEqual([3, 'insufficient_credits', '']);
    }
    t.at = Date.now();
    expect(await t.ledger.balance('default')).toMatchObject({ available: 0, debt: 0 });
    await t.done();
  });
});
