/** What the recording ledger answers about money. */
import type { Microcredits } from '../../src/core/credits.ts';
import type {
  AttemptView,
  AuditView,
  CardView,
  PurchaseView,
  ReceiptView,
  SyncView,
  TopupRunView,
  TopupView,
} from '../../src/ledger/service.ts';

const c = (credits: number): Microcredits => (credits * 1_000_000) as Microcredits;

export const CARD = { paymentMethod: 'pm_1', brand: 'visa', last4: '4242', expMonth: 12, expYear: 2029 };

export function moneyAnswers(at: number, receipt: ReceiptView) {
  const setting: ReceiptView = { ...receipt, kind: 'setting' };
  const packages = [{ id: '500', from: 0, credits: c(500), priceCents: 500, retired: false }];
  const topup: TopupView = {
    account: 'default',
    zone: 'UTC',
    enabled: false,
    threshold: c(100),
    amount: c(500),
    priceCents: 500,
    monthlyLimitCents: 5_000,
    usedThisMonthCents: 0,
    currency: 'usd',
    state: 'off',
    reason: null,
    coolUntil: null,
    paymentMethod: CARD,
    available: c(1_037.5),
    receipt: null,
  };
  const attempt: AttemptView = {
    attempt: 'pay_k3x9_4',
    account: 'default',
    kind: 'auto',
    at,
    status: 'succeeded',
    credits: c(500),
    amountCents: 500,
    currency: 'usd',
    mix: '1×500',
    reason: null,
    clawed: c(0),
    lot: 'lot_k3x9_9',
    provider: 'stripe',
  };
  const { attempt: purchase, provider: _, ...facts } = attempt;
  const bought: PurchaseView = {
    purchase,
    ...facts,
    kind: 'manual',
    receipt: 'rcp_k3x9_9',
    payUrl: null,
    available: c(1_537.5),
    simulated: false,
    replayed: false,
    dryRun: false,
  };
  const card: CardView = {
    account: 'default',
    status: 'saved',
    card: CARD,
    provider: 'stripe',
    refused: false,
    consent: { version: '2026-11', at },
    setupUrl: null,
    resumed: false,
    simulated: false,
    receipt: null,
  };
  const run: TopupRunView = {
    accounts: 1,
    attempts: [],
    failed: [],
    booked: [],
    simulated: false,
    state: 'off',
    dryRun: false,
  };
  const sync: SyncView = {
    provider: 'stripe',
    attempts: [],
    events: { read: 0, applied: 0 },
    granted: c(0),
    clawed: c(0),
    reinstated: c(0),
    closed: [],
    failed: [],
    dryRun: false,
  };
  const audit: AuditView = {
    ok: true,
    provider: 'stripe',
    payments: 1,
    paidCents: 500,
    returnedCents: 0,
    differences: [],
  };
  const changed = { receipt: setting, catalogue: { packagesAt: () => packages } };
  return {
    packages: async () => packages,
    setPackage: async () => changed,
    retirePackage: async () => changed,
    topup: async () => topup,
    setTopup: async () => ({ ...topup, receipt: setting }),
    runTopup: async () => run,
    topupHistory: async () => [attempt],
    card: async () => card,
    addCard: async () => ({ ...card, receipt: setting }),
    removeCard: async () => ({ ...card, status: 'none', card: null, receipt: setting }),
    buy: async () => bought,
    purchases: async () => [bought],
    purchase: async () => bought,
    syncPayments: async () => sync,
    auditPayments: async () => audit,
  };
}
