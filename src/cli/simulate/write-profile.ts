/** Writes a profile where other programs may read it, whole or not at all. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { invalid } from '../../core/errors.ts';
import { writeFailure } from '../write-failure.ts';

/**
 * Writes the document beside the file and renames it over it. What is there and is no profile stays: a wrong name must not
 * cost a ledger.
 * @param tag makes the name of the file beside it unique
 * @throws LedgerError `invalid_argument` where nothing can be written, or something else than a profile is
 */
export function writeProfile(file: string, document: object, tag: string): void {
  const part = path.join(path.dirname(file), `.${path.basename(file)}.${tag}.part`);
  try {
    refuseOthers(file);
    const descriptor = openSync(part, 'wx', 0o644);
    try {
      // The mask of the user must not make a shared file private.
      fchmodSync(descriptor, 0o644);
      writeSync(descriptor, `${JSON.stringify(document, null, 2)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw writeFailure(file, error);
  }
}

function refuseOthers(file: string): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (text.trim() !== '' && !text.includes('credits.profile/v1')) {
    throw invalid(`${file} is there and is no profile`, 'choose another name, or remove it first');
  }
}
