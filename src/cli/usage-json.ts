/** Usage and forecast as the JSON that the contract promises. Source: contract 1 (numbers and time), 6 (fields). */
import { toJsonCredits } from '../core/credits.ts';
import { formatInstant } from '../core/time.ts';
import type { ForecastView, UsageAmounts, UsageReport } from '../ledger/service.ts';
import { sumJson } from './wire-json.ts';

const amountsJson = ({ calls, inputTokens, outputTokens, credits, listCredits, unpriced }: UsageAmounts) => ({
  calls,
  inputTokens: Number(inputTokens),
  outputTokens: Number(outputTokens),
  credits: sumJson(credits),
  listCredits: listCredits === null ? null : sumJson(listCredits),
  unpriced,
});

/** Fields of `credits.usage/v1`. A row's first field is called as what the report goes by. */
export function usageJson(report: UsageReport) {
  return {
    account: report.account,
    timezone: report.zone,
    by: report.by,
    since: formatInstant(report.since),
    until: formatInstant(report.until),
    rows: report.rows.map((row) => ({ [report.by]: row.key, ...amountsJson(row) })),
    total: amountsJson(report.total),
  };
}

/** Fields of `credits.forecast/v1`. */
export function forecastJson(view: ForecastView) {
  return {
    account: view.account,
    plan: view.plan,
    timezone: view.zone,
    asOf: formatInstant(view.at),
    available: toJsonCredits(view.available),
    debt: toJsonCredits(view.debt),
    days: view.window.days,
    since: formatInstant(view.window.since),
    until: formatInstant(view.window.until),
    perDay: toJsonCredits(view.perDay),
    runsOutAt: view.runsOutAt === null ? null : formatInstant(view.runsOutAt),
    expiringUnspent: view.expiringUnspent.map(({ lot, source, credits, at }) => ({
      lot,
      source,
      credits: toJsonCredits(credits),
      at: formatInstant(at),
    })),
  };
}
