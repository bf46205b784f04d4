/** Why a file that a user named cannot be written, in a sentence. */
import { invalid } from '../core/errors.ts';

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EROFS: 'it may not be written',
};

/** The refusal for what a write threw; anything that is not about the name stays as it is. */
export function writeFailure(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && code in WHY ? invalid(`cannot write ${file}: ${WHY[code]}`) : error;
}
