/** `credits plan define`: a plan of one's own, or a new row of a known one from a date on. Source: contract 4, 6. */
import { type Microcredits, parseCredits, toJsonCredits } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import { formatInstant, parseInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import type { CommandModule } from '../command.ts';
import { readOption } from '../read-input.ts';
import { renderState } from '../render/receipt.ts';
import { styleFor } from '../render/style.ts';
import { receiptJson } from '../wire-json.ts';
import { fromWhen } from './from-when.ts';
import { terms } from './plan.ts';
import { writeOptions } from './receipt-result.ts';

export interface PlanDefineRequest {
  readonly plan: string;
  readonly monthly: Microcredits;
  readonly priceCents: number;
  readonly from: Instant | null;
}

const PLAN_ID = /^[a-z][a-z0-9_-]{0,31}$/;

/** Money in the main unit: digits, then at most 2 decimals. */
export function readMoney(text: string, what: string): number {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) {
    throw invalid(`${what} ${JSON.stringify(text)} is no amount of money`, 'write it like 12 or 12.50');
  }
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
}

export const planDefine: CommandModule<PlanDefineRequest> = {
  parse(input) {
    const plan = input.args[0]!.toLowerCase();
    if (!PLAN_ID.test(plan)) {
      throw invalid(
        `${JSON.stringify(plan)} is no plan id`,
        'letters, digits, _ and -, at most 32, starting with a letter',
      );
    }
    const monthly = readOption(input, 'credits', parseCredits);
    const priceCents = readOption(input, 'price', readMoney);
    if (monthly === null || priceCents === null) {
      throw invalid('a plan needs --credits and --price', 'for example --credits 3000 --price 29');
    }
    return { plan, monthly, priceCents, from: readOption(input, 'from', parseInstant) };
  },

  async run(context, request) {
    const ledger = await context.service(null);
    const { receipt, catalogue } = await ledger.definePlan(request, writeOptions(context));
    const from = request.from ?? receipt.at;
    const row = catalogue.planAt(request.plan, from);
    return {
      schema: 'credits.plan/v1',
      json: () => ({
        ...receiptJson(receipt),
        plan: request.plan,
        name: row?.name ?? request.plan,
        monthlyCredits: toJsonCredits(request.monthly),
        priceCents: request.priceCents,
        currency: 'usd',
        effectiveAt: formatInstant(from),
      }),
      async text() {
        const style = await styleFor(context, 'UTC', ledger.now());
        const when = fromWhen(from, request, style.calendar, ledger.now());
        const dry = receipt.dryRun ? 'Dry run: ' : '';
        return [
          `${dry}Plan ${request.plan}, ${when}: ${terms(request)}.`,
          ...(receipt.replayed ? ['This key was booked before: nothing changed.'] : []),
          ...(receipt.receipt === null
            ? []
            : [renderState(receipt, style).replace(/^Available [^·]*· /, '')]),
        ].join('\n');
      },
      unchanged: receipt.replayed,
    };
  },
};
