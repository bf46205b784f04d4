/**
 * `balance` and a durable `spend` on a large ledger over the same on a smaller one, in turns, on accounts by chance. Bars at
 * 1,000,000 accounts and 10,000,000 entries over 1,000 accounts and 1,000,000 entries: balance ≤ 2, spend ≤ 1.3.
 *
 *   node bench/scale.ts                         other sizes: bench/sizes.ts
 */
import { lottery } from './generate.ts';
import { type BenchLedger, haikuCall } from './ledger.ts';
import { inFolder, median, report } from './lib.ts';
import { SIZES, sizedLedgers, WHAT } from './sizes.ts';

const BALANCES = 4_000;
const SPENDS = 1_500;

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

await inFolder(async (folder) => {
  const { small, large } = await sizedLedgers(folder);
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
  console.log(WHAT);
  const balance = await compare(BALANCES, ({ ledger }, account) => ledger.balance(account));
  const note = ({ small: few, large: many }: typeof balance): string => `${ms(many)} over ${ms(few)}`;
  report('balance of an account', balance.large / balance.small, 2, false, note(balance));
  const spend = await compare(SPENDS, ({ ledger }, account) => ledger.spend(account, haikuCall(10)));
  report('one durable spend', spend.large / spend.small, 1.3, false, note(spend));
  await small.ledger.close();
  await large.ledger.close();
});
