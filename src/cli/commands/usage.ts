/** `credits usage`: what was used, by model, day, source and more. Source: contract 6. */
import { invalid } from '../../core/errors.ts';
import type { LedgerService, TimeBound, UsageBy, UsageReport } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { readTimeBound } from '../read-bound.ts';
import { choiceOption, flagOption, readOption, textOption } from '../read-input.ts';
import { glyphsFor } from '../render/plot.ts';
import { styleFor } from '../render/style.ts';
import { renderUsage, usageCsv } from '../render/usage.ts';
import { isByTime, USAGE_WORDS } from '../render/usage-words.ts';
import { usageJson } from '../usage-json.ts';
import { writePage } from '../write-page.ts';

export interface UsageRequest {
  readonly by: UsageBy;
  readonly since: TimeBound | null;
  readonly until: TimeBound | null;
  readonly form: 'table' | 'plot' | 'csv';
  /** Where to write a page; null: nowhere. */
  readonly html: string | null;
}

const WORDS = Object.keys(USAGE_WORDS) as UsageBy[];

export const usage: CommandModule<UsageRequest> = {
  parse(input) {
    const bound = (text: string, what: string): TimeBound => readTimeBound(text, input.now, what);
    const [plot, csv] = [flagOption(input, 'plot'), flagOption(input, 'csv')];
    if (plot && csv) throw invalid('--plot and --csv are two answers', 'leave one of them out');
    return {
      by: choiceOption(input, 'by', WORDS) ?? 'model',
      since: readOption(input, 'since', bound),
      until: readOption(input, 'until', bound),
      form: plot ? 'plot' : csv ? 'csv' : 'table',
      html: textOption(input, 'html'),
    };
  },

  async run(context, { form, html, ...query }) {
    if (context.globals.json && form !== 'table') {
      throw invalid(`--json and --${form} are two answers`, 'leave one of them out');
    }
    const ledger = await context.service();
    const trend = form === 'plot' || html !== null;
    const report = await ledger.usage(context.account, { ...query, trend });
    if (html !== null) await writeReport(context, ledger, report, { file: html, until: query.until });
    return {
      schema: 'credits.usage/v1',
      verbatim: form === 'csv',
      json: () => usageJson(report),
      async text() {
        if (form === 'csv') return usageCsv(report);
        const style = await styleFor(context, report.zone, ledger.now());
        if (form === 'table') return html === null ? renderUsage(report, style) : `Report written to ${html}`;
        const { renderUsagePlot } = await import('../render/usage-plot.ts');
        const { columns } = context.terminal;
        return renderUsagePlot(report, { ...style, columns, glyphs: glyphsFor(context.env) });
      },
    };
  },
};

/** Writes the page: the report, and beside it the same stretch of time by day. */
async function writeReport(
  context: Context,
  ledger: LedgerService,
  report: UsageReport,
  { file, until }: { readonly file: string; readonly until: TimeBound | null },
): Promise<void> {
  const { renderUsagePage } = await import('../render/usage-html.ts');
  const { account, zone, since } = report;
  const byDay =
    account === null || isByTime(report)
      ? null
      : await ledger.usage(account, { by: 'day', since, until, trend: true });
  const style = await styleFor(context, zone, ledger.now());
  writePage(file, renderUsagePage({ report, byDay }, style));
}
