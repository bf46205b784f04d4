/** Finds the transcript files under the paths that a user named. */
import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { invalid, type LedgerError } from '../core/errors.ts';

/** A file to read. */
export interface FoundFile {
  /** As the user would name it: a named path, or one below a named folder. */
  readonly path: string;
  readonly bytes: number;
  /** Last change, epoch ms. */
  readonly changedAt: number;
}

/**
 * Lists the files in reading order: named files whatever their name, and below named folders every `.json` and `.jsonl`.
 * A file that is reached twice is listed once; symbolic links to folders are not followed below a named one.
 * @returns sorted by path, so that ties between duplicates are decided the same way every time
 * @throws LedgerError `invalid_argument` naming a path that is missing or cannot be read
 */
export function collectFiles(paths: readonly string[]): FoundFile[] {
  const found = new Map<string, FoundFile>();
  const add = (file: string, stats: Stats): void => {
    const real = realpathSync(file);
    const known = found.get(real);
    if (known === undefined || file < known.path) {
      found.set(real, { path: file, bytes: stats.size, changedAt: stats.mtimeMs });
    }
  };
  for (const named of paths) {
    const stats = reading(named, () => statSync(named));
    if (stats.isDirectory()) walk(named, add);
    else reading(named, () => add(named, stats));
  }
  return [...found.values()].sort(
    (a, b) => compare(orderOf(a.path), orderOf(b.path)) || compare(a.path, b.path),
  );
}

/**
 * The refusal for a path that cannot be read.
 * @returns LedgerError `invalid_argument` with `{ path }`
 */
export function unreadable(file: string, error: unknown): LedgerError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return invalid(`no file or folder ${file}`, undefined, { path: file });
  return invalid(`${file} cannot be read (${code})`, undefined, { path: file });
}

function walk(folder: string, add: (file: string, stats: Stats) => void): void {
  for (const name of reading(folder, () => readdirSync(folder))) {
    const entry = path.join(folder, name);
    const isTranscript = /\.jsonl?$/i.test(name);
    try {
      const link = lstatSync(entry);
      if (link.isDirectory()) walk(entry, add);
      else if (isTranscript) {
        const stats = statSync(entry);
        if (stats.isFile()) add(entry, stats);
      }
    } catch (error) {
      // Logs are moved and deleted while their folder is read, and links may lead nowhere: nothing was promised of them.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(file, error);
  }
}

/**
 * Codex rollouts go by their own name, which begins with their time: a fork is read after what it was forked from, also
 * when one of the two was moved to the archive, and so the call keeps its key.
 */
function orderOf(file: string): string {
  const name = path.basename(file);
  return name.startsWith('rollout-') ? name : file;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
