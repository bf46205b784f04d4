/**
 * Who waits for a busy ledger gets its turn: eight processes that want the same account without a pause, or at a steady
 * pace. Shares and waiting times are judged in the long form only, on a machine that does nothing else.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { credits, NOON, testLedger } from '../helpers/ledger.ts';
import { crew, dismiss, LONG, longOnly, PATIENCE, type Worker, workshop } from '../helpers/processes.ts';
import { soon } from '../helpers/same-keys.ts';
import type { PaceAnswer, Task } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const PROCESSES = 8;
const AMOUNT = '0.001';

const shop = workshop<Task>('test/torture/worker.ts');
let workers: Worker<Task>[] = [];
beforeAll(async () => {
  workers = await crew(shop, PROCESSES);
});
afterAll(async () => {
  await dismiss(workers);
  shop.close();
});

/** Lets all of them spend, and looks that what they were told was booked is what the ledger has. */
async function spendAll(forMs: number, everyMs: number): Promise<PaceAnswer[]> {
  const t = testLedger({ plan: 'team' });
  const all = { role: 'pace', file: t.file, at: NOON, amount: AMOUNT, forMs, everyMs } as const;
  const first = soon();
  for (const [no, worker] of workers.entries()) {
    // Processes that know nothing of each other are not in step.
    worker.start({ ...all, name: `worker-${no}`, from: first + (no * everyMs) / PROCESSES });
  }
  const answers = await Promise.all(workers.map((worker) => worker.answer<PaceAnswer>()));
  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  const booked = answers.reduce((sum, { waits }) => sum + waits.length, 0);
  const { available } = await t.ledger.balance('default');
  expect(available).toBe(credits('10050') - booked * credits(AMOUNT));
  await t.done();
  return answers;
}

it('eight processes without a pause: nobody gets an error, and nobody starves', async () => {
  const answers = await spendAll(LONG ? 10_000 : 2_500, 0);
  const counts = answers.map(({ waits }) => waits.length);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const longest = Math.max(...answers.flatMap(({ waits }) => waits));
  console.info(`hot: ${all} spends, ${counts.join(', ')}; longest wait ${longest} ms`);
  expect(all).toBeGreaterThan(PROCESSES);
  if (LONG) expect(Math.min(...counts)).toBeGreaterThan(0.02 * (all / PROCESSES));
});

it.runIf(longOnly('waiting at a steady pace'))(
  'eight processes at a steady pace: nobody waits long',
  async () => {
    const answers = await spendAll(10_000, 20);
    const waits = answers.flatMap((answer) => answer.waits).sort((a, b) => a - b);
    const at = (share: number): number => waits[Math.floor(waits.length * share)]!;
    const figures = { spends: waits.length, p50: at(0.5), p99: at(0.99), max: waits.at(-1)! };
    console.info(`paced: ${JSON.stringify(figures)} (ms)`);
    expect(figures.p99).toBeLessThan(50);
    expect(figures.max).toBeLessThan(1_000);
  },
);
