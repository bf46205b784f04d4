/** Writes a page to a file. What is there and is no page stays: a wrong name must not cost a ledger. */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { invalid } from '../core/errors.ts';
import { writeFailure } from './write-failure.ts';

const PAGE = '<!doctype html>';

/**
 * @param page a whole document
 * @throws LedgerError `invalid_argument` where nothing can be written, or something else than a page is
 */
export function writePage(file: string, page: string): void {
  try {
    const head = headOf(file);
    if (head !== '' && head.toLowerCase() !== PAGE) {
      throw invalid(`${file} is there and is no HTML page`, 'choose another name, or remove it first');
    }
    writeFileSync(file, page);
  } catch (error) {
    throw writeFailure(file, error);
  }
}

/** The first characters of a file; empty when there is none. */
function headOf(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
  try {
    const head = Buffer.alloc(PAGE.length);
    return head.toString('latin1', 0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}
