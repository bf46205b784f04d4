/** `credits payments sync|audit`: the provider's side. Source: contract 6, 9. */
import { LedgerError } from '../../core/errors.ts';
import type { CommandModule } from '../command.ts';
import { count } from '../render/amounts.ts';
import { auditJson, syncJson } from '../render/payment-json.ts';
import { renderAudit, renderSync } from '../render/payments.ts';

export const paymentsSync: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service(null);
    const view = await ledger.syncPayments({ dryRun: context.globals.dryRun });
    for (const account of view.closed) {
      context.warn(`account ${account} is closed; what was paid for it was booked all the same`);
    }
    if (view.dryRun && view.attempts.length + view.events.read > 0) {
      context.notice('A dry run applies no events and asks for no payment: its sums of credits are 0.');
    }
    const [first] = view.failed;
    return {
      schema: 'credits.sync/v1',
      json: () => syncJson(view),
      text: () => renderSync(view),
      unchanged: view.attempts.length === 0 && (view.dryRun ? view.events.read : view.events.applied) === 0,
      failure:
        first === undefined
          ? undefined
          : new LedgerError(
              'partly_refused',
              `${count(view.failed.length, 'part')} failed; the first is ${first.what}: ${first.error.message}`,
              { hint: 'the rest is done; run it again', details: { failed: view.failed.length } },
            ),
    };
  },
};

export const paymentsAudit: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service(null);
    const view = await ledger.auditPayments();
    return {
      schema: 'credits.audit/v1',
      json: () => auditJson(view),
      text: () => renderAudit(view),
      failure: view.ok
        ? undefined
        : new LedgerError(
            'integrity_failure',
            `the provider's books and the ledger differ in ${count(view.differences.length, 'place')}`,
            { hint: 'first `credits payments sync`, then look at what is left' },
          ),
    };
  },
};
