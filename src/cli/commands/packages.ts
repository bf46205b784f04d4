/** `credits packages list|set|retire`: credits that can be bought once. Source: contract 4, 6. */
import { type Microcredits, parseCredits, toJsonCredits } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import { formatInstant, parseInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import type { LedgerService, SettingView } from '../../ledger/service.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { readOption } from '../read-input.ts';
import { credits, showCredits, showDollars } from '../render/amounts.ts';
import { styleFor } from '../render/style.ts';
import { renderTable } from '../render/table.ts';
import { receiptJson } from '../wire-json.ts';
import { fromWhen } from './from-when.ts';
import { readMoney } from './plan-define.ts';
import { writeOptions } from './receipt-result.ts';

type Package = Awaited<ReturnType<LedgerService['packages']>>[number];

const packageJson = ({ id, credits, priceCents, from }: Package) => ({
  package: id,
  credits: toJsonCredits(credits),
  priceCents,
  currency: 'usd',
  from: formatInstant(from),
});

const perThousand = ({ credits: amount, priceCents }: Package): string =>
  showDollars(Math.round((priceCents * 1_000_000_000) / amount));

export const packagesList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const packages = await (await context.service(null)).packages();
    return {
      schema: 'credits.packages/v1',
      json: () => ({ packages: packages.map(packageJson) }),
      text: () =>
        packages.length === 0
          ? 'No package is on sale.'
          : renderTable(
              [
                { title: 'Package' },
                { title: 'Credits', align: 'right' },
                { title: 'Price', align: 'right' },
                { title: 'Per 1,000', align: 'right' },
              ],
              packages.map((row) => [
                row.id,
                showCredits(row.credits),
                showDollars(row.priceCents),
                perThousand(row),
              ]),
              { columns: context.terminal.tableColumns },
            ),
    };
  },
};

export interface PackageSetRequest {
  readonly package: string;
  readonly credits: Microcredits;
  readonly priceCents: number;
  readonly from: Instant | null;
}

export const packagesSet: CommandModule<PackageSetRequest> = {
  parse(input) {
    const amount = readOption(input, 'credits', parseCredits);
    const priceCents = readOption(input, 'price', readMoney);
    if (amount === null || priceCents === null) {
      throw invalid('a package needs --credits and --price', 'for example --credits 5000 --price 40');
    }
    if (amount === 0) throw invalid('--credits must be more than 0');
    return {
      package: input.args[0]!,
      credits: amount,
      priceCents,
      from: readOption(input, 'from', parseInstant),
    };
  },

  async run(context, request) {
    const ledger = await context.service(null);
    const view = await ledger.setPackage(request, writeOptions(context));
    const from = request.from ?? view.receipt.at;
    const id = request.package.toLowerCase();
    return changed(context, view, async () => {
      const style = await styleFor(context, 'UTC', ledger.now());
      const when = fromWhen(from, request, style.calendar, ledger.now());
      return `Package ${id}, ${when}: ${credits(request.credits)} for ${showDollars(request.priceCents)}.`;
    });
  },
};

export const packagesRetire: CommandModule<string> = {
  parse: (input) => input.args[0]!,
  async run(context, id) {
    const ledger = await context.service(null);
    const view = await ledger.retirePackage(id, writeOptions(context));
    return changed(context, view, async () => `Package ${id.toLowerCase()} is no longer on sale.`);
  },
};

function changed(context: Context, view: SettingView, text: () => Promise<string>): Result {
  const { receipt, catalogue } = view;
  return {
    schema: 'credits.packages/v1',
    json: () => ({
      ...receiptJson(receipt),
      packages: catalogue.packagesAt(context.now()).map(packageJson),
    }),
    async text() {
      const again = receipt.replayed ? '\nThis key was booked before: nothing changed.' : '';
      return `${receipt.dryRun ? 'Dry run: ' : ''}${await text()}${again}`;
    },
    unchanged: receipt.replayed,
  };
}
