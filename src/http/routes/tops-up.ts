/** Whether an answer may have left its account below the threshold of its top-up. Source: contract 5.7, 9. */
import type { ExpiryView, ReceiptView, RolloverView } from '../../ledger/service.ts';

/** For answers that are a receipt. */
export const isBooked = (answer: unknown): boolean => !(answer as ReceiptView).replayed;

/** For answers that carry a receipt: one under a key that was known is repeated. */
export const isRepeated = (answer: unknown): boolean =>
  (answer as { readonly receipt: ReceiptView | null }).receipt?.replayed === true;

/** For changes that may change nothing. */
export const hasBooked = (answer: unknown): boolean =>
  (answer as { readonly receipt: ReceiptView | null }).receipt !== null && !isRepeated(answer);

/** For ends of lots and holds. */
export function hasEnded(answer: unknown): boolean {
  const { lots, holds } = answer as ExpiryView;
  return !isRepeated(answer) && lots.length + holds.length > 0;
}

/** For cycles. */
export const hasChanged = (answer: unknown): boolean => (answer as RolloverView).changes.length > 0;
