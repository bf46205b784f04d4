/** Payments of a served ledger: the API has no routes for them yet. */
import { invalid } from '../../core/errors.ts';
import type { PaymentService } from '../../ledger/payment-service.ts';

const refuse = async (): Promise<never> => {
  throw invalid('payments are not available with --remote', 'run it where the ledger is');
};

export class NoPayments implements PaymentService {
  setPackage = refuse;
  retirePackage = refuse;
  topup = refuse;
  setTopup = refuse;
  /** The server looks after a spend by itself. */
  runTopup = refuse;
  topupHistory = refuse;
  card = refuse;
  addCard = refuse;
  finishCard = refuse;
  removeCard = refuse;
  buy = refuse;
  purchases = refuse;
  purchase = refuse;
  syncPayments = refuse;
  auditPayments = refuse;
  receiveWebhook = refuse;
}
