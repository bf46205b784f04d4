/**
 * The part of a local ledger that takes money. Its code is loaded when something of it is asked for, and the provider is
 * opened when there is something to ask it, once.
 */
import { invalid } from '../core/errors.ts';
import type { ChangeMode } from '../core/ledger/commands.ts';
import type { TopupInput } from '../core/ledger/topup.ts';
import type { LocalDeps } from './local-deps.ts';
import { readPlan } from './local-reads.ts';
import type { PackageInput, PaymentService } from './payment-service.ts';
import type { BuyInput, TopupRunView } from './payment-views.ts';
import type { PaymentAccess, PaymentRun } from './payments/payment-run.ts';
import type { PlanChangeView, PlanView, WriteOptions } from './service.ts';

const NO_ACCESS: PaymentAccess = {
  open: async () => {
    throw invalid('payments are not set up here');
  },
  webhookSecrets: async () => [],
  reference: () => {
    throw invalid('payments are not set up here');
  },
};

const load = () => import('./payments/index.ts');

type Code = Awaited<ReturnType<typeof load>>;

export class LocalPayments implements PaymentService {
  protected readonly deps: LocalDeps;
  #run: PaymentRun | undefined;

  constructor(deps: LocalDeps) {
    this.deps = deps;
  }

  async #with<T>(work: (code: Code, run: PaymentRun) => Promise<T>): Promise<T> {
    const code = await load();
    this.#run ??= new code.PaymentRun(this.deps, this.deps.payments ?? NO_ACCESS);
    return work(code, this.#run);
  }

  /** Changes the plan where it is sold by the provider; undefined: the ledger itself does it. */
  protected async setPaidPlan(
    account: string,
    input: { readonly plan: string; readonly mode: ChangeMode },
    options: WriteOptions,
  ): Promise<PlanChangeView | undefined> {
    const prices = await this.deps.payments?.planPrices?.();
    const isSold = prices?.has(input.plan.toLowerCase()) === true;
    if (!isSold && !(await this.#isSubscribed(account))) return undefined;
    return this.#with((code, run) => code.setPaidPlan(run, account, input, options));
  }

  /** The account's plan, as its subscription stands. */
  async plan(account: string): Promise<PlanView> {
    const { state } = await this.deps.store.read(account);
    const { card } = await this.deps.store.payments.wallet(state.account, this.deps.now());
    if (card?.subscription == null) return readPlan(this.deps, account);
    return this.#with((code, run) => code.readPaidPlan(run, account));
  }

  async #isSubscribed(id: string): Promise<boolean> {
    const { account } = (await this.deps.store.read(id)).state;
    const { card } = await this.deps.store.payments.wallet(account, this.deps.now());
    return card?.subscription != null && card.subscription.status !== 'ended';
  }

  async setPackage(input: PackageInput, options: WriteOptions = {}) {
    return (await import('./local-packages.ts')).setPackage(this.deps, input, options);
  }

  async retirePackage(id: string, options: WriteOptions = {}) {
    return (await import('./local-packages.ts')).retirePackage(this.deps, id, options);
  }

  topup(account: string) {
    return this.#with((code) => code.readTopup(this.deps, account));
  }

  setTopup(account: string, input: TopupInput, options: WriteOptions = {}) {
    return this.#with((code) => code.setTopup(this.deps, account, input, options));
  }

  async runTopup(account: string | null, options: Pick<WriteOptions, 'dryRun'> = {}) {
    // After every spend: where top-up is off, this look is all that it costs.
    if (account !== null && !(await this.#isOn(account))) return nothingDue(options.dryRun === true);
    return this.#with((code, run) => code.runTopup(run, account, options));
  }

  async #isOn(id: string): Promise<boolean> {
    const { account } = (await this.deps.store.read(id)).state;
    return this.deps.store.payments.isTopupOn(account);
  }

  topupHistory(account: string, limit: number | null) {
    return this.#with((code, run) => code.readAttempts(run, account, limit));
  }

  card(account: string) {
    return this.#with((code, run) => code.readCard(run, account));
  }

  addCard(account: string, method: string | null, options: WriteOptions = {}) {
    return this.#with((code, run) => code.addCard(run, account, method, options));
  }

  finishCard(account: string) {
    return this.#with((code, run) => code.finishCard(run, account));
  }

  removeCard(account: string, options: WriteOptions = {}) {
    return this.#with((code, run) => code.removeCard(run, account, options));
  }

  buy(account: string, input: BuyInput, options: WriteOptions = {}) {
    return this.#with((code, run) => code.buy(run, account, input, options));
  }

  purchases(account: string, limit: number | null) {
    return this.#with((code, run) => code.readPurchases(run, account, limit));
  }

  purchase(account: string, id: string) {
    return this.#with((code, run) => code.readPurchase(run, account, id));
  }

  syncPayments(options: Pick<WriteOptions, 'dryRun'> = {}) {
    return this.#with((code, run) => code.syncPayments(run, options.dryRun === true));
  }

  auditPayments() {
    return this.#with((code, run) => code.auditPayments(run));
  }

  receiveWebhook({ body, signature }: { body: string | Uint8Array; signature: string | null }) {
    return this.#with(async (code, run) => {
      const provider = await run.provider();
      const secrets = await run.webhookSecrets();
      const receivedAt = this.deps.wall();
      return code.receiveEvent(run, provider.readWebhook({ body, signature, secrets, receivedAt }));
    });
  }

  async close(): Promise<void> {
    await this.#run?.close();
    await this.deps.store.close();
  }
}

const nothingDue = (dryRun: boolean): TopupRunView => ({
  accounts: 1,
  attempts: [],
  failed: [],
  booked: [],
  simulated: false,
  state: 'off',
  dryRun,
});
