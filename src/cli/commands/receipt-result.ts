/** The answer of every command that books one receipt. */
import type { LedgerService, ReceiptView, WriteOptions } from '../../ledger/service.ts';
import type { Result } from '../command.ts';
import type { Context } from '../context.ts';
import { bookedBelow } from '../render/long-input.ts';
import { renderReceipt } from '../render/receipt.ts';
import { type Style, styleFor } from '../render/style.ts';
import { receiptJson } from '../wire-json.ts';

/** `--key` and `--dry-run` of this run. */
export const writeOptions = ({ globals }: Context): WriteOptions => ({
  key: globals.key,
  dryRun: globals.dryRun,
});

/** A receipt as `credits.receipt/v1` and as lines; says on stderr where its call was sold below a known price. */
export function receiptResult(context: Context, ledger: LedgerService, view: ReceiptView): Result {
  if (view.usage !== null) for (const line of bookedBelow(view.usage)) context.notice(line);
  return {
    schema: 'credits.receipt/v1',
    json: () => receiptJson(view),
    text: async () => renderReceipt(view, await styleOfAccount(context, ledger, view.account)),
    unchanged: view.replayed,
  };
}

/**
 * The style for an account, in its own zone. The booking stands already: if the zone cannot be read any more, UTC must do.
 */
export async function styleOfAccount(
  context: Context,
  ledger: LedgerService,
  account: string,
): Promise<Style> {
  const zone = await ledger.account(account).then(
    (view) => view.zone,
    () => 'UTC',
  );
  return styleFor(context, zone, ledger.now());
}
