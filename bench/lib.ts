/** What the benchmarks share: a folder, a clock for CPU and wall time, medians, and one way to print a row. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Runs work in a new folder and removes it afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-bench-'));
  try {
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Wall and CPU seconds of a piece of work. */
export async function timed(work: () => unknown): Promise<{ wall: number; cpu: number }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const used = process.cpuUsage(cpu);
  return { wall: (performance.now() - start) / 1_000, cpu: (used.user + used.system) / 1e6 };
}

/** Prints a measured ratio beside its bar. `atLeast`: the ratio must reach it; else it must stay below. */
export function report(name: string, ratio: number, bar: number, atLeast: boolean, more: string): void {
  const met = atLeast ? ratio >= bar : ratio <= bar;
  const sign = atLeast ? '≥' : '≤';
  console.log(`${met ? 'ok  ' : 'MISS'} ${name}: ${ratio.toFixed(2)} × (bar ${sign} ${bar})   ${more}`);
}
