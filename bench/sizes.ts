/**
 * A small and a large ledger, for the benchmarks that compare them.
 *
 *   (nothing set)             60,000 entries of 1,000 accounts; 600,000 of 100,000
 *   BENCH_SCALE=full          1,000,000 entries of 1,000 accounts; 10,000,000 of 1,000,000: the sizes of the bars
 *   BENCH_LEDGERS=FOLDER      ledgers of those sizes that `bench/generate.ts` made before: FOLDER/small, FOLDER/large
 */
import fs from 'node:fs';
import path from 'node:path';
import { grow, type Size } from './generate.ts';
import { type BenchLedger, reopen, START } from './ledger.ts';

const made = process.env.BENCH_LEDGERS;
const isFull = made !== undefined || process.env.BENCH_SCALE === 'full';

export const SIZES: { readonly small: Size; readonly large: Size } = isFull
  ? { small: { accounts: 1_000, entries: 1_000_000 }, large: { accounts: 1_000_000, entries: 10_000_000 } }
  : { small: { accounts: 1_000, entries: 60_000 }, large: { accounts: 100_000, entries: 600_000 } };

const text = ({ accounts, entries }: Size): string =>
  `${accounts.toLocaleString('en')} accounts, ${entries.toLocaleString('en')} entries`;

/** Which is compared to which. */
export const WHAT = `${text(SIZES.large)} over ${text(SIZES.small)}`;

/** After the last call of any of them. */
const LATER = START + 86_400_000;

/** @param folder a scratch folder: what was made before is copied into it, so that it can be used again */
export async function sizedLedgers(folder: string): Promise<{ small: BenchLedger; large: BenchLedger }> {
  const one = async (name: 'small' | 'large'): Promise<BenchLedger> => {
    const own = path.join(folder, name);
    if (made === undefined) return grow(own, SIZES[name]);
    fs.mkdirSync(own);
    const file = path.join(own, 'ledger.db');
    fs.copyFileSync(path.join(made, name, 'ledger.db'), file);
    return reopen(file, LATER);
  };
  return { small: await one('small'), large: await one('large') };
}
