/** Everything about payments that talks to a provider: loaded when one of these is asked for, since few commands are. */
export { auditPayments } from './books-audit.ts';
export { addCard, finishCard, readCard, removeCard } from './cards.ts';
export { PaymentRun } from './payment-run.ts';
export { readPaidPlan, setPaidPlan } from './plan-sale.ts';
export { buy, readPurchase, readPurchases } from './purchases.ts';
export { receiveEvent, syncPayments } from './sync.ts';
export { readTopup, setTopup } from './topup-policy.ts';
export { readAttempts, runTopup } from './topup-run.ts';
