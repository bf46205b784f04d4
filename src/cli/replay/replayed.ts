/** The facts of one replay, for whoever renders them. */
import type { ScanReport } from '../../transcripts/call.ts';
import type { Limit } from '../simulate/market.ts';
import type { ChargeTally } from './charge.ts';
import type { ReplayTally } from './tally.ts';

/** What was read, priced and booked. */
export interface Replayed {
  readonly tally: ReplayTally;
  readonly report: ScanReport;
  readonly limit: Limit | null;
  readonly maxRounds: number;
  readonly compare: boolean;
  /** null: nothing was to be booked. */
  readonly charged: ChargeTally | null;
  readonly dryRun: boolean;
}
