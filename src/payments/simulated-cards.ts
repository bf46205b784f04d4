/**
 * Test methods of the simulated provider: the names that Stripe's testing page gives its own, with the same behaviour.
 * Source: Stripe's page on testing (names, last four digits, decline codes).
 */
import type { Decline } from '../ledger/payments/provider.ts';
import { declineOf } from './declines.ts';

/** What happens when a card is charged off session. */
export type Charge =
  | { readonly is: 'paid'; readonly after?: 'dispute' | 'inquiry' | 'fraud_warning' }
  | { readonly is: 'processing' }
  | { readonly is: 'declined'; readonly decline: Decline }
  /** The bank wants the holder; `onPage`: what happens when they come. */
  | { readonly is: 'holder'; readonly onPage: 'paid' | 'declined' };

export interface TestCard {
  readonly brand: string;
  readonly last4: string;
  /** Set: a bank refuses it as soon as it is attached. */
  readonly refused: Decline | null;
  readonly charge: Charge;
}

const PAID: Charge = { is: 'paid' };

const decline = (code: string): Decline =>
  declineOf({
    code,
    declineCode: code,
    message: `Your card was declined: ${code.replaceAll('_', ' ')}.`,
  });

const card = (last4: string, charge: Charge = PAID, brand = 'visa'): TestCard => ({
  brand,
  last4,
  refused: null,
  charge,
});

const refused = (last4: string, code: string): TestCard => ({
  ...card(last4, { is: 'declined', decline: decline(code) }),
  refused: decline(code),
});

const asked = (last4: string, onPage: 'paid' | 'declined'): TestCard => card(last4, { is: 'holder', onPage });

export const TEST_CARDS: Readonly<Record<string, TestCard>> = {
  pm_card_visa: card('4242'),
  pm_card_visa_debit: card('5556'),
  pm_card_mastercard: card('4444', PAID, 'mastercard'),
  pm_card_mastercard_debit: card('8210', PAID, 'mastercard'),
  pm_card_mastercard_prepaid: card('5100', PAID, 'mastercard'),
  pm_card_amex: card('0005', PAID, 'amex'),
  pm_card_discover: card('1117', PAID, 'discover'),
  pm_card_jcb: card('0505', PAID, 'jcb'),
  pm_card_chargeCustomerFail: card('0341', { is: 'declined', decline: decline('generic_decline') }),
  pm_card_visa_chargeDeclined: refused('0002', 'generic_decline'),
  pm_card_chargeDeclined: refused('0002', 'generic_decline'),
  pm_card_visa_chargeDeclinedInsufficientFunds: refused('9995', 'insufficient_funds'),
  pm_card_chargeDeclinedInsufficientFunds: refused('9995', 'insufficient_funds'),
  pm_card_visa_chargeDeclinedLostCard: refused('9987', 'lost_card'),
  pm_card_chargeDeclinedLostCard: refused('9987', 'lost_card'),
  pm_card_visa_chargeDeclinedStolenCard: refused('9979', 'stolen_card'),
  pm_card_chargeDeclinedStolenCard: refused('9979', 'stolen_card'),
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: refused('6975', 'card_velocity_exceeded'),
  pm_card_chargeDeclinedExpiredCard: refused('0069', 'expired_card'),
  pm_card_chargeDeclinedIncorrectCvc: refused('0127', 'incorrect_cvc'),
  pm_card_chargeDeclinedProcessingError: refused('0119', 'processing_error'),
  pm_card_authenticationRequired: asked('3184', 'paid'),
  pm_card_authenticationRequiredOnSetup: asked('3155', 'paid'),
  pm_card_authenticationRequiredSetupForOffSession: card('0446'),
  pm_card_authenticationRequiredChargeDeclinedInsufficientFunds: asked('3178', 'declined'),
  pm_card_threeDSecure2Required: asked('3220', 'paid'),
  pm_card_threeDSecureRequiredChargeDeclined: asked('1629', 'declined'),
  pm_card_createDispute: card('0259', { is: 'paid', after: 'dispute' }),
  pm_card_createDisputeProductNotReceived: card('2685', { is: 'paid', after: 'dispute' }),
  pm_card_createDisputeInquiry: card('1976', { is: 'paid', after: 'inquiry' }),
  pm_card_createIssuerFraudRecord: card('5423', { is: 'paid', after: 'fraud_warning' }),
  pm_card_pendingRefund: card('7726'),
  pm_card_refundFail: card('5126'),
  pm_card_radarBlock: card('0019', { is: 'declined', decline: decline('fraudulent') }),
  pm_card_riskLevelHighest: card('4954', { is: 'declined', decline: decline('fraudulent') }),
  pm_card_riskLevelElevated: card('9235'),
  pm_fake_processing: card('9001', { is: 'processing' }),
};

const FAKE_DECLINE = /^pm_fake_decline_([a-z_]{1,40})$/;

/** A test method by its name. `pm_fake_…` is not Stripe's: it attaches, and is declined with any code that one wants. */
export function testCard(method: string): TestCard | undefined {
  if (Object.hasOwn(TEST_CARDS, method)) return TEST_CARDS[method];
  const code = FAKE_DECLINE.exec(method)?.[1];
  return code === undefined ? undefined : card('9000', { is: 'declined', decline: decline(code) });
}
