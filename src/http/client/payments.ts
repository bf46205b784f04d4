/**
 * The part of a served ledger that takes money. Its server asks the provider; no key of the provider is here.
 * Webhooks go to the server itself.
 */
import { invalid } from '../../core/errors.ts';
import type * as Views from '../../ledger/service.ts';
import type { PaymentService, WriteOptions } from '../../ledger/service.ts';
import type { Asker, Question } from './ask.ts';

type DryRun = Pick<WriteOptions, 'dryRun'>;

export abstract class RemotePayments implements PaymentService {
  protected readonly asker: Asker;

  constructor(asker: Asker) {
    this.asker = asker;
  }

  setPackage(input: Views.PackageInput, options: WriteOptions = {}) {
    return this.setting('setPackage', { body: input, options });
  }

  retirePackage(id: string, options: WriteOptions = {}) {
    return this.setting('retirePackage', { params: { package: id }, options });
  }

  topup(account: string) {
    return this.answer<Views.TopupView>('topup', { account });
  }

  setTopup(account: string, body: Views.TopupInput, options: WriteOptions = {}) {
    return this.answer<Views.TopupView>('setTopup', { account, body, options });
  }

  runTopup(account: string | null, options: DryRun = {}) {
    const name = account === null ? 'ledger.topup.run' : 'topup.run';
    return this.answer<Views.TopupRunView>(name, { account, options });
  }

  async topupHistory(account: string, limit: number | null) {
    const query = limit === null ? {} : { limit };
    const { attempts } = await this.answer<{ readonly attempts: Views.AttemptView[] }>('topupHistory', {
      account,
      query,
    });
    return attempts;
  }

  card(account: string) {
    return this.answer<Views.CardView>('card', { account });
  }

  addCard(account: string, method: string | null, options: WriteOptions = {}) {
    return this.answer<Views.CardView>('addCard', { account, body: { method }, options });
  }

  finishCard(account: string) {
    return this.answer<Views.CardView>('finishCard', { account });
  }

  removeCard(account: string, options: WriteOptions = {}) {
    return this.answer<Views.CardView>('removeCard', { account, options });
  }

  async buy(account: string, body: Views.BuyInput, options: WriteOptions = {}) {
    const { value, ownKey } = await this.asker.ask('buy', { account, body, options });
    const purchase = value as Views.PurchaseView;
    return ownKey ? { ...purchase, replayed: false } : purchase;
  }

  async purchases(account: string, limit: number | null) {
    const query = limit === null ? {} : { limit };
    const { purchases } = await this.answer<{ readonly purchases: Views.PurchaseView[] }>('purchases', {
      account,
      query,
    });
    return purchases;
  }

  purchase(account: string, id: string) {
    return this.answer<Views.PurchaseView>('purchase', { account, params: { purchase: id } });
  }

  syncPayments(options: DryRun = {}) {
    return this.answer<Views.SyncView>('syncPayments', { options });
  }

  auditPayments() {
    return this.answer<Views.AuditView>('auditPayments', {});
  }

  async receiveWebhook(): Promise<never> {
    throw invalid('webhooks go to the server itself', 'its address is /v1/webhooks/stripe');
  }

  protected async answer<T>(name: string, question: Question): Promise<T> {
    const { value } = await this.asker.ask(name, question);
    return value as T;
  }

  protected async setting(name: string, question: Question): Promise<Views.SettingView> {
    const { value, ownKey } = await this.asker.ask(name, question);
    const view = value as Views.SettingView;
    return ownKey ? { ...view, receipt: { ...view.receipt, replayed: false } } : view;
  }
}
