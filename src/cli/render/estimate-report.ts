/** The realised error of estimates as people read it. */
import { factorText, type ModelErrors, type TokenError } from '../../core/token-corrections.ts';
import { group } from './amounts.ts';
import { percent } from './simulation.ts';
import { renderTable, type TableStyle } from './table.ts';
import { printable } from './width.ts';

/** One model's errors. */
export interface ReportRow {
  readonly name: string;
  /** Its own tokenizer counts, so that nothing is corrected. */
  readonly isExact: boolean;
  /** The estimates were told beside the holds; false: they are the tokens that were held. */
  readonly told: boolean;
  readonly errors: ModelErrors;
}

const signed = (share: number): string => `${share > 0 ? '+' : ''}${percent(share)}`;

const errorCells = ({ median, p90, bias }: TokenError): string[] => [
  percent(median),
  percent(p90),
  signed(bias),
];

/** A table with a line for each model, or what to do for there to be one. */
export function renderReport(rows: readonly ReportRow[], style: TableStyle): string {
  if (rows.length === 0) {
    return 'No call yet: a `hold` for a call that is settled with its tokens shows how far the estimate was off.';
  }
  const right = (title: string) => ({ title, align: 'right' as const });
  const table = renderTable(
    [
      { title: 'Model' },
      right('Calls'),
      right('Median error'),
      right('P90'),
      right('Bias'),
      right('Learnt'),
      right('Median error'),
      right('P90'),
      right('Bias'),
    ],
    rows.map(({ name, isExact, errors }) => [
      printable(name),
      group(String(errors.calls)),
      ...errorCells(errors.before),
      ...(isExact
        ? ['exact', '', '', '']
        : [`× ${factorText(errors.correction)}`, ...errorCells(errors.after)]),
    ]),
    style,
  );
  const held = rows.some(({ told }) => !told);
  return [
    table,
    'Input tokens, estimate against use; behind “Learnt” each call is corrected by what the others teach. + is too high.',
    ...(held
      ? [
          'Where a hold told no --estimated-tokens, its own input tokens stand for the estimate, margin and all.',
        ]
      : []),
  ].join('\n');
}
