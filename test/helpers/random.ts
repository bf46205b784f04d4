/** Chance that a test can repeat: mulberry32, from a seed that is printed. */

export interface Chance {
  /** 0 ≤ value < 1 */
  next(): number;
  /** 0 ≤ value < below */
  whole(below: number): number;
  /** True once in so many. */
  oneIn(times: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(next() * below);
  return {
    next,
    whole,
    oneIn: (times) => whole(times) === 0,
    pick: (choices) => choices[whole(choices.length)]!,
  };
}
