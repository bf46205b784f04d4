/**
 * A progress bar on stderr, for work of many steps on a terminal. Elsewhere, with `--quiet` or with `--json`, nothing is
 * drawn and the library is not loaded.
 */
import type { Context } from './context.ts';

export interface Progress {
  /** Draws, at most ten times a second. `label` stands behind the bar; `3 of 12 accounts` unless told. */
  update(done: number, of: number, label?: string): void;
  /** Removes the bar. */
  stop(): void;
}

const NONE: Progress = { update() {}, stop() {} };

/** @param unit what is counted: `lines`, `accounts` */
export async function createProgress(context: Context, unit: string): Promise<Progress> {
  const { terminal, globals } = context;
  if (!terminal.canDraw || globals.quiet || globals.json) return NONE;
  const { createBar } = await import('./progress-bar.ts');
  return createBar(unit);
}
