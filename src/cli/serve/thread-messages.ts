/** What the two threads of a server tell each other. */
import type { RefusalCode, RefusalDetails } from '../../core/errors.ts';
import type { Instant } from '../../core/types.ts';
import type { Errand } from '../../http/server/carry-out.ts';

export interface ThreadStart {
  /** Path of the ledger. */
  readonly file: string;
  /** How long a write waits for other processes, ms; the store's own unless told. */
  readonly busyBudgetMs?: number;
}

export interface Asked {
  readonly id: number;
  readonly errand: Errand;
  /** The clock when it was asked, epoch ms. */
  readonly at: Instant;
}

/** One of the three. */
export interface Answered {
  readonly id: number;
  readonly text?: string;
  readonly refusal?: {
    readonly code: RefusalCode;
    readonly message: string;
    readonly hint?: string;
    readonly details?: RefusalDetails;
  };
  /** The trace of what should not have happened. */
  readonly defect?: string;
}
