/**
 * A node of its own for torture tests: one process with one store. Prints `ready`, then carries out tasks: each a line of
 * JSON on stdin, answered by a line of JSON on stdout.
 */
import { hash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { isLedgerError } from '../../src/core/errors.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import { openPostgres } from '../../src/store/postgres-open.ts';
import { type KeyAnswers, type Keys, sendKeys } from '../helpers/same-keys.ts';
import { holdInput, spendInput } from '../helpers/worker-ledger.ts';

interface OnLedger {
  readonly url: string;
  readonly at: number;
  /** Makes the keys its own. */
  readonly name: string;
  readonly clients: number;
}

export interface NodeRaceTask extends OnLedger {
  readonly role: 'race';
  readonly tries: number;
}

export interface NodeRaceAnswer {
  readonly done: number;
  readonly insufficient: number;
  readonly errors: string[];
}

/** Sends keys that other nodes send too, each client of it. */
export interface NodeKeysTask extends OnLedger, Keys {
  readonly role: 'keys';
}

/** Spends until killed; says in `journal` what it is about to write and what was acknowledged. */
export interface NodeWriteTask extends OnLedger {
  readonly role: 'write';
  readonly journal: string;
  readonly amount: string;
}

export type NodeTask = NodeRaceTask | NodeKeysTask | NodeWriteTask;

const sha256 = (text: string): string => hash('sha256', text, 'hex');

async function openLedger({ url, at }: OnLedger): Promise<LocalLedger> {
  const options = { sha256, random: Math.random, newTag: () => randomBytes(4).toString('hex') };
  const store = await openPostgres(
    { url, location: 'postgres://node' },
    { ...options, busyBudgetMs: 60_000 },
  );
  return new LocalLedger({
    store,
    zones: UTC_RULES,
    loadZones: async () => UTC_RULES,
    sha256,
    now: () => at,
    wall: () => at,
    actor: 'node',
  });
}

const each = (count: number, work: (no: number) => Promise<unknown>): Promise<unknown[]> =>
  Promise.all(Array.from({ length: count }, (_, no) => work(no)));

async function race(task: NodeRaceTask): Promise<NodeRaceAnswer> {
  const ledger = await openLedger(task);
  const answer = { done: 0, insufficient: 0, errors: [] as string[] };
  await each(task.clients, async (client) => {
    for (let no = 0; no < task.tries; no += 1) {
      const key = `${task.name}-${client}-${no}`;
      try {
        if (no % 2 === 0) await ledger.spend('default', spendInput('1'), { key });
        else await ledger.hold('default', holdInput('1'), { key });
        answer.done += 1;
      } catch (error) {
        if (isLedgerError(error) && error.code === 'insufficient_credits') answer.insufficient += 1;
        else answer.errors.push(String(error));
      }
    }
  });
  await ledger.close();
  return answer;
}

async function keys(task: NodeKeysTask): Promise<KeyAnswers[]> {
  const ledger = await openLedger(task);
  const answers: KeyAnswers[] = [];
  await each(task.clients, async (client) => {
    answers[client] = await sendKeys(ledger, { ...task, sender: task.sender + client });
  });
  await ledger.close();
  return answers;
}

async function write(task: NodeWriteTask): Promise<object> {
  const ledger = await openLedger(task);
  const journal = fs.openSync(task.journal, 'a');
  await each(task.clients, async (client) => {
    for (let no = 0; ; no += 1) {
      const key = `${task.name}-${client}-${no}`;
      fs.writeSync(journal, `try ${key}\n`);
      await ledger.spend('default', spendInput(task.amount), { key });
      fs.writeSync(journal, `ack ${key}\n`);
    }
  });
  return {};
}

function carryOut(task: NodeTask): Promise<object> {
  switch (task.role) {
    case 'race':
      return race(task);
    case 'keys':
      return keys(task);
    case 'write':
      return write(task);
    default:
      return task satisfies never;
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (text: string) => void fs.writeSync(1, `${text}\n`);

say('ready');
for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  const task = JSON.parse(line.value) as NodeTask;
  say(JSON.stringify(await carryOut(task)));
}
