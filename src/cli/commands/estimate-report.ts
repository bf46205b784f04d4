/**
 * `credits estimate --report`: how far the account's input estimates were from what its calls used, by model, and how far
 * they are with what the calls teach. Reads settled holds; books nothing.
 */
import { unknownModel } from '../../core/catalogue.ts';
import { invalid } from '../../core/errors.ts';
import { errorsOf, type ModelErrors, recordsByModel, type TokenError } from '../../core/token-corrections.ts';
import type { LedgerService } from '../../ledger/service.ts';
import type { CommandInput, CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { flagOption, textOption } from '../read-input.ts';
import { type ReportRow, renderReport } from '../render/estimate-report.ts';

/** What to report on. */
export interface ReportRequest {
  readonly report: true;
  /** null: every model. */
  readonly model: string | null;
}

/**
 * Reads the request; null when no report is asked for.
 * @throws LedgerError `invalid_argument` when something is to be estimated as well
 */
export function parseReport(input: CommandInput): ReportRequest | null {
  if (!flagOption(input, 'report')) return null;
  const other = Object.keys(input.options).find((name) => name !== 'report' && name !== 'model');
  if (other !== undefined || input.args.length > 0) {
    const what =
      other === undefined ? 'a prompt' : `--${other.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    throw invalid(`--report looks back, and ${what} is to be estimated`, 'leave one of them out');
  }
  return { report: true, model: textOption(input, 'model') };
}

/** Answers it. @throws LedgerError `no_ledger`, `unknown_account`, `unknown_model` */
export const runReport: CommandModule<ReportRequest>['run'] = async (context, { model }) => {
  const service = await context.service();
  const rows = await rowsOf(context, service, model);
  return {
    schema: 'credits.estimate-report/v1',
    json: () => ({ account: context.account, models: rows.map(fieldsOf) }),
    text: () => renderReport(rows, { columns: context.terminal.tableColumns, heading: context.paint.bold }),
  };
};

/** By falling number of calls, then by id. */
async function rowsOf(context: Context, service: LedgerService, wanted: string | null): Promise<ReportRow[]> {
  const catalogue = await service.catalogue();
  const only = wanted === null ? null : catalogue.findModel(wanted);
  if (only === undefined) throw unknownModel(catalogue, wanted!);
  const { familyOf } = await import('../../tokens/index.ts');
  const records = recordsByModel(await service.tokenRecords(context.account));
  return [...records]
    .filter(([id]) => only === null || id === only.id)
    .map(([id, calls]) => {
      const model = catalogue.findModel(id);
      const isExact = 'encoding' in familyOf({ id, provider: model?.provider ?? '' }).counts;
      return { name: model?.name ?? id, isExact, told: calls[0]!.told, errors: errorsOf(id, calls) };
    })
    .sort((a, b) => b.errors.calls - a.errors.calls || (a.errors.model < b.errors.model ? -1 : 1));
}

const errorFields = ({ median, p90, bias }: TokenError) => ({ medianError: median, p90Error: p90, bias });

/** A model whose own tokenizer counts has no correction: what is left is framing, or not of the count at all. */
function fieldsOf({ errors, isExact, told }: ReportRow) {
  const { model, calls, before, after, correction }: ModelErrors = errors;
  return {
    model,
    calls,
    from: told ? 'estimated' : 'held',
    before: errorFields(before),
    after: errorFields(isExact ? before : after),
    factor: isExact ? null : Math.round(correction.factor * 1e6) / 1e6,
  };
}
