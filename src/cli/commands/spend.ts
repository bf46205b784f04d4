/** `credits spend`: one finished call, at once. Source: contract 6. */
import { parseCredits, ZERO } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import type { SpendInput } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { negatedOption } from '../read-input.ts';
import { amountOrCall, readCall, readNoteOption, readTags, requireModel } from './read-call.ts';
import { receiptResult, writeOptions } from './receipt-result.ts';
import { topupAfterReceipt, unlessAsked } from './topup-after.ts';

export interface SpendRequest {
  readonly input: SpendInput;
  /** Look afterwards whether a top-up is due. */
  readonly topup: boolean;
}

export const spend: CommandModule<SpendRequest> = {
  parse(input) {
    const text = amountOrCall(input);
    const amount = text === null ? null : parseCredits(text);
    if (amount === ZERO) throw invalid('the amount must be more than 0');
    const call = text === null ? requireModel(readCall(input, input.model ?? '')) : null;
    return {
      input: { amount, call, tags: readTags(input), note: readNoteOption(input), at: null },
      topup: !negatedOption(input, 'topup'),
    };
  },

  async run(context, { input, topup }) {
    const ledger = await context.service();
    const view = await ledger.spend(context.account, input, {
      ...writeOptions(context),
      ...unlessAsked(topup),
    });
    return {
      ...receiptResult(context, ledger, view),
      ...topupAfterReceipt(context, ledger, view, topup),
    };
  },
};
