/** Opening and closing accounts. Source: contract 4, 5.8, 5.12; 6 (`init`, `accounts`). */
import { invalid } from '../core/errors.ts';
import { receiptId } from '../core/ids.ts';
import { decideOpen, requireAccountId } from '../core/ledger/accounts.ts';
import type { Command } from '../core/ledger/commands.ts';
import type { Instant } from '../core/types.ts';
import { UTC, type ZoneRules } from '../core/zones.ts';
import { type LocalDeps, writeClock } from './local-deps.ts';
import { accountView } from './local-reads.ts';
import type { OpenInput, ReceiptView, WriteOptions } from './service.ts';
import type { Loads, NewAccountWork } from './store.ts';

/**
 * The work that opens an account; also the first account of a new ledger.
 * @throws LedgerError `invalid_argument` (id or zone)
 */
export function openWork(
  { account, plan, zone: zoneName, anchorAt }: OpenInput,
  at: Instant,
  zones: ZoneRules,
  dryRun: boolean,
): NewAccountWork {
  requireAccountId(account);
  const zone = zones.canonicalZone(zoneName);
  if (zone === undefined) {
    throw invalid(`no time zone is called ${JSON.stringify(zoneName)}`, 'for example Europe/Berlin or UTC');
  }
  return {
    account,
    zone,
    createdAt: at,
    dryRun,
    decide: (facts, catalogue) => ({
      ...decideOpen({ ...facts, id: account, zone, plan, anchorAt }, at, { catalogue, zones }),
      swept: null,
      change: null,
    }),
  };
}

/** @throws LedgerError `account_exists`, `unknown_plan`, `invalid_argument` */
export async function openAccount(deps: LocalDeps, input: OpenInput, options: WriteOptions) {
  if (options.key != null) throw invalid('accounts create takes no --key: an account is opened once anyway');
  const zones = input.zone === UTC ? deps.zones : await deps.loadZones();
  const work = openWork(input, writeClock(deps), zones, options.dryRun === true);
  const outcome = await deps.store.openAccount(work);
  const { account } = outcome.state;
  const context = { catalogue: await deps.store.catalogue(), zones };
  const receipt = options.dryRun === true ? null : receiptId(account, outcome.booked[0]!.receipt.seq);
  return { ...accountView(outcome.state, deps.now(), context), receipt };
}

/** @throws LedgerError `unknown_account`, `account_closed` */
export function closeAccount(
  account: string,
  options: WriteOptions,
  write: (account: string, command: Command, loads: Loads, options: WriteOptions) => Promise<ReceiptView>,
): Promise<ReceiptView> {
  return write(account, { type: 'close' }, {}, options);
}
