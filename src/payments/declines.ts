/**
 * What a bank's no means for the next attempt: one row per code that is not soft. Codes are Stripe's; a code that nobody
 * here knows is soft, since it then takes three of them to switch anything off.
 *
 * Source: contract 9 (failures); Stripe's lists of decline codes and advice codes.
 */
import type { Decline, DeclineKind } from '../ledger/payments/provider.ts';

/** Codes after which the same card must not be tried again, or only with its holder. */
const KINDS: Readonly<Record<string, DeclineKind>> = {
  authentication_required: 'holder',
  expired_card: 'hard',
  lost_card: 'hard',
  stolen_card: 'hard',
  pickup_card: 'hard',
  restricted_card: 'hard',
  fraudulent: 'hard',
  merchant_blacklist: 'hard',
  security_violation: 'hard',
  invalid_account: 'hard',
  new_account_information_available: 'hard',
  card_not_supported: 'hard',
  currency_not_supported: 'hard',
  service_not_allowed: 'hard',
  transaction_not_allowed: 'hard',
  revocation_of_authorization: 'hard',
  revocation_of_all_authorizations: 'hard',
  stop_payment_order: 'hard',
  incorrect_number: 'hard',
  invalid_number: 'hard',
  incorrect_cvc: 'hard',
  invalid_cvc: 'hard',
  invalid_expiry_month: 'hard',
  invalid_expiry_year: 'hard',
  testmode_decline: 'hard',
  live_mode_test_card: 'hard',
};

/** What the card networks advise; `try_again_later` says nothing that the code does not. */
const ADVICE: Readonly<Record<string, DeclineKind>> = {
  do_not_try_again: 'hard',
  confirm_card_data: 'hard',
};

/** A decline in the provider's own fields. `expired_card` and its like come in `code`, with no decline code. */
export interface DeclineCodes {
  readonly code?: string | undefined;
  readonly declineCode?: string | undefined;
  readonly adviceCode?: string | undefined;
  readonly message?: string | undefined;
}

/** Reads a decline by both codes and the advice; the sternest counts, the holder before all. */
export function declineOf({ code, declineCode, adviceCode, message }: DeclineCodes): Decline {
  const kinds = [kindOf(KINDS, code), kindOf(KINDS, declineCode), kindOf(ADVICE, adviceCode)];
  const kind = kinds.includes('holder') ? 'holder' : kinds.includes('hard') ? 'hard' : 'soft';
  return {
    kind,
    code: declineCode ?? code ?? 'card_declined',
    message: message ?? 'the card was declined',
  };
}

const kindOf = (
  table: Readonly<Record<string, DeclineKind>>,
  code: string | undefined,
): DeclineKind | undefined => (code !== undefined && Object.hasOwn(table, code) ? table[code] : undefined);
