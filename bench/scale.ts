/**
 * `balance` and a durable `spend` on a large ledger over the same on a smaller one, in turns, on accounts by chance. Bars at
 * 1,000,000 accounts and 10,000,000 entries over 1,000 accounts and 1,000,000 entries: balance ≤ 2, spend ≤ 1.3.
 *
 *   node bench/scale.ts                         100,000 accounts, 600,000 entries over 1,000 accounts, 60,000 entries
 *   BENCH_SCALE=full node bench/scale.ts        the sizes of the bars; takes a quarter of an hour
 */
import fs from 'node:fs';
import path from 'node:path';
import { UTC_RULES } from '../src/core/zones.ts';
import { openWork } from '../src/ledger/local-accounts.ts';
import { type BenchLedger, benchLedger, haikuCall, START } from './ledger.ts';
import { inFolder, median, report } from './lib.ts';

const IS_FULL = process.env.BENCH_SCALE === 'full';
const SIZES = IS_FULL
  ? { small: { accounts: 1_000, entries: 1_000_000 }, large: { accounts: 1_000_000, entries: 10_000_000 } }
  : { small: { accounts: 1_000, entries: 60_000 }, large: { accounts: 100_000, entries: 600_000 } };
const CHUNK = 5_000;
const BALANCES = 4_000;
const SPENDS = 1_500;

/** The same numbers in every run: which account is asked next is not what is measured. */
function lottery(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function grow(folder: string, { accounts, entries }: typeof SIZES.small): Promise<BenchLedger> {
  fs.mkdirSync(folder);
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
  // Two entries come with each account.
  const pick = lottery(1);
  for (let booked = accounts * 2; booked < entries; booked += CHUNK) {
    bench.at += 1_000;
    const items = Array.from({ length: Math.min(CHUNK, entries - booked) }, (_, index) => ({
      account: `a${pick(accounts)}`,
      key: `k${booked + index}`,
      input: haikuCall(10 + (index % 90)),
    }));
    await bench.ledger.spendMany(items);
  }
  return bench;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

await inFolder(async (folder) => {
  const small = await grow(path.join(folder, 'small'), SIZES.small);
  const large = await grow(path.join(folder, 'large'), SIZES.large);
  const pick = lottery(2);
  const compare = async (count: number, work: (bench: BenchLedger, account: string) => Promise<unknown>) => {
    const times: { small: number[]; large: number[] } = { small: [], large: [] };
    for (let round = 0; round < count; round += 1) {
      const accounts = { small: pick(SIZES.small.accounts), large: pick(SIZES.large.accounts) };
      for (const [name, bench] of [['small', small] as const, ['large', large] as const]) {
        times[name].push(await time(() => work(bench, `a${accounts[name]}`)));
      }
    }
    return { small: median(times.small), large: median(times.large) };
  };
  const ms = (value: number): string => `${(value * 1_000).toFixed(0)} µs`;
  const size = ({ accounts, entries }: typeof SIZES.small): string =>
    `${accounts.toLocaleString('en')} accounts, ${entries.toLocaleString('en')} entries`;
  console.log(`${size(SIZES.large)} over ${size(SIZES.small)}`);
  const balance = await compare(BALANCES, ({ ledger }, account) => ledger.balance(account));
  const note = ({ small: few, large: many }: typeof balance): string => `${ms(many)} over ${ms(few)}`;
  report('balance of an account', balance.large / balance.small, 2, false, note(balance));
  const spend = await compare(SPENDS, ({ ledger }, account) => ledger.spend(account, haikuCall(10)));
  report('one durable spend', spend.large / spend.small, 1.3, false, note(spend));
  await small.ledger.close();
  await large.ledger.close();
});
