/**
 * One process of a torture test. Prints `ready`, then carries out tasks: each a line of JSON on stdin, answered by a line
 * of JSON on stdout.
 */
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { wire } from '../../src/cli/wire.ts';
import { isLedgerError, type RefusalCode } from '../../src/core/errors.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import { type KeyAnswers, type Keys, sendKeys } from '../helpers/same-keys.ts';
import { holdInput, openLedger, spendInput } from '../helpers/worker-ledger.ts';

/** Common to the tasks that open a ledger. `name` makes their keys their own. */
interface OnLedger {
  readonly file: string;
  readonly at: number;
  readonly name: string;
}

/** Tries `tries` spends or holds of `amount`, `everyMs` apart. */
export interface RaceTask extends OnLedger {
  readonly role: 'race';
  readonly what: 'spend' | 'hold';
  readonly tries: number;
  readonly amount: string;
  readonly everyMs: number;
}

export interface RaceAnswer {
  readonly done: number;
  readonly insufficient: number;
  /** Anything else: must stay empty. */
  readonly errors: string[];
}

/** Spends for a while, from a moment on that all processes share. */
export interface PaceTask extends OnLedger {
  readonly role: 'pace';
  readonly amount: string;
  /** Epoch ms. */
  readonly from: number;
  readonly forMs: number;
  /** From one spend to the next; 0: as fast as it can. */
  readonly everyMs: number;
}

export interface PaceAnswer {
  /** What each spend that was booked took, ms, in order. */
  readonly waits: number[];
  readonly errors: string[];
}

/** Sends keys that others send too. */
export interface KeysTask extends OnLedger, Keys {
  readonly role: 'keys';
}

/** Writes until killed; says in `journal` what it is about to write and what was acknowledged. */
export interface WriteTask extends OnLedger {
  readonly role: 'write';
  readonly journal: string;
  /** The refusal that ends it; any other is a failure. */
  readonly until?: RefusalCode;
}

export interface WriteAnswer {
  readonly refused: RefusalCode;
}

/** Opens an older ledger and dies before a certain statement of its migration; `BEGIN` is number 1. */
export interface MigrateTask {
  readonly role: 'migrate';
  readonly file: string;
  readonly at: number;
  readonly dieBefore: number;
}

/** Holds the write lock (or every lock) until the next line. */
export interface LockTask {
  readonly role: 'lock';
  readonly file: string;
  readonly mode: 'IMMEDIATE' | 'EXCLUSIVE';
}

/** Makes a ledger as the command line does. */
export interface InitTask {
  readonly role: 'init';
  readonly file: string;
  readonly at: number;
  readonly umask?: number;
}

/** `code` null: made. */
export interface InitAnswer {
  readonly code: string | null;
  readonly message?: string;
}

export type Task = RaceTask | PaceTask | KeysTask | WriteTask | MigrateTask | LockTask | InitTask;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (text: string) => void fs.writeSync(1, `${text}\n`);

async function race(task: RaceTask): Promise<RaceAnswer> {
  const { ledger } = openLedger(task.file, task.at);
  const answer = { done: 0, insufficient: 0, errors: [] as string[] };
  for (let no = 0; no < task.tries; no += 1) {
    const key = `${task.name}-${no}`;
    try {
      if (task.what === 'spend') await ledger.spend('default', spendInput(task.amount), { key });
      else await ledger.hold('default', holdInput(task.amount), { key });
      answer.done += 1;
    } catch (error) {
      if (isLedgerError(error) && error.code === 'insufficient_credits') answer.insufficient += 1;
      else answer.errors.push(String(error));
    }
    if (task.everyMs > 0) await sleep(task.everyMs);
  }
  await ledger.close();
  return answer;
}

async function pace(task: PaceTask): Promise<PaceAnswer> {
  const { ledger } = openLedger(task.file, task.at);
  const answer = { waits: [] as number[], errors: [] as string[] };
  const wallClock = () => performance.timeOrigin + performance.now();
  await sleep(Math.max(0, task.from - wallClock()));
  const end = task.from + task.forMs;
  for (let no = 0; wallClock() < end; no += 1) {
    const began = wallClock();
    try {
      await ledger.spend('default', spendInput(task.amount), { key: `${task.name}-${no}` });
      answer.waits.push(Math.round((wallClock() - began) * 100) / 100);
    } catch (error) {
      answer.errors.push(String(error));
    }
    // From the moment it was due, not from its end: a slow spend does not thin out those that follow.
    if (task.everyMs > 0) await sleep(Math.max(0, task.from + (no + 1) * task.everyMs - wallClock()));
  }
  await ledger.close();
  return answer;
}

async function keys(task: KeysTask): Promise<KeyAnswers> {
  const { ledger } = openLedger(task.file, task.at);
  const answers = await sendKeys(ledger, task);
  await ledger.close();
  return answers;
}

async function write(task: WriteTask): Promise<WriteAnswer> {
  const { ledger } = openLedger(task.file, task.at);
  const journal = fs.openSync(task.journal, 'a');
  const note = (mark: string, keys: readonly string[]) =>
    void fs.writeSync(journal, keys.map((key) => `${mark} ${key}\n`).join(''));
  try {
    for (let no = 0; ; no += 1) await WAYS[no % WAYS.length]!(ledger, `${task.name}-${no}`, note);
  } catch (error) {
    if (!isLedgerError(error) || error.code !== task.until) throw error;
    await ledger.close();
    return { refused: error.code };
  }
}

type Way = (
  ledger: LocalLedger,
  key: string,
  note: (mark: string, keys: readonly string[]) => void,
) => Promise<void>;

export const WRITTEN = '0.001';

/** Ways to write: one spend, a batch, many callers at once. */
const WAYS: readonly Way[] = [
  async (ledger, key, note) => {
    note('try', [key]);
    await ledger.spend('default', spendInput(WRITTEN), { key });
    note('ack', [key]);
  },
  async (ledger, key, note) => {
    const keys = Array.from({ length: 5 }, (_, index) => `${key}-${index}`);
    note('try', keys);
    const items = keys.map((each) => ({ account: 'default', key: each, input: spendInput(WRITTEN) }));
    const results = await ledger.spendMany(items);
    note(
      'ack',
      keys.filter((_, index) => results[index]!.status === 'booked'),
    );
  },
  async (ledger, key, note) => {
    const keys = Array.from({ length: 16 }, (_, index) => `${key}-${index}`);
    note('try', keys);
    await Promise.all(
      keys.map(async (each) => {
        await ledger.spend('default', spendInput(WRITTEN), { key: each });
        note('ack', [each]);
      }),
    );
  },
];

async function migrate({ file, at, dieBefore }: MigrateTask): Promise<never> {
  const { exec } = Database.prototype;
  let migrating: Database.Database | undefined;
  let statements = 0;
  Database.prototype.exec = function (sql) {
    if (sql === 'BEGIN IMMEDIATE') {
      migrating = this;
      // Pages go to the log before the commit, as in a ledger that is larger than the cache.
      this.pragma('cache_size = 10');
    }
    if (this === migrating) {
      statements += 1;
      if (statements === dieBefore) process.kill(process.pid, 'SIGKILL');
    }
    return exec.call(this, sql);
  };
  openLedger(file, at);
  throw new Error(`the migration had ${statements} statements`);
}

async function lock({ file, mode }: LockTask): Promise<object> {
  const db = new Database(file);
  if (mode === 'EXCLUSIVE') db.pragma('locking_mode = EXCLUSIVE');
  db.exec('BEGIN IMMEDIATE');
  say(JSON.stringify({ locked: true }));
  await lines.next();
  db.exec('ROLLBACK');
  db.close();
  return {};
}

async function init({ file, at, umask }: InitTask): Promise<InitAnswer> {
  if (umask !== undefined) process.umask(umask);
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  const options = { db: file, remote: null, now: null, clock: () => at, random, readOnly: false, env: {} };
  const account = { account: 'default', plan: 'harness', zone: 'UTC', anchorAt: null };
  try {
    await wire.create(options, { mode: 'test', account });
    return { code: null };
  } catch (error) {
    return { code: isLedgerError(error) ? error.code : 'defect', message: String(error) };
  }
}

function carryOut(task: Task): Promise<object> {
  switch (task.role) {
    case 'race':
      return race(task);
    case 'pace':
      return pace(task);
    case 'keys':
      return keys(task);
    case 'write':
      return write(task);
    case 'migrate':
      return migrate(task);
    case 'lock':
      return lock(task);
    case 'init':
      return init(task);
    default:
      return task satisfies never;
  }
}

say('ready');
for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  say(JSON.stringify(await carryOut(JSON.parse(line.value))));
}
