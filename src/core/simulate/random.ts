/**
 * Random words that depend on (seed, run, slot) alone: there is no state to advance, so results cannot depend on how runs
 * are cut into chunks, a cap cannot shift a later draw, and every model is priced on the same draws. For simulation only:
 * nothing here is secret or unpredictable.
 */
import { invalid } from '../errors.ts';

const GOLDEN = 0x9e3779b9;

/** A bijection of 32-bit words. Source: "triple32", C. Wellons, hash-prospector (bias 0.0000199). */
function mix(word: number): number {
  let x = word ^ (word >>> 17);
  x = Math.imul(x, 0xed5ad4bb);
  x = Math.imul(x ^ (x >>> 11), 0xac4c1b51);
  x = Math.imul(x ^ (x >>> 15), 0x31848bab);
  return x ^ (x >>> 14);
}

/** The two halves of a run's 64-bit key, as 32-bit integers of any sign. */
export interface RunKey {
  readonly first: number;
  readonly second: number;
}

/**
 * The keys of consecutive runs under one seed. Two runs of one seed never share a key.
 * @param seed whole number from 0 to 2^53 − 1
 * @throws LedgerError `invalid_argument` for any other seed
 */
export function runKeys(seed: number): (run: number) => RunKey {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw invalid(`seed ${seed} is no seed`, 'write a whole number from 0 to 9007199254740991');
  }
  const low = mix((seed % 0x1_0000_0000) ^ GOLDEN);
  const base = mix(Math.floor(seed / 0x1_0000_0000) ^ low);
  const other = mix(base ^ 0x85ebca6b);
  return (run) => ({
    first: mix((base + Math.imul(run, GOLDEN)) | 0),
    second: mix((other + Math.imul(run, 0xc2b2ae35)) | 0),
  });
}

/**
 * The random word of one slot of a run: 32 uniform bits as a signed integer. Slots of one run are a Weyl sequence through
 * a keyed mixer of three multiplications.
 */
export function word(first: number, second: number, slot: number): number {
  let x = (first + Math.imul(slot, GOLDEN)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15) ^ second, 0x735a2d97);
  x = Math.imul(x ^ (x >>> 15), 0x31848bab);
  return x ^ (x >>> 16);
}

/** What each slot of a run is for; round numbers start at 1. */
export const SLOT = {
  rounds: 0,
  firstInput: 1,
  output: (round: number) => 2 * round,
  tool: (round: number) => 2 * round + 1,
} as const;

/**
 * A shuffled copy, for splits of a sample (Fisher-Yates).
 * @param key the key whose slots 0, 1, 2, … are used up
 */
export function shuffled<T>(items: readonly T[], key: RunKey): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const pick = Math.floor(((word(key.first, key.second, last) >>> 0) / 0x1_0000_0000) * (last + 1));
    [copy[last], copy[pick]] = [copy[pick]!, copy[last]!];
  }
  return copy;
}
