/**
 * What each magic test payment method does. Names that begin with `pm_fake_` are ours, for outcomes that no magic
 * method of the service gives.
 */

/** Why a card is declined. */
export interface Decline {
  code: string;
  declineCode?: string;
  adviceCode?: string;
}

/** What follows some time after a charge that succeeded; `later()` of the fake lets it happen. */
export type Sequel = 'dispute' | 'inquiry' | 'not_received' | 'fraud_warning';

/** What becomes of a charge. */
export type Outcome =
  | { kind: 'succeeds'; sequel?: Sequel; refund?: 'pending' | 'fails' }
  | { kind: 'declined'; decline: Decline }
  | { kind: 'processing'; verdict: 'succeeds' | Decline };

/** One magic method. */
export interface MagicCard {
  brand: string;
  last4: string;
  funding: 'credit' | 'debit' | 'prepaid';
  /** Attaching it to a customer fails already. */
  attach?: Decline;
  /** When the bank asks for the holder: always, or unless it was set up for payments without the holder. */
  authentication?: 'always' | 'unless_set_up' | 'never_off_session';
  /** What becomes of a charge, once any authentication is done. */
  charge: Outcome;
}

const visa = (last4: string, more: Partial<MagicCard> = {}): MagicCard => ({
  brand: 'visa',
  last4,
  funding: 'credit',
  charge: { kind: 'succeeds' },
  ...more,
});

const declined = (last4: string, decline: Decline): MagicCard =>
  visa(last4, { attach: decline, charge: { kind: 'declined', decline } });

const card = (decline: string): Decline => ({ code: 'card_declined', declineCode: decline });

const GENERIC = declined('0002', card('generic_decline'));
const NO_FUNDS = declined('9995', card('insufficient_funds'));
const LOST = declined('9987', card('lost_card'));
const STOLEN = declined('9979', card('stolen_card'));

const MAGIC: Readonly<Record<string, MagicCard>> = {
  pm_card_visa: visa('4242'),
  pm_card_visa_debit: visa('5556', { funding: 'debit' }),
  pm_card_mastercard: visa('4444', { brand: 'mastercard' }),
  pm_card_mastercard_debit: visa('8210', { brand: 'mastercard', funding: 'debit' }),
  pm_card_mastercard_prepaid: visa('5100', { brand: 'mastercard', funding: 'prepaid' }),
  pm_card_amex: visa('0005', { brand: 'amex' }),
  pm_card_discover: visa('1117', { brand: 'discover' }),
  pm_card_jcb: visa('0505', { brand: 'jcb' }),
  pm_card_chargeCustomerFail: visa('0341', {
    charge: { kind: 'declined', decline: card('generic_decline') },
  }),
  pm_card_visa_chargeDeclined: GENERIC,
  pm_card_chargeDeclined: GENERIC,
  pm_card_visa_chargeDeclinedInsufficientFunds: NO_FUNDS,
  pm_card_chargeDeclinedInsufficientFunds: NO_FUNDS,
  pm_card_visa_chargeDeclinedLostCard: LOST,
  pm_card_chargeDeclinedLostCard: LOST,
  pm_card_visa_chargeDeclinedStolenCard: STOLEN,
  pm_card_chargeDeclinedStolenCard: STOLEN,
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: declined('6975', card('card_velocity_exceeded')),
  pm_card_chargeDeclinedExpiredCard: declined('0069', { code: 'expired_card' }),
  pm_card_chargeDeclinedIncorrectCvc: declined('0127', { code: 'incorrect_cvc' }),
  pm_card_chargeDeclinedProcessingError: declined('0119', { code: 'processing_error' }),
  pm_card_authenticationRequired: visa('3184', { authentication: 'always' }),
  pm_card_authenticationRequiredOnSetup: visa('3155', { authentication: 'unless_set_up' }),
  pm_card_authenticationRequiredSetupForOffSession: visa('0446', { authentication: 'never_off_session' }),
  pm_card_authenticationRequiredChargeDeclinedInsufficientFunds: visa('3178', {
    authentication: 'always',
    charge: { kind: 'declined', decline: card('insufficient_funds') },
  }),
  pm_card_threeDSecure2Required: visa('3220', { authentication: 'always' }),
  pm_card_threeDSecureRequiredChargeDeclined: visa('1629', {
    authentication: 'always',
    charge: { kind: 'declined', decline: card('generic_decline') },
  }),
  pm_card_createDispute: visa('0259', { charge: { kind: 'succeeds', sequel: 'dispute' } }),
  pm_card_createDisputeProductNotReceived: visa('2685', {
    charge: { kind: 'succeeds', sequel: 'not_received' },
  }),
  pm_card_createDisputeInquiry: visa('1976', { charge: { kind: 'succeeds', sequel: 'inquiry' } }),
  pm_card_createIssuerFraudRecord: visa('5423', { charge: { kind: 'succeeds', sequel: 'fraud_warning' } }),
  pm_card_pendingRefund: visa('7726', { charge: { kind: 'succeeds', refund: 'pending' } }),
  pm_card_refundFail: visa('5126', { charge: { kind: 'succeeds', refund: 'fails' } }),
  pm_card_radarBlock: visa('0019', { charge: { kind: 'declined', decline: card('fraudulent') } }),
  pm_card_riskLevelHighest: visa('4954', { charge: { kind: 'declined', decline: card('fraudulent') } }),
  pm_card_riskLevelElevated: visa('9235'),
  pm_fake_processing: visa('9001', { charge: { kind: 'processing', verdict: 'succeeds' } }),
  pm_fake_processing_fails: visa('9002', {
    charge: { kind: 'processing', verdict: card('generic_decline') },
  }),
};

const ADVICE = /^pm_fake_advice_(\w+)$/;
const DECLINE = /^pm_fake_decline_(\w+)$/;
/** Declines that the service puts into `code`, with no decline code beside it. */
const OWN_CODES: ReadonlySet<string> = new Set(['expired_card', 'incorrect_cvc', 'processing_error']);

/** The magic method of a name, or undefined. `pm_fake_decline_<code>` attaches, then every charge fails so. */
export function magicCard(name: string): MagicCard | undefined {
  const own = Object.hasOwn(MAGIC, name) ? MAGIC[name] : undefined;
  if (own !== undefined) return own;
  const advice = ADVICE.exec(name)?.[1];
  if (advice !== undefined) {
    const decline = { ...card('generic_decline'), adviceCode: advice };
    return visa('9003', { charge: { kind: 'declined', decline } });
  }
  const code = DECLINE.exec(name)?.[1];
  if (code === undefined) return undefined;
  return visa('9004', { charge: { kind: 'declined', decline: OWN_CODES.has(code) ? { code } : card(code) } });
}
