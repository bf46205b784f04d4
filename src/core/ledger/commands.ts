/**
 * Every write to an account, as plain serialisable data. Amounts in microcredits, instants in epoch ms, `null` for what
 * was not given. Source: contract 6.
 */
import type { CallInput } from '../calls.ts';
import type { Microcredits } from '../credits.ts';
import type { CallTags, Detail, Instant, Source } from '../types.ts';

/** How a plan change takes effect; null: by the rule (dearer at once, cheaper at the boundary). */
export type ChangeMode = 'prorate' | 'restart' | 'next-cycle' | null;

export interface SpendCommand {
  readonly type: 'spend';
  /** A bare amount, or the call; never both. */
  readonly amount: Microcredits | null;
  readonly call: CallInput | null;
  readonly tags: CallTags;
  readonly note: string | null;
  /** The call's own time; null: now. Never later than now. */
  readonly at: Instant | null;
}

export interface HoldCommand {
  readonly type: 'hold';
  readonly amount: Microcredits | null;
  /** `outputTokens` is the most the call may return. */
  readonly call: CallInput | null;
  /** The call's input as it was estimated, before any correction or margin, 1 or more; absent: not told. */
  readonly estimatedTokens?: number;
  readonly tags: CallTags;
  readonly ttlMs: number;
  readonly note: string | null;
}

export interface SettleCommand {
  readonly type: 'settle';
  readonly hold: number;
  /** The cost itself, or the tokens used; never both. */
  readonly amount: Microcredits | null;
  /** `model` empty: the hold's own. */
  readonly call: CallInput | null;
  readonly tags: CallTags;
  readonly note: string | null;
}

export interface ReleaseCommand {
  readonly type: 'release';
  readonly hold: number;
  readonly note: string | null;
}

export interface GrantCommand {
  readonly type: 'grant';
  readonly source: Source;
  readonly amount: Microcredits;
  /** `never`, a fixed instant, or a span after the grant (with its own text, which a key is bound to); null: the source's default. */
  readonly expires:
    | { readonly at: Instant }
    | { readonly afterMs: number; readonly text?: string }
    | 'never'
    | null;
  readonly priority: number;
  readonly note: string | null;
}

export interface RevokeCommand {
  readonly type: 'revoke';
  readonly lot: number;
  readonly note: string | null;
}

export interface ExpireCommand {
  readonly type: 'expire';
  /** Ends this lot now; null: books only what has lapsed. */
  readonly lot: number | null;
}

/** `grant` books the cycle that is due, `expire` only what ended, `rollover` both. */
export interface CycleCommand {
  readonly type: 'cycle';
  readonly step: 'grant' | 'expire' | 'rollover';
}

export interface PlanSetCommand {
  readonly type: 'plan';
  readonly plan: string;
  readonly mode: ChangeMode;
}

export interface CloseCommand {
  readonly type: 'close';
}

/** A setting of the account (or of the ledger, on its own chain): what changed, hashed into the receipt. */
export interface SettingCommand {
  readonly type: 'setting';
  readonly detail: Detail;
  /** The account's providers after the change; null: unchanged. */
  readonly byok: Readonly<Record<string, string>> | null;
  readonly note: string | null;
}

/** A write to one account. */
export type Command =
  | SpendCommand
  | HoldCommand
  | SettleCommand
  | ReleaseCommand
  | GrantCommand
  | RevokeCommand
  | ExpireCommand
  | CycleCommand
  | PlanSetCommand
  | CloseCommand
  | SettingCommand;
