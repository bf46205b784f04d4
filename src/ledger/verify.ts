/**
 * `verify`: everything derived again from the entries, in one snapshot and flat memory. Reads account by account, lets
 * the auditor of the core follow each, and answers with what every check found. Writes nothing.
 *
 * Source: contract 6 (`verify`); a ledger that does not add up is an answer, not a failure.
 */
import { isLedgerError } from '../core/errors.ts';
import { LEDGER_CHAIN } from '../core/ledger/accounts.ts';
import { AccountAudit } from '../core/verify/account-audit.ts';
import type { ChainEnd } from '../core/verify/chain.ts';
import { CHECKS, Faults, isCheck } from '../core/verify/faults.ts';
import { SettingsAudit } from '../core/verify/settings.ts';
import type { SettingFacts } from '../core/verify/stored.ts';
import { LedgerTotals } from '../core/verify/totals.ts';
import { instantText } from '../core/verify/words.ts';
import type { ZoneRules } from '../core/zones.ts';
import type { LocalDeps } from './local-deps.ts';
import type { AccountDump, LedgerDump, LedgerRow } from './store.ts';
import { Pace } from './verify/pace.ts';
import { AccountReader } from './verify/read-account.ts';
import type { Head, VerifyOptions, VerifyView } from './verify-view.ts';

/** Accounts between two reports of progress. */
const PROGRESS_STEP = 100;

/**
 * @returns what every check found; `heads` are the ends of all chains, the ledger's own among them
 * @throws LedgerError `ledger_unreadable` when the file cannot be opened as a ledger at all, `ledger_busy`
 */
export async function verifyStore(deps: LocalDeps, options: VerifyOptions): Promise<VerifyView> {
  const run = new Run(deps, options);
  for (const { check, detail } of await deps.store.inspect()) {
    run.faults.add(isCheck(check) ? check : 'storage', detail);
    run.faults.next();
  }
  const dump = await run.orFault('the ledger', () => deps.store.dump());
  if (dump !== undefined) {
    try {
      await run.all(dump);
    } finally {
      await dump.close();
    }
  }
  return run.view();
}

class Run {
  readonly faults = new Faults();
  readonly #deps: LocalDeps;
  readonly #options: VerifyOptions;
  readonly #totals = new LedgerTotals();
  readonly #settings = new SettingsAudit(this.faults);
  readonly #heads = new Map<string, Head>();
  readonly #pace = new Pace();
  #accounts = 0;
  #entries = 0;
  #isWhole = true;

  constructor(deps: LocalDeps, options: VerifyOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** What cannot be read is a finding; undefined then. */
  async orFault<T>(what: string, read: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!isLedgerError(error) || error.code !== 'ledger_unreadable') throw error;
      this.#isWhole = false;
      this.faults.add('storage', `${what}: ${error.message}`);
      return undefined;
    }
  }

  async all(dump: LedgerDump): Promise<void> {
    const rows = (await this.orFault('the price list', () => dump.settings())) ?? [];
    const ledger = await this.orFault('the table ledger', () => dump.ledger());
    const total = await this.#countAccounts();
    await this.orFault('the table account', async () => {
      for await (const account of dump.accounts()) {
        await this.#account(account, rows, ledger ?? null);
        if (this.#accounts % PROGRESS_STEP === 0) this.#options.onProgress?.(this.#accounts, total);
      }
    });
    if (!this.#heads.has(LEDGER_CHAIN)) this.faults.add('settings', `account ${LEDGER_CHAIN} is missing`);
    // Sums say nothing where a part could not be read.
    if (this.#isWhole) this.#totals.compare(this.faults);
    this.#vanished();
    this.#options.onProgress?.(this.#accounts, this.#accounts);
  }

  async #countAccounts(): Promise<number> {
    if (this.#options.onProgress === undefined) return 0;
    return (await this.orFault('the table account', () => this.#deps.store.countAccounts())) ?? 0;
  }

  async #account(dump: AccountDump, rows: readonly SettingFacts[], ledger: LedgerRow | null): Promise<void> {
    const { no, id, zone } = dump.account;
    const isLedger = no === 0;
    // The price list comes from the ledger's own chain; without one the tables are all there is.
    if (!isLedger && this.#heads.size === 0) this.#settings.learn(rows);
    this.faults.next();
    const audit = new AccountAudit(
      dump,
      {
        faults: this.faults,
        totals: this.#totals,
        prices: this.#settings.prices,
        zones: await this.#zones(zone),
      },
      {
        sha256: this.#deps.sha256,
        saved: this.#saved(id),
        settings: isLedger ? this.#settings : null,
        tokens: this.#settings.tokens,
        mode: this.#settings.mode ?? ledger?.mode,
      },
    );
    const reader = new AccountReader(dump, audit);
    const isRead = await this.orFault(`account ${id}`, async () => {
      await reader.read(this.#pace);
      return true;
    });
    this.#entries += reader.entries;
    // What a half-read account lacks says nothing.
    const { receiptSeq: seq, head: hash } = dump.account;
    this.#end(id, isRead === true ? audit.finish() : { seq, hash });
    if (!isLedger) this.#accounts += 1;
    else if (isRead === true) {
      this.faults.next();
      this.#settings.compare(rows);
      this.#compareLedger(dump, ledger);
    }
  }

  async #zones(zone: string): Promise<ZoneRules> {
    const { zones, loadZones } = this.#deps;
    return zones.isZone(zone) ? zones : loadZones();
  }

  #saved(id: string): ChainEnd | undefined {
    const { heads = {} } = this.#options;
    return Object.hasOwn(heads, id) ? heads[id] : undefined;
  }

  #end(id: string, head: ChainEnd): void {
    if (this.#heads.has(id)) this.faults.add('projection', `account ${id}: there is a second one of this id`);
    this.#heads.set(id, head);
  }

  #compareLedger({ account }: AccountDump, ledger: LedgerRow | null): void {
    const say = (text: string): void => this.faults.add('settings', `ledger: ${text}`);
    if (ledger === null) {
      say('its row is missing');
      return;
    }
    if (ledger.createdAt !== account.createdAt) {
      const made = instantText(account.createdAt);
      say(`created_at is ${instantText(ledger.createdAt)}, its own chain begins at ${made}`);
    }
    const { mode } = this.#settings;
    if (mode !== undefined && mode !== ledger.mode) say(`mode is ${ledger.mode}, it was made as ${mode}`);
  }

  /** Accounts of an earlier run that are not there any more. */
  #vanished(): void {
    for (const [id, { seq }] of Object.entries(this.#options.heads ?? {})) {
      if (this.#heads.has(id)) continue;
      this.faults.add('heads', `account ${id}: it is missing, the saved heads have ${seq} receipts of it`);
    }
  }

  view(): VerifyView {
    const shown = CHECKS.filter((id) => id !== 'heads' || this.#options.heads !== undefined);
    return {
      ok: this.faults.none,
      accounts: this.#accounts,
      entries: this.#entries,
      checks: shown.map((id) => {
        const detail = this.faults.linesOf(id);
        return { id, ok: detail === undefined, detail: detail ?? [] };
      }),
      heads: Object.fromEntries(this.#heads),
    };
  }
}
