/** A file system of its own with little space, for tests of a full disk. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { newFolder } from './processes.ts';

export interface SmallDisk {
  readonly folder: string;
  /** Fills it but for some bytes, and gives a way to set free what was taken. */
  fill(leave: number): { free(): void };
  /** Takes it away with all that is on it. */
  remove(): void;
}

/** @param size as `mount` reads it. @returns undefined where this user may not mount one, which is printed */
export function smallDisk(size: string): SmallDisk | undefined {
  const folder = newFolder();
  try {
    const options = `size=${size},mode=700`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    fs.rmdirSync(folder);
    console.info('skipped: a real full disk (mounting a small file system needs root)');
    return undefined;
  }
  return {
    folder,
    fill(leave) {
      const file = path.join(fs.mkdtempSync(path.join(folder, 'filler-')), 'filler');
      const { bavail, bsize } = fs.statfsSync(folder);
      fs.writeFileSync(file, Buffer.alloc(Math.max(bavail * bsize - leave, 0)));
      return { free: () => fs.rmSync(path.dirname(file), { recursive: true }) };
    },
    remove() {
      execFileSync('umount', [folder]);
      fs.rmdirSync(folder);
    },
  };
}
