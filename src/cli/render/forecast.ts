/** A forecast in sentences: how fast, how long, and what will be lost. */
import { ZERO } from '../../core/credits.ts';
import { SOURCES } from '../../core/sources.ts';
import type { ForecastView } from '../../ledger/service.ts';
import { count, showCredits } from './amounts.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { roughCredits } from './usage-words.ts';

/** The forecast as lines. */
export function renderForecast(view: ForecastView, style: Style): string {
  const { paint } = style;
  const parts = [view.account, view.plan, `${showCredits(view.available)} available`];
  if (view.debt > ZERO) parts.push(`${showCredits(view.debt)} owed`);
  if (view.closed) parts.push('closed');
  return [
    parts.join(' · '),
    `Burn rate   ${burnRate(view, style)}`,
    paint.bold(`Runs out    ${runsOut(view, style)}`),
    ...(view.cycleDue
      ? ['The credits of the running cycle are due and counted: `credits cycle grant`.']
      : []),
    ...unspent(view, style),
  ].join('\n');
}

function burnRate({ window, perDay, zone }: ForecastView, { calendar }: Style): string {
  const { days, asked, today, since, beforeOpening, credits } = window;
  const isShort = days < asked;
  const start = beforeOpening ? 'its first call took place' : 'the account was opened';
  const span = isShort
    ? `the ${count(days, 'day')} since ${calendar.day(since)}, when ${start}`
    : `the last ${count(days, 'day')}`;
  const words = `${span}${today ? ', today included' : ''} (${zone})`;
  if (perDay === ZERO) return `no usage${isShort ? ' yet' : ''} in ${words}`;
  return `${roughCredits(BigInt(perDay))} credits a day: ${showCredits(credits)} in ${words}`;
}

function runsOut({ at, perDay, runsOutAt, closed, debt }: ForecastView, { calendar }: Style): string {
  if (closed) return 'never: the account is closed';
  if (perDay === ZERO) return 'never, at this rate';
  if (runsOutAt === null) return 'not within ten years, at this rate';
  if (debt > ZERO) return 'now: spends are blocked until a grant repays the debt';
  return runsOutAt <= at ? 'today' : calendar.until(runsOutAt);
}

function unspent({ expiringUnspent }: ForecastView, style: Style): string[] {
  if (expiringUnspent.length === 0) return ['Nothing will expire unspent.'];
  return [
    'Will expire unspent:',
    renderTable(
      [{ title: 'Lot' }, { title: 'Source' }, { title: 'Credits', align: 'right' }, { title: 'Expires' }],
      expiringUnspent.map(({ lot, source, credits: amount, at }) => [
        lot ?? 'due',
        SOURCES[source].label,
        showCredits(amount),
        style.calendar.until(at),
      ]),
      { columns: style.columns, heading: style.paint.dim },
    ),
  ];
}
