/** What a server is wired with: everything from outside, so that a test gives its own. */
import type { Sha256 } from '../../core/chain.ts';
import type { Instant } from '../../core/types.ts';
import type { AccessTokenRow } from '../../ledger/access-tokens.ts';
import type { LedgerMode, LedgerService } from '../../ledger/service.ts';
import type { ServerHooks } from './hooks.ts';
import type { Log } from './log.ts';

/** As whom and when a request acts. */
export interface Acting {
  /** Id of its token, for setting receipts. */
  readonly actor: string;
  /** The clock that an admin has set; null: the server's. */
  readonly now: Instant | null;
}

export interface ServerLimits {
  /** Requests a second for each token; 0: no limit. */
  readonly perSecond: number;
  /** How long a request may take to be answered, ms. */
  readonly answerMs: number;
  /** How long a stop waits for what is being answered, ms. */
  readonly graceMs: number;
}

export const LIMITS: ServerLimits = { perSecond: 1_000, answerMs: 60_000, graceMs: 30_000 };

export interface ServerDeps {
  readonly version: string;
  readonly mode: LedgerMode;
  /** A view of the one open ledger; cheap, one for each request. */
  readonly ledger: (as: Acting) => LedgerService;
  readonly tokenByNo: (no: number) => Promise<AccessTokenRow | undefined>;
  /** Throws when the ledger cannot be reached. */
  readonly ready: () => Promise<void>;
  readonly sha256: Sha256;
  /** The wall clock, epoch ms. */
  readonly clock: () => Instant;
  readonly log: Log;
  readonly limits?: Partial<ServerLimits>;
  readonly hooks?: ServerHooks;
}
