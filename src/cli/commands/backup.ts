/** `credits backup` and `credits restore`: a ledger as a file. Source: contract 6. */
import { accessSync, constants } from 'node:fs';
import { LedgerError } from '../../core/errors.ts';
import { formatInstant } from '../../core/time.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { createProgress } from '../progress.ts';
import { readFailure } from '../read-input.ts';
import { count } from '../render/amounts.ts';
import type { LedgerFileFacts, LedgerFiles, OccupantView, PreparedRestore } from '../wire-types.ts';

export interface FileRequest {
  readonly file: string;
}

const parse: CommandModule<FileRequest>['parse'] = ({ args }) => ({ file: args[0]! });

const facts = ({ mode, accounts, entries, lastAt }: LedgerFileFacts) => ({
  mode,
  accounts,
  entries,
  lastAt: formatInstant(lastAt),
});

const factsText = ({ mode, accounts, entries, lastAt }: LedgerFileFacts): string =>
  `${mode}, ${count(accounts, 'account')}, ${count(entries, 'entry', 'entries')}, last written ${formatInstant(lastAt)}`;

export const backup: CommandModule<FileRequest> = {
  parse,

  async run(context, { file }) {
    const view = (await context.files()).backup(file);
    return {
      schema: 'credits.backup/v1',
      json: () => ({ file: view.file, bytes: view.bytes, ...facts(view) }),
      text: () => `Backed up to ${view.file} (${factsText(view)}, ${count(view.bytes, 'byte')}).`,
    };
  },
};

export const restore: CommandModule<FileRequest> = {
  parse,

  async run(context, { file }) {
    requireThere(file);
    const files = await context.files();
    const occupant = await files.occupant();
    const { globals, terminal } = context;
    const isTaken = occupant.is === 'ledger' || occupant.is === 'damaged';
    // Nobody should wait for the checks to learn that nothing may be replaced.
    if (isTaken && !globals.dryRun && !globals.yes && !terminal.canAsk) {
      await context.confirm(question(files, occupant, null));
    }
    const prepared = await prepare(context, files, file);
    try {
      if (!globals.dryRun && isTaken) await context.confirm(question(files, occupant, prepared.view));
      const kept = globals.dryRun ? null : await prepared.commit();
      return result(context, { file, ledger: files.ledger, view: prepared.view, kept, isTaken });
    } finally {
      await prepared.discard();
    }
  },
};

/** Nobody should be asked what to replace by a file that cannot be read. @throws LedgerError `invalid_argument` */
function requireThere(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw readFailure(file, error);
  }
}

async function prepare(context: Context, files: LedgerFiles, file: string): Promise<PreparedRestore> {
  const progress = await createProgress(context, 'accounts');
  try {
    const onProgress = (done: number, of: number): void => progress.update(done, of);
    return await files.prepareRestore(file, { onProgress, signal: context.signal });
  } catch (error) {
    if (context.signal.aborted) throw new LedgerError('cancelled', 'interrupted; nothing was changed');
    throw error;
  } finally {
    progress.stop();
  }
}

function question({ ledger }: LedgerFiles, occupant: OccupantView, view: LedgerFileFacts | null): string {
  const there = occupant.is === 'ledger' ? factsText(occupant) : 'it cannot be read as a ledger';
  const by = view === null ? 'the backup' : `the backup (${factsText(view)})`;
  return `replace ${ledger} (${there}) by ${by}? What is there is kept beside it`;
}

interface Restored {
  readonly file: string;
  readonly ledger: string;
  readonly view: PreparedRestore['view'];
  readonly kept: string | null;
  readonly isTaken: boolean;
}

function result({ globals: { dryRun } }: Context, { file, ledger, view, kept, isTaken }: Restored) {
  return {
    schema: 'credits.backup/v1',
    json: () => ({ file, ledger, from: view.kind, bytes: view.bytes, ...facts(view), kept, dryRun }),
    text() {
      if (dryRun) {
        const what = isTaken ? `would replace ${ledger}` : `would make ${ledger}`;
        return `Dry run: ${file} adds up (${factsText(view)}) and ${what}.\nNothing was changed.`;
      }
      const lines = [`Restored ${ledger} from ${file} (${factsText(view)}). Everything adds up.`];
      if (kept !== null) lines.push(`What was there is kept as ${kept}.`);
      return lines.join('\n');
    },
  };
}
