/**
 * Looks after a booking whether a top-up is due, and makes it. Runs behind the command's own answer and never changes its
 * exit code: the booking stands.
 *
 * Source: contract 5.7 (a repeated request changes nothing), 9 (when top-up fires).
 */
import { isLedgerError } from '../../core/errors.ts';
import type { LedgerService, ReceiptView, TopupRunView, WriteOptions } from '../../ledger/service.ts';
import type { Result } from '../command.ts';
import type { Context } from '../context.ts';

/**
 * What to run afterwards.
 * @param asked false: `--no-topup`
 */
export function topupAfter(
  context: Context,
  ledger: LedgerService,
  accounts: Iterable<string>,
  asked = true,
): Pick<Result, 'afterwards'> {
  // A server looks after its own bookings.
  if (!asked || context.globals.dryRun || context.globals.remote !== null) return {};
  return {
    async afterwards() {
      for (const account of accounts) {
        if (context.signal.aborted) return;
        await look(context, ledger, account);
      }
    },
  };
}

/**
 * What to run behind a receipt. A repeated request changes nothing: it buys nothing either, however low the balance is.
 * @param asked false: `--no-topup`
 */
export const topupAfterReceipt = (
  context: Context,
  ledger: LedgerService,
  { account, replayed }: Pick<ReceiptView, 'account' | 'replayed'>,
  asked = true,
): Pick<Result, 'afterwards'> => topupAfter(context, ledger, replayed ? [] : [account], asked);

/** `--no-topup` for a server, which looks by itself. */
export const unlessAsked = (topup: boolean): Pick<WriteOptions, 'topup'> => (topup ? {} : { topup });

/** A failure document is the last line of stderr: whoever reads it must not find another. */
export const lastLineIsFree = ({ globals }: Context, refused: readonly unknown[]): boolean =>
  !globals.json || refused.length === 0;

async function look(context: Context, ledger: LedgerService, account: string): Promise<void> {
  let view: TopupRunView;
  try {
    view = await ledger.runTopup(account);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    context.warn(`Auto top-up: ${error.message}`);
    return;
  }
  const { dueLine } = await import('../render/due.ts');
  for (const due of view.booked) context.notice(dueLine(due, false));
  if (view.attempts.length === 0 && view.failed.length === 0) return;
  const { attemptLine, SIMULATED } = await import('../render/payments.ts');
  for (const attempt of view.attempts) {
    if (attempt.status === 'succeeded') context.notice(attemptLine(attempt));
  }
  for (const { error } of view.failed) {
    context.warn(`Auto top-up: ${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}`);
  }
  if (view.simulated) context.notice(SIMULATED);
}
