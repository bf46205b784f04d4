/**
 * Makes large ledgers: many accounts on the plan `pro`, and as many calls on each. For the benchmarks that ask what a
 * ledger's size costs, and by itself:
 *
 *   node bench/generate.ts FOLDER 1000000 10000000      FOLDER/ledger.db: accounts, entries; ten minutes
 */
import fs from 'node:fs';
import path from 'node:path';
import { UTC_RULES } from '../src/core/zones.ts';
import { openWork } from '../src/ledger/local-accounts.ts';
import { type BenchLedger, benchLedger, haikuCall, START } from './ledger.ts';

export interface Size {
  readonly accounts: number;
  readonly entries: number;
}

const CHUNK = 5_000;
/** From one chunk of calls to the next: all of them lie within the first day. */
const STEP_MS = 1_250;

/** The same numbers in every run: which account is asked next is not what is measured. */
export function lottery(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Books so many calls. @param accountOf the account of a call, by its number */
export async function bookCalls(
  bench: BenchLedger,
  calls: number,
  accountOf: (no: number) => string,
): Promise<void> {
  for (let booked = 0; booked < calls; booked += CHUNK) {
    bench.at += STEP_MS;
    const items = Array.from({ length: Math.min(CHUNK, calls - booked) }, (_, index) => ({
      account: accountOf(booked + index),
      key: `k${booked + index}`,
      input: haikuCall(10 + (index % 90)),
    }));
    const results = await bench.ledger.spendMany(items);
    if (results.some(({ status }) => status !== 'booked')) throw new Error('a call was not booked');
  }
}

/** Accounts are called `a0`, `a1`, …; two of the entries come with each. */
export async function grow(folder: string, { accounts, entries }: Size): Promise<BenchLedger> {
  fs.mkdirSync(folder, { recursive: true });
  const bench = await benchLedger(folder);
  for (let from = 0; from < accounts; from += CHUNK) {
    const works = Array.from({ length: Math.min(CHUNK, accounts - from) }, (_, index) =>
      openWork(
        { account: `a${from + index}`, plan: 'pro', zone: 'UTC', anchorAt: null },
        START,
        UTC_RULES,
        false,
      ),
    );
    await bench.store.openAccounts(works);
  }
  // Account after account: calls by chance would touch a page of its own each, and take hours.
  const first = accounts * 2;
  const share = (entries - first) / accounts;
  await bookCalls(bench, entries - first, (no) => `a${Math.floor(no / share)}`);
  return bench;
}

if (import.meta.main) {
  const [folder, accounts, entries] = process.argv.slice(2);
  if (folder === undefined || !(Number(accounts) > 0) || !(Number(entries) > 0)) {
    console.error('node bench/generate.ts FOLDER ACCOUNTS ENTRIES');
    process.exitCode = 2;
  } else {
    const { ledger, file } = await grow(path.resolve(folder), {
      accounts: Number(accounts),
      entries: Number(entries),
    });
    await ledger.close();
    console.log(file);
  }
}
