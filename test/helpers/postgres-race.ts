/** 64 clients of three nodes want the same credits: how much was given out, and what else was answered. */
import { isLedgerError } from '../../src/core/errors.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import { credits, spendOf } from './ledger.ts';
import { type PostgresTestLedger, postgresLedger } from './postgres.ts';

export const NODES = 3;
export const CLIENTS = 64;
const TRIES = 10;
/** Credits there are; each try wants 1 of them. */
export const BALANCE = 100;

export interface RaceEnd {
  readonly done: number;
  readonly insufficient: number;
  /** Anything else. */
  readonly errors: string[];
  readonly available: number;
}

/** A ledger with exactly so many credits. */
export async function racingLedger(): Promise<PostgresTestLedger> {
  const t = await postgresLedger({ options: { busyBudgetMs: 60_000 } });
  await t.ledger.grant('default', {
    source: 'promotional',
    amount: credits(String(BALANCE - 50)),
    expires: null,
    priority: 50,
    note: null,
  });
  return t;
}

/** Spends and holds by turns, each with a key of its own. */
async function client(ledger: LocalLedger, no: number, end: Omit<RaceEnd, 'available'>): Promise<void> {
  const counts = end as { done: number; insufficient: number; errors: string[] };
  const hold = {
    amount: credits('1'),
    call: null,
    tags: { activity: null, session: null, run: null },
    ttlMs: 3_600_000,
    note: null,
  };
  for (let round = 0; round < TRIES; round += 1) {
    const key = `client-${no}-${round}`;
    try {
      if (round % 2 === 0) await ledger.spend('default', spendOf('1'), { key });
      else await ledger.hold('default', hold, { key });
      counts.done += 1;
    } catch (error) {
      if (isLedgerError(error) && error.code === 'insufficient_credits') counts.insufficient += 1;
      else counts.errors.push(String(error));
    }
  }
}

/** Runs one race over three stores. */
export async function race(t: PostgresTestLedger): Promise<RaceEnd> {
  const nodes = [t.ledger];
  while (nodes.length < NODES) nodes.push((await t.reopen()).ledger);
  const end = { done: 0, insufficient: 0, errors: [] as string[] };
  await Promise.all(Array.from({ length: CLIENTS }, (_, no) => client(nodes[no % NODES]!, no, end)));
  const { available } = await t.ledger.balance('default');
  return { ...end, available };
}

/** How a race ends when nothing is wrong. */
export const FAIR: RaceEnd = {
  done: BALANCE,
  insufficient: CLIENTS * TRIES - BALANCE,
  errors: [],
  available: 0,
};
