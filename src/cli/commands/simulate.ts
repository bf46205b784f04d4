/** `credits simulate`: what agent runs would cost. Books nothing and needs no ledger. Source: contract 7. */
import { invalid } from '../../core/errors.ts';
import type { CommandModule } from '../command.ts';
import { openMarket } from '../market.ts';
import { limitOf, pricedModel } from '../simulate/market.ts';
import { parseSimulate, type SimulateRequest } from './simulate-flags.ts';

export const simulate: CommandModule<SimulateRequest> = {
  parse: parseSimulate,

  async run(context, request) {
    if (context.globals.json && request.plot) {
      throw invalid('--json and --plot are two answers', 'leave one of them out');
    }
    const market = await openMarket(context, request.check && request.budget === null);
    const model = pricedModel(market, request.model);
    const limit = limitOf(request.budget, market.funds);
    if (request.mode === 'exact') {
      return (await import('./simulate-exact.ts')).runExactly(context, request, market, model, limit);
    }
    return (await import('./simulate-runs.ts')).runStatistically(context, request, market, model, limit);
  },
};
