/** A calibration as people read it. Source: contract 7 (states its held-out error). */
import type { Calibration } from '../../core/simulate/calibrate.ts';
import type { StatisticError } from '../../core/simulate/held-out.ts';
import type { TokenLaw } from '../../core/simulate/profile.ts';
import { count, group } from './amounts.ts';
import { percent } from './simulation.ts';
import { renderTable } from './table.ts';
import { printable } from './width.ts';

const number = (value: number): string => group(String(Math.round(value * 10) / 10));
const spread = (sd: number): string => String(Math.round(sd * 100) / 100);
const signed = (share: number): string => `${share > 0 ? '+' : ''}${percent(share)}`;

function lawRow(what: string, { mean, sd }: TokenLaw): string[] {
  return [what, 'mean', number(mean), spread(sd)];
}

/**
 * The laws, and the error on unseen tasks.
 * @param file where the profile was written; null: nowhere
 */
export function renderCalibration(fitted: Calibration, file: string | null): string {
  const { rounds, heldOut, blendedWith, contextDropShare } = fitted;
  const laws = renderTable(
    [
      { title: 'Law' },
      { title: '' },
      { title: 'Value', align: 'right' },
      { title: 'Spread (ln)', align: 'right' },
    ],
    [
      ['Rounds a run', 'median', number(rounds.median), spread(rounds.sd)],
      lawRow('First input', fitted.firstInput),
      lawRow('Tool results a round', fitted.tool),
      lawRow('Output a round', fitted.output),
    ],
    { columns: Number.POSITIVE_INFINITY },
  );
  return [
    `Profile ${printable(fitted.name)}: ${count(fitted.n, 'run')} of ${count(fitted.tasks, 'task')}, ${count(fitted.calls, 'round')}`,
    laws,
    ...(contextDropShare === 0
      ? []
      : [`The context shrank in ${percent(contextDropShare)} of the steps, which are left out.`]),
    ...(blendedWith === null
      ? []
      : [`Blended with ${printable(blendedWith.profile)}: the runs weigh ${percent(blendedWith.weight)}.`]),
    ...(heldOut === null ? [] : heldOutLines(heldOut)),
    ...(file === null ? [] : [`Profile written to ${file}`]),
  ].join('\n');
}

function heldOutLines(heldOut: NonNullable<Calibration['heldOut']>): string[] {
  const row = (what: string, { bias, absolute, floor }: StatisticError): string[] => [
    what,
    signed(bias),
    percent(absolute),
    percent(floor),
  ];
  return [
    '',
    `Error on unseen tasks, over ${count(heldOut.splits, 'random half', 'random halves')} (floor: one half of the data against the other)`,
    renderTable(
      [
        { title: 'Cost a run' },
        { title: 'Bias', align: 'right' },
        { title: 'Error', align: 'right' },
        { title: 'Floor', align: 'right' },
      ],
      [row('Mean', heldOut.mean), row('P50', heldOut.p50), row('P90', heldOut.p90)],
      { columns: Number.POSITIVE_INFINITY },
    ),
    `P5 to P95 holds ${percent(heldOut.coverage)} of the unseen runs (90 % would be perfect).`,
  ];
}
