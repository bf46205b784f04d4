/** `credits import`: many spends from JSON Lines. Source: contract 2 (exit 8), 6. */
import { toJsonCredits } from '../../core/credits.ts';
import { invalid, LedgerError } from '../../core/errors.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { bookLines, type Tally } from '../import/book.ts';
import { type ImportInput, openFile, openStream } from '../import/input.ts';
import { createProgress } from '../progress.ts';
import { readFailure } from '../read-input.ts';
import { count, credits, group } from '../render/amounts.ts';
import { manyBelow } from '../render/long-input.ts';
import { printable } from '../render/width.ts';
import { lastLineIsFree, topupAfter } from './topup-after.ts';

export interface ImportRequest {
  /** `-`: standard input. */
  readonly file: string;
}

/** Refused lines shown at most; JSON has all of them. */
const MOST_SHOWN = 20;

export const importSpends: CommandModule<ImportRequest> = {
  parse(input) {
    const file = input.args[0]!;
    if (file === '') throw invalid('import needs the name of a file, or - for standard input');
    return { file };
  },

  async run(context, { file }) {
    const input = await open(context, file);
    try {
      const ledger = await context.service();
      const progress = await createProgress(context, 'lines');
      try {
        const tally = await bookLines(context, ledger, input, progress);
        for (const line of manyBelow(tally.longBelow)) context.notice(line);
        return {
          ...answer(tally, context.globals.dryRun),
          ...topupAfter(context, ledger, tally.accounts, lastLineIsFree(context, tally.refused)),
        };
      } finally {
        progress.stop();
      }
    } finally {
      input.close();
    }
  },
};

async function open(context: Context, file: string): Promise<ImportInput> {
  if (file === '-') return openStream(context.stdin());
  try {
    const input = openFile(file);
    if (input !== undefined) return input;
    const { createReadStream } = await import('node:fs');
    return await openStream(createReadStream(file, { signal: context.signal }));
  } catch (error) {
    throw readFailure(file, error);
  }
}

function answer(tally: Tally, dryRun: boolean) {
  const { read, booked, replayed, refused } = tally;
  return {
    schema: 'credits.import/v1',
    json: () => ({ read, booked, replayed, credits: toJsonCredits(tally.credits), refused, dryRun }),
    text: () => renderTally(tally, dryRun),
    unchanged: booked === 0 && refused.length === 0,
    failure: refused.length === 0 ? undefined : partly(tally, dryRun),
  };
}

function partly({ read, refused }: Tally, dryRun: boolean): LedgerError {
  const isLate = refused.some(({ code }) => code === 'unpriced_model');
  const earlier = isLate ? '; `credits models set … --from T` gives a model a price for earlier calls' : '';
  return new LedgerError(
    'partly_refused',
    `${group(String(refused.length))} of ${count(read, 'line')} refused`,
    {
      hint: `${
        dryRun
          ? 'this was a dry run: nothing was booked'
          : 'the others are booked; put the refused ones right and import them again'
      }${earlier}`,
      details: { refused: refused.length, read },
    },
  );
}

function renderTally(tally: Tally, dryRun: boolean): string {
  const { read, booked, replayed, refused } = tally;
  const parts = [
    `${group(String(booked))} ${dryRun ? 'would be booked' : 'booked'} (${credits(tally.credits)})`,
    ...(replayed > 0 ? [`${group(String(replayed))} booked before`] : []),
    ...(refused.length > 0 ? [`${group(String(refused.length))} refused`] : []),
  ];
  const shown = refused.slice(0, MOST_SHOWN);
  const more = refused.length - shown.length;
  return [
    ...shown.map(({ line, code, message }) => `line ${line}: ${code}: ${printable(message)}`),
    ...(more > 0 ? [`… and ${group(String(more))} more: --json lists all`] : []),
    `${count(read, 'line')} read: ${parts.join(', ')}.`,
    ...(dryRun ? ['Dry run: nothing was booked.'] : []),
  ].join('\n');
}
