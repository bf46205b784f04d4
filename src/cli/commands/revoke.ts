/** `credits revoke`: takes back what is left of a lot. Source: contract 6. */
import type { CommandModule } from '../command.ts';
import { readNoteOption } from './read-call.ts';
import { receiptResult, writeOptions } from './receipt-result.ts';
import { topupAfterReceipt } from './topup-after.ts';

export interface RevokeRequest {
  readonly lot: string;
  readonly note: string | null;
}

export const revoke: CommandModule<RevokeRequest> = {
  parse: (input) => ({ lot: input.args[0]!, note: readNoteOption(input) }),

  async run(context, request) {
    const ledger = await context.service();
    const view = await ledger.revoke(context.account, request, writeOptions(context));
    return { ...receiptResult(context, ledger, view), ...topupAfterReceipt(context, ledger, view) };
  },
};
