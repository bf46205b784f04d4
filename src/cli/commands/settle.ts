/** `credits settle` (hidden spelling `capture`): closes a hold with what was used. Source: contract 5.3, 6. */
import { parseCredits } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import type { LedgerService, SettleInput } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { negatedOption, readOption } from '../read-input.ts';
import { hasCall, hasTokens, readCall, readNoteOption, readTags } from './read-call.ts';
import { receiptResult, writeOptions } from './receipt-result.ts';
import { topupAfterReceipt, unlessAsked } from './topup-after.ts';

export interface SettleRequest {
  readonly input: SettleInput;
  /** `CREDITS_MODEL`, for a hold that was made by amount. */
  readonly standbyModel: string | null;
  readonly topup: boolean;
}

const WHAT = 'say what the call used: --credits, or --input-tokens and --output-tokens';

export const settle: CommandModule<SettleRequest> = {
  parse(input) {
    const amount = readOption(input, 'credits', parseCredits);
    if (amount !== null && hasCall(input)) {
      throw invalid('--credits and the flags of a call are two answers', WHAT);
    }
    if (amount === null && !hasTokens(input)) throw invalid(WHAT);
    const call = amount === null ? readCall(input, '') : null;
    return {
      input: { hold: input.args[0]!, amount, call, tags: readTags(input), note: readNoteOption(input) },
      standbyModel: call?.model === '' ? input.model : null,
      topup: !negatedOption(input, 'topup'),
    };
  },

  async run(context, { input, standbyModel, topup }) {
    const ledger = await context.service();
    const complete = standbyModel === null ? input : await fillModel(context, ledger, input, standbyModel);
    const view = await ledger.settle(context.account, complete, {
      ...writeOptions(context),
      ...unlessAsked(topup),
    });
    return {
      ...receiptResult(context, ledger, view),
      ...topupAfterReceipt(context, ledger, view, topup),
    };
  },
};

/** `CREDITS_MODEL` must not stand against a hold's own model: it counts for a hold that has none. */
async function fillModel(
  context: Context,
  ledger: LedgerService,
  input: SettleInput,
  model: string,
): Promise<SettleInput> {
  const holds = await ledger.holds(context.account, true);
  const isByAmount = holds.some((view) => view.hold === input.hold && view.model === null);
  return isByAmount ? { ...input, call: { ...input.call!, model } } : input;
}
