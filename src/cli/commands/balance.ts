/** `credits balance`: what an account has, by source or by lot. Source: contract 6. */
import { formatCredits, type Microcredits, parseCredits, toJsonCredits, ZERO } from '../../core/credits.ts';
import { invalid, LedgerError } from '../../core/errors.ts';
import { parseInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import type { BalanceView } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { flagOption, readOption } from '../read-input.ts';
import { showCredits } from '../render/amounts.ts';
import { balanceHeading, renderLots, renderSources } from '../render/balance.ts';
import { styleFor } from '../render/style.ts';
import { balanceJson } from '../wire-json.ts';

export interface BalanceRequest {
  readonly lots: boolean;
  readonly total: boolean;
  readonly min: Microcredits | null;
  readonly asOf: Instant | null;
}

export const balance: CommandModule<BalanceRequest> = {
  parse(input) {
    const request = {
      lots: flagOption(input, 'lots'),
      total: flagOption(input, 'total'),
      min: readOption(input, 'min', parseCredits),
      asOf: readOption(input, 'asOf', parseInstant),
    };
    if (request.lots && request.total)
      throw invalid('--lots and --total are two answers', 'leave one of them out');
    return request;
  },

  async run(context, { lots, total, min, asOf }) {
    const ledger = await context.service();
    const view = await ledger.balance(context.account, asOf);
    return {
      schema: 'credits.balance/v1',
      json: () => balanceJson(view, { lots }),
      async text() {
        if (total) return formatCredits(view.available);
        const style = await styleFor(context, view.zone, asOf ?? ledger.now());
        const heading = [
          balanceHeading(view, style),
          ...(asOf === null ? [] : [`as of ${style.calendar.time(view.asOf)}${zoneWord(view)}`]),
        ].join(' · ');
        return `${heading}\n${lots ? renderLots(view, style) : renderSources(view, style)}`;
      },
      failure: min === null ? undefined : checkMinimum(view, min),
    };
  },
};

const zoneWord = ({ zone }: BalanceView): string => ` ${zone}`;

/** The check of `--min`: enough is available to an open account, and there is no debt (contract 5.6, 5.12). */
function checkMinimum(view: BalanceView, min: Microcredits): LedgerError | undefined {
  const details = {
    min: toJsonCredits(min),
    available: toJsonCredits(view.available),
    debt: toJsonCredits(view.debt),
  };
  if (view.closed) {
    return new LedgerError('check_failed', `account ${view.account} is closed: nothing can be spent`, {
      details,
    });
  }
  if (view.debt > ZERO) {
    return new LedgerError('check_failed', `account ${view.account} owes ${showCredits(view.debt)} credits`, {
      details,
    });
  }
  if (view.available >= min) return undefined;
  const message = `account ${view.account} has ${showCredits(view.available)} credits, less than ${showCredits(min)}`;
  return new LedgerError('check_failed', message, { details });
}
