/** What `restore` reads, and when it takes what it has read for a ledger. Whatever the ledger then lies on. */
import fs from 'node:fs';
import { LedgerError } from '../core/errors.ts';
import { formatInstant } from '../core/time.ts';
import type { ExportLine } from '../ledger/export/restore-lines.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Head, VerifyOptions } from '../ledger/verify-view.ts';
import { readFailure } from './read-input.ts';

const SQLITE_MAGIC = 'SQLite format 3\0';

/** @throws LedgerError `invalid_argument` (cannot be read), `ledger_unreadable` (neither backup nor export) */
export function kindOf(file: string): 'backup' | 'export' {
  let start: string;
  try {
    const fd = fs.openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(SQLITE_MAGIC.length);
      start = bytes.toString('latin1', 0, fs.readSync(fd, bytes));
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw readFailure(file, error);
  }
  if (start === SQLITE_MAGIC) return 'backup';
  if (start.startsWith('{')) return 'export';
  throw new LedgerError(
    'ledger_unreadable',
    `${file} cannot be read as a ledger: it is neither a backup nor the output of \`credits export --what ledger\``,
    { hint: 'choose another with --db, or restore a backup' },
  );
}

/** Lines of a file as they are, however long; only a line feed ends one. */
export async function* linesOf(file: string): AsyncGenerator<ExportLine> {
  let no = 0;
  let rest = '';
  for await (const block of fs.createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const parts = (rest + block).split('\n');
    rest = parts.pop()!;
    for (const text of parts) yield { no: ++no, text };
  }
  if (rest !== '') yield { no: ++no, text: rest };
}

/** @throws LedgerError `integrity_failure` when it does not add up, or is not what it was */
export async function requireSound(
  service: LedgerService,
  heads: Readonly<Record<string, Head>> | undefined,
  onProgress: VerifyOptions['onProgress'],
): Promise<void> {
  const view = await service.verify({
    ...(heads === undefined ? {} : { heads }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  if (view.ok) return;
  const failed = view.checks.filter((each) => !each.ok);
  throw new LedgerError(
    'integrity_failure',
    `the backup does not add up: ${failed.map(({ id, detail }) => `${id} (${detail[0] ?? ''})`).join(', ')}`,
    { hint: 'nothing was changed; try an older backup', details: { failed: failed.map(({ id }) => id) } },
  );
}

/** An instant as part of a name: `20260220T120000Z`. */
export const stampOf = (at: number): string => formatInstant(at).replace(/[-:]|\.\d+/g, '');
