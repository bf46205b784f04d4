/** `credits release`: closes a hold with nothing used. Source: contract 6. */
import type { CommandModule } from '../command.ts';
import { readNoteOption } from './read-call.ts';
import { receiptResult, writeOptions } from './receipt-result.ts';

export interface ReleaseRequest {
  readonly hold: string;
  readonly note: string | null;
}

export const release: CommandModule<ReleaseRequest> = {
  parse: (input) => ({ hold: input.args[0]!, note: readNoteOption(input) }),

  async run(context, request) {
    const ledger = await context.service();
    return receiptResult(
      context,
      ledger,
      await ledger.release(context.account, request, writeOptions(context)),
    );
  },
};
