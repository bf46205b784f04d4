/**
 * The table of commands, in the order in which help lists them. A new command is one row in `rows/` and one file here.
 * Rows are read at every start: keep them plain data, with the code behind `load`.
 */
import type { CommandGroup } from '../command.ts';
import { AGENTS } from './rows/agents.ts';
import { ANALYTICS } from './rows/analytics.ts';
import { BYOK } from './rows/byok.ts';
import { CREDITS } from './rows/credits.ts';
import { FILES } from './rows/files.ts';
import { HELP } from './rows/help.ts';
import { LEDGER } from './rows/ledger.ts';
import { PAYMENTS } from './rows/payments.ts';
import { PRICES } from './rows/prices.ts';
import { SERVER } from './rows/server.ts';
import { SPENDING } from './rows/spending.ts';

export const COMMANDS: readonly CommandGroup[] = [
  { heading: 'Price and spend:', commands: [...PRICES, ...SPENDING] },
  { heading: 'Agent runs:', commands: AGENTS },
  { heading: 'Grant and renew:', commands: [...CREDITS, ...BYOK] },
  { heading: 'Buy and top up:', commands: PAYMENTS },
  { heading: 'Analyse:', commands: ANALYTICS },
  { heading: 'Ledger and accounts:', commands: [...LEDGER, ...FILES] },
  { heading: 'Serve and reach:', commands: SERVER },
  { heading: 'Shell and help:', commands: HELP },
];
