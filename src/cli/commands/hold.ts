/** `credits hold`: reserves credits before a call. Source: contract 5.3, 6. */
import { parseCredits, parseTokens, ZERO } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import { assumedOutput, HOLD_TTL_MS } from '../../core/ledger/holds.ts';
import { parseDuration } from '../../core/time.ts';
import type { HoldInput, LedgerService } from '../../ledger/service.ts';
import type { CommandInput, CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { negatedOption, readOption } from '../read-input.ts';
import { group } from '../render/amounts.ts';
import { amountOrCall, readCall, readNoteOption, readTags, requireModel } from './read-call.ts';
import { receiptResult, writeOptions } from './receipt-result.ts';
import { topupAfterReceipt, unlessAsked } from './topup-after.ts';

export interface HoldRequest {
  readonly input: HoldInput;
  /** No `--max-output-tokens`: the model's maximum is to be filled in. */
  readonly assumeOutput: boolean;
  readonly topup: boolean;
}

export const hold: CommandModule<HoldRequest> = {
  parse(input) {
    const text = amountOrCall(input);
    const amount = text === null ? null : parseCredits(text);
    if (amount === ZERO) throw invalid('the amount must be more than 0');
    const call = text === null ? requireModel(readCall(input, input.model ?? '', 'maxOutputTokens')) : null;
    const estimated = readEstimate(input);
    const ttlMs = readOption(input, 'ttl', readTtl) ?? HOLD_TTL_MS.standard;
    return {
      input: { amount, call, ...estimated, tags: readTags(input), ttlMs, note: readNoteOption(input) },
      assumeOutput: call !== null && input.options.maxOutputTokens === undefined,
      topup: !negatedOption(input, 'topup'),
    };
  },

  async run(context, { input, assumeOutput, topup }) {
    const ledger = await context.service();
    const complete = assumeOutput ? await fillOutput(context, ledger, input) : input;
    const view = await ledger.hold(context.account, complete, {
      ...writeOptions(context),
      ...unlessAsked(topup),
    });
    return {
      ...receiptResult(context, ledger, view),
      ...topupAfterReceipt(context, ledger, view, topup),
    };
  },
};

function readEstimate(input: CommandInput): Pick<HoldInput, 'estimatedTokens'> {
  const estimatedTokens = readOption(input, 'estimatedTokens', parseTokens);
  if (estimatedTokens === null) return {};
  if (estimatedTokens === 0) throw invalid('--estimated-tokens must be more than 0');
  return { estimatedTokens };
}

function readTtl(text: string, what: string): number {
  const ms = parseDuration(text, what);
  if (ms < HOLD_TTL_MS.least || ms > HOLD_TTL_MS.most) {
    throw invalid(`${what} ${text}: a hold lives for 1 second to 24 hours`, 'for example --ttl 10m');
  }
  return ms;
}

/** Reserves for the model's maximum, and says so. */
async function fillOutput(context: Context, ledger: LedgerService, input: HoldInput): Promise<HoldInput> {
  const call = input.call!;
  const outputTokens = assumedOutput(await ledger.catalogue(), call.model);
  context.notice(
    `reserving for ${group(String(outputTokens))} output tokens; --max-output-tokens says otherwise`,
  );
  return { ...input, call: { ...call, outputTokens } };
}
