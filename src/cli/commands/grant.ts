/** `credits grant`: adds a lot. Source: contract 4 (sources), 6. */
import { parseCredits, ZERO } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import { DEFAULT_PRIORITY, SOURCES } from '../../core/sources.ts';
import { parseDuration, parseInstant } from '../../core/time.ts';
import type { Source } from '../../core/types.ts';
import type { GrantInput } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { choiceOption, readOption } from '../read-input.ts';
import { readNoteOption } from './read-call.ts';
import { receiptResult, writeOptions } from './receipt-result.ts';
import { topupAfterReceipt } from './topup-after.ts';

export interface GrantRequest {
  readonly input: GrantInput;
}

const WORDS = Object.keys(SOURCES) as Source[];

export const grant: CommandModule<GrantRequest> = {
  parse(input) {
    const amount = parseCredits(input.args[0]!);
    if (amount === ZERO) throw invalid('the amount must be more than 0');
    const source = choiceOption(input, 'source', WORDS);
    if (source === null) {
      throw invalid('where do the credits come from? Name it with --source', `one of ${WORDS.join(', ')}`);
    }
    const expires = readOption(input, 'expires', readExpiry);
    if (source === 'purchased' && expires !== null && expires !== 'never') {
      throw invalid('purchased credits never expire', 'leave --expires out');
    }
    const priority = readOption(input, 'priority', readPriority) ?? DEFAULT_PRIORITY;
    return { input: { source, amount, expires, priority, note: readNoteOption(input) } };
  },

  async run(context, { input }) {
    const ledger = await context.service();
    const view = await ledger.grant(context.account, input, writeOptions(context));
    return { ...receiptResult(context, ledger, view), ...topupAfterReceipt(context, ledger, view) };
  },
};

/** `never`, a span after the grant, or an instant. */
function readExpiry(text: string, what: string): NonNullable<GrantInput['expires']> {
  if (text === 'never') return 'never';
  if (/^\d+[a-z]$/.test(text)) return { afterMs: parseDuration(text, what), text };
  return { at: parseInstant(text, what) };
}

function readPriority(text: string, what: string): number {
  if (!/^\d{1,4}$/.test(text)) throw invalid(`${what} ${JSON.stringify(text)} is no number from 0 to 9999`);
  return Number(text);
}
