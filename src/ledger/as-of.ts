/**
 * An account at an instant: now, in the future by the clock alone, or in the past from the receipts up to then.
 * Source: contract 1 (`--as-of`).
 */
import { genesisText } from '../core/chain.ts';
import { Fold } from '../core/fold.ts';
import { projectTo } from '../core/ledger/sweep.ts';
import type { AccountState, Entry, Instant } from '../core/types.ts';
import type { LocalDeps } from './local-deps.ts';

/** The state with everything the clock has taken, and the instant it is shown at. */
export interface StateAt {
  readonly state: AccountState;
  readonly at: Instant;
}

/**
 * @param asOf null: now
 * @throws LedgerError `unknown_account`
 */
export async function stateAt(deps: LocalDeps, id: string, asOf: Instant | null): Promise<StateAt> {
  const { state } = await deps.store.read(id);
  const wanted = asOf ?? deps.now();
  // Ledger time never runs backwards: a clock behind the last entry reads at that entry.
  const at = asOf === null ? Math.max(wanted, state.account.lastAt) : wanted;
  if (at >= state.account.lastAt) return { state: projectTo(state, at).state, at };
  return { state: projectTo(await past(deps, state, at), at).state, at };
}

async function past(deps: LocalDeps, { account }: AccountState, until: Instant): Promise<AccountState> {
  const entries = await deps.store.entriesUntil(account, until);
  const receipts = await deps.store.receiptsUntil(account, until);
  const byReceipt = new Map<number, Entry[]>();
  for (const entry of entries) {
    const own = byReceipt.get(entry.receipt);
    if (own === undefined) byReceipt.set(entry.receipt, [entry]);
    else own.push(entry);
  }
  const fold = new Fold({ ...account, head: deps.sha256(genesisText(account)) });
  for (const { receipt, usage } of receipts) {
    fold.add({ receipt, entries: byReceipt.get(receipt.seq) ?? [], usage });
  }
  return fold.state;
}
