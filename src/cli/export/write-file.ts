/**
 * Writes an export to a file (0600): under its name only when it is whole and on the disk. A ledger is never replaced:
 * a wrong name must not cost one.
 */
import fs from 'node:fs';
import path from 'node:path';
import { invalid } from '../../core/errors.ts';

const SQLITE_MAGIC = 'SQLite format 3\0';

/** @throws LedgerError `invalid_argument` */
function refuseTarget(file: string): void {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    if (fs.statSync(path.dirname(file), { throwIfNoEntry: false })?.isDirectory() === true) return;
    throw invalid(`${path.dirname(file)} is no folder`, 'make it first, or choose another name');
  }
  if (!stats.isFile()) throw invalid(`${file} is no file`, 'without -o it goes to stdout');
  const fd = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(SQLITE_MAGIC.length);
    if (head.toString('latin1', 0, fs.readSync(fd, head)) !== SQLITE_MAGIC) return;
  } finally {
    fs.closeSync(fd);
  }
  throw invalid(`${file} is a database`, 'an export never replaces one: choose another name');
}

/**
 * @returns how many bytes it has
 * @throws LedgerError `invalid_argument`; what the text throws passes through, and nothing is left behind then
 */
export async function writeExport(
  file: string,
  text: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<number> {
  refuseTarget(file);
  const part = `${file}.part-${process.pid}`;
  fs.rmSync(part, { force: true });
  let fd: number;
  try {
    fd = fs.openSync(part, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (/^(EACCES|EPERM|EROFS)$/.test(code ?? '')) throw invalid(`${file} may not be written`);
    throw error;
  }
  let bytes = 0;
  try {
    try {
      for await (const each of text) {
        signal.throwIfAborted();
        fs.writeFileSync(fd, each);
        bytes += Buffer.byteLength(each);
      }
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(part, file);
    return bytes;
  } finally {
    fs.rmSync(part, { force: true });
  }
}
