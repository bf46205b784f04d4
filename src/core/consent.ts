/**
 * What the card holder agrees to when a card is saved for payments that they do not start themselves. A changed text gets a
 * new version; receipts name the version that was shown.
 *
 * Source: Stripe's page on saving cards (timing, amount and cancelling must be named).
 */

export const CONSENT = {
  version: '2026-11',
  text: 'By saving this card you allow it to be charged for purchases you ask for, and, while auto top-up is on, for unscheduled top-ups of the amount you set whenever your credits fall below your threshold, up to your monthly limit. Turn it off at any time with `credits topup disable`, or remove the card with `credits card remove`.',
} as const;
