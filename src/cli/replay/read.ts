/** Reads transcripts with a progress bar: what `replay` and `simulate calibrate` share. */
import type { Format, Transcripts } from '../../transcripts/call.ts';
import { readTranscripts } from '../../transcripts/read-transcripts.ts';
import type { Context } from '../context.ts';
import { createProgress } from '../progress.ts';
import { group } from '../render/amounts.ts';

const megabytes = (bytes: number): string => group(String(Math.round(bytes / 1e5) / 10));

/**
 * Reads files and folders.
 * @param format null: each file is recognised by itself
 * @throws LedgerError `invalid_argument` naming a path that is missing or cannot be read
 */
export async function readPaths(
  context: Context,
  paths: readonly string[],
  format: Format | null,
): Promise<Transcripts> {
  const progress = await createProgress(context, 'bytes');
  try {
    return readTranscripts(paths, {
      ...(format === null ? {} : { format }),
      now: context.now(),
      onProgress: (done, of) => progress.update(done, of, `${megabytes(done)} of ${megabytes(of)} MB`),
    });
  } finally {
    progress.stop();
  }
}
