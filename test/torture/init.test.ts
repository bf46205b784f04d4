/** `init` killed at any moment leaves a whole ledger or none, and none never stands in the way of the next `init`. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isLedgerError } from '../../src/core/errors.ts';
import { credits, NOON } from '../helpers/ledger.ts';
import {
  crew,
  dismiss,
  failureOf,
  LONG,
  newFolder,
  PATIENCE,
  runProgram,
  seeded,
  startProgram,
  until,
  type Worker,
  workshop,
} from '../helpers/processes.ts';
import { openLedger } from '../helpers/worker-ledger.ts';
import type { InitAnswer, Task } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const SEED = 20_260_201;
const KILLS = LONG ? 400 : 20;

const shop = workshop<Task>('test/torture/worker.ts');
const folder = newFolder();
afterAll(() => {
  shop.close();
  fs.rmSync(folder, { recursive: true });
});

/** Whether there is a ledger at a path; it must then be whole. */
async function isMade(file: string): Promise<boolean> {
  try {
    const { ledger } = openLedger(file, NOON);
    expect((await ledger.verify()).ok).toBe(true);
    expect(await ledger.balance('default')).toMatchObject({ available: credits('5050') });
    await ledger.close();
    return true;
  } catch (error) {
    if (isLedgerError(error) && error.code === 'no_ledger') return false;
    throw error;
  }
}

describe(`killed at random (seed ${SEED})`, () => {
  let maker: Worker<Task>;
  beforeAll(async () => {
    [maker] = (await crew(shop, 1)) as [Worker<Task>];
  });
  afterAll(() => dismiss([maker]));

  it(`${KILLS} times, the making of a ledger leaves all or nothing`, async () => {
    const random = seeded(SEED);
    const counts = { made: 0, none: 0, started: 0 };
    const began = performance.now();
    maker.start({ role: 'init', file: path.join(folder, 'first.db'), at: NOON });
    expect(await maker.answer<InitAnswer>()).toEqual({ code: null });
    const usualMs = performance.now() - began;
    let next = shop.hire();
    for (let no = 0; no < KILLS; no += 1) {
      const victim = next;
      await victim.ready();
      if (no + 1 < KILLS) next = shop.hire();
      const file = path.join(folder, `${no}.db`);
      victim.start({ role: 'init', file, at: NOON });
      // Most kills come after it has touched the disk, within the time that making a ledger takes here.
      const waits = random() < 0.9;
      while (waits && !fs.existsSync(file)) await sleep(0);
      await sleep(random() * 1.5 * usualMs);
      victim.kill('SIGKILL');
      await victim.ended;

      if (fs.existsSync(file)) counts.started += 1;
      const made = await isMade(file);
      counts[made ? 'made' : 'none'] += 1;
      maker.start({ role: 'init', file, at: NOON });
      const again = await maker.answer<InitAnswer>();
      expect(again.code, again.message).toBe(made ? 'ledger_exists' : null);
      expect(await isMade(file)).toBe(true);
    }
    console.info(`init killed: ${JSON.stringify(counts)}`);
    expect(counts.started).toBeGreaterThan(0);
  });
});

/** Whether `credits init` itself takes an empty file for none, as every other command does. */
async function takesEmptyFile(): Promise<boolean> {
  const file = path.join(folder, 'probe.db');
  fs.writeFileSync(file, '');
  const { code } = await runProgram(['init', '--db', file]);
  if (code !== 0) console.info('skipped: `credits init` killed (it refuses an empty file)');
  return code === 0;
}

describe.skipIf(!(await takesEmptyFile()))('the program killed at random', () => {
  it('works the next time', async () => {
    const random = seeded(SEED);
    for (let no = 0; no < (LONG ? 50 : 6); no += 1) {
      const file = path.join(folder, `program-${no}.db`);
      const argv = ['init', '--plan', 'harness', '--json', '--db', file, '--now', '2026-01-31T12:00:00Z'];
      const victim = startProgram(argv, { input: '' });
      await until(() => fs.existsSync(file), victim, 1);
      await sleep(random() * 12);
      victim.kill('SIGKILL');
      await victim.ended;
      const made = await isMade(file);
      const again = await runProgram(argv);
      if (made) expect([again.code, failureOf(again).code]).toEqual([2, 'ledger_exists']);
      else expect([again.code, again.stderr]).toEqual([0, '']);
      expect(await isMade(file)).toBe(true);
    }
  });
});
