/** The progress bar itself. Loaded only where it can be seen. */
import { SingleBar } from 'cli-progress';
import type { Progress } from './progress.ts';
import { group } from './render/amounts.ts';

/** A bar that appears with its first step. */
export function createBar(unit: string): Progress {
  const bar = new SingleBar({
    format: '{bar} {percentage}% · {label}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    fps: 10,
    stream: process.stderr,
  });
  let started = false;
  return {
    update(done, of, label = `${group(String(done))} of ${group(String(of))} ${unit}`) {
      if (!started) bar.start(of, done, { label });
      else {
        bar.setTotal(of);
        bar.update(done, { label });
      }
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}
