/**
 * Booking what the clock took and granting cycles, for one account or all. Batches of accounts share a transaction; each
 * account is decided alone, so that one's failure stops no other, and running it twice or at once changes nothing more.
 *
 * Source: contract 5.5, 5.8; 6 (`expire`, `cycle`).
 */
import { add, type Microcredits, ZERO } from '../core/credits.ts';
import { invalid, type LedgerError } from '../core/errors.ts';
import { holdId, lotId, readId, unknownId } from '../core/ids.ts';
import type { Command } from '../core/ledger/commands.ts';
import { decide, type Outcome } from '../core/ledger/decide.ts';
import type { Account } from '../core/types.ts';
import { answerOf, contextOf, type LocalDeps, writeClock } from './local-deps.ts';
import type {
  CycleChangeView,
  ExpiryView,
  FailedAccount,
  LedgerService,
  RolloverView,
  WriteOptions,
} from './service.ts';
import type { Decided, Loads, Work, WorkResult } from './store.ts';
import type { Target } from './target.ts';

/** Accounts in one transaction. */
const PAGE = 1_000;

type Due = 'cycle' | 'sweep';

function workFor(deps: LocalDeps, account: string, command: Command, dryRun: boolean): Work {
  const now = writeClock(deps);
  return {
    account,
    now,
    loads: {},
    dryRun,
    decide: ({ state, catalogue }) =>
      decide(state, command, now, contextOf(deps, catalogue), { key: null, request: null }),
  };
}

/** Runs a command on every account that may have something due, page by page. */
async function onDue(
  deps: LocalDeps,
  kinds: readonly Due[],
  command: Command,
  dryRun: boolean,
  each: (account: string, result: WorkResult) => void,
): Promise<void> {
  // A dry run leaves everything due, so a later kind would list the same account again.
  const seen = new Set<string>();
  for (const kind of kinds) {
    let after = 0;
    for (;;) {
      const page = await deps.store.dueAccounts(kind, writeClock(deps), after, PAGE);
      const ids = page.ids.filter((id) => !seen.has(id));
      const results = await deps.store.execute(ids.map((id) => workFor(deps, id, command, dryRun)));
      for (const [index, id] of ids.entries()) {
        if (dryRun) seen.add(id);
        each(id, results[index]!);
      }
      if (page.ids.length < PAGE) break;
      after = page.last;
    }
  }
}

/** @throws LedgerError `unknown_account` */
export async function runCycle(
  deps: LocalDeps,
  ...[step, account, options = {}]: Parameters<LedgerService['runCycle']>
): Promise<RolloverView> {
  const dryRun = options.dryRun === true;
  const command: Command = { type: 'cycle', step };
  const changes: CycleChangeView[] = [];
  const failed: FailedAccount[] = [];
  let done = 0;
  const accounts = account === null ? await deps.store.countAccounts() : 1;
  const take = (id: string, result: WorkResult) => {
    done += 1;
    if (done % PAGE === 0) options.onProgress?.(done, accounts);
    if (!result.ok) failed.push({ account: id, error: result.error as LedgerError });
    else {
      const { change } = result.decided as Outcome;
      if (change !== null) changes.push({ account: id, ...change });
    }
  };
  if (account === null) {
    const kinds: Due[] = step === 'expire' ? ['sweep'] : step === 'grant' ? ['cycle'] : ['cycle', 'sweep'];
    await onDue(deps, kinds, command, dryRun, take);
  } else {
    const [result] = await deps.store.execute([workFor(deps, account, command, dryRun)]);
    if (!result!.ok) throw result!.error;
    take(account, result!);
  }
  const total = (what: 'granted' | 'expired') =>
    changes.reduce((sum, change) => sum + BigInt(change[what]), 0n);
  return { accounts, granted: total('granted'), expired: total('expired'), changes, failed, dryRun };
}

type Run = (
  account: string,
  command: Command,
  loads: Loads,
  options: WriteOptions,
  target?: Target,
) => Promise<{ decided: Decided; owner: Account }>;

/** @throws LedgerError `unknown_account`, `unknown_lot`, `account_closed`, `key_reused` */
export async function expire(
  deps: LocalDeps,
  account: string | null,
  lot: string | null,
  options: WriteOptions,
  run: Run,
): Promise<ExpiryView> {
  const dryRun = options.dryRun === true;
  if (lot !== null) {
    if (account === null) throw invalid('--lot names a lot of one account: leave --all out');
    return expireLot(account, lot, options, run);
  }
  if (options.key != null) throw invalid('--key needs --lot: a sweep is safe to repeat anyway');
  const command: Command = { type: 'expire', lot: null };
  const sums = { expired: ZERO, lots: [] as string[], holds: [] as string[] };
  const failed: FailedAccount[] = [];
  const take = (id: string, result: WorkResult) => {
    if (!result.ok) failed.push({ account: id, error: result.error as LedgerError });
    else addTo(sums, result.decided as Outcome);
  };
  if (account === null) await onDue(deps, ['sweep'], command, dryRun, take);
  else {
    const [result] = await deps.store.execute([workFor(deps, account, command, dryRun)]);
    if (!result!.ok) throw result!.error;
    take(account, result!);
  }
  const accounts = account === null ? await deps.store.countAccounts() : 1;
  return { accounts, ...sums, receipt: null, failed, dryRun };
}

function addTo(sums: { expired: Microcredits; lots: string[]; holds: string[] }, outcome: Outcome): void {
  const { account } = outcome.state;
  const { swept } = outcome;
  if (swept === null) return;
  sums.expired = add(sums.expired, swept.expired);
  sums.lots.push(...swept.lots.map((no) => lotId(account, no)));
  sums.holds.push(...swept.holds.map((no) => holdId(account, no)));
}

async function expireLot(
  account: string,
  text: string,
  options: WriteOptions,
  run: Run,
): Promise<ExpiryView> {
  const dryRun = options.dryRun === true;
  const id = readId('lot', text);
  if (id === undefined) throw unknownId('lot', text, account);
  const target: Target = { prefix: 'lot', text, tag: id.tag };
  const command: Command = { type: 'expire', lot: id.no };
  const { decided, owner } = await run(account, command, { lot: id.no }, options, target);
  const blank = {
    accounts: 1,
    expired: ZERO,
    lots: [] as string[],
    holds: [] as string[],
    failed: [],
    dryRun,
  };
  if ('replay' in decided) {
    const receipt = answerOf(decided, dryRun, owner);
    return { ...blank, expired: receipt.credits, lots: [text], receipt };
  }
  addTo(blank, decided);
  return { ...blank, receipt: decided.booked.length > 0 ? answerOf(decided, dryRun) : null };
}
