/** `credits serve`: the HTTP API over the ledger, until it is told to end. Source: contract 6, 8. */
import { invalid } from '../../core/errors.ts';
import type { CommandModule } from '../command.ts';
import { flagOption, readOption, textOption } from '../read-input.ts';

export interface ServeRequest {
  readonly host: string;
  readonly port: number;
  readonly allowRemote: boolean;
  readonly perSecond: number;
}

const readNumber =
  (most: number) =>
  (text: string, what: string): number => {
    if (!/^\d{1,7}$/.test(text) || Number(text) > most) {
      throw invalid(`${what} ${JSON.stringify(text)} is no whole number from 0 to ${most}`);
    }
    return Number(text);
  };

export const serve: CommandModule<ServeRequest> = {
  parse: (input) => ({
    host: textOption(input, 'host') ?? '127.0.0.1',
    port: readOption(input, 'port', readNumber(65_535)) ?? 8_787,
    allowRemote: flagOption(input, 'allowRemote'),
    perSecond: readOption(input, 'rateLimit', readNumber(1_000_000)) ?? 1_000,
  }),

  async run(context, request) {
    const { quiet, json } = context.globals;
    const { stderr, signal } = context;
    const { url, info, tokens, ended } = await context.serve({ ...request, quiet, stderr, signal });
    if (tokens === 0) context.notice('nobody can use it yet: make a token with `credits tokens create`');
    const facts = { url, ledger: info.location, mode: info.mode };
    const text = json
      ? JSON.stringify({ schema: 'credits.serve/v1', ...facts })
      : `Serving the ${info.mode} ledger ${info.location} at ${url}`;
    return {
      schema: 'credits.serve/v1',
      json: () => facts,
      text: () => text,
      async *stream() {
        yield `${text}\n`;
        await ended;
      },
    };
  },
};
