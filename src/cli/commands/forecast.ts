/** `credits forecast`: how fast credits go and how long they last. Source: contract 6. */

import { invalid } from '../../core/errors.ts';
import type { CommandModule } from '../command.ts';
import { readCount, readOption } from '../read-input.ts';
import { renderForecast } from '../render/forecast.ts';
import { styleFor } from '../render/style.ts';
import { forecastJson } from '../usage-json.ts';

export interface ForecastRequest {
  /** Whole days that the burn rate is of. */
  readonly days: number;
}

const STANDARD_DAYS = 30;
const MOST_DAYS = 3_650;

export const forecast: CommandModule<ForecastRequest> = {
  parse(input) {
    const days = readOption(input, 'days', (text, what) => readCount(text, what)) ?? STANDARD_DAYS;
    if (days > MOST_DAYS) throw invalid(`--days ${days} is more than ${MOST_DAYS}`);
    return { days };
  },

  async run(context, { days }) {
    const ledger = await context.service();
    const view = await ledger.forecast(context.account, days);
    return {
      schema: 'credits.forecast/v1',
      json: () => forecastJson(view),
      text: async () => renderForecast(view, await styleFor(context, view.zone, view.at)),
    };
  },
};
