/**
 * A ledger over a store: turns requests into commands, lets the core decide inside the store's transaction and answers
 * with views. All rules are the core's; what is here is keys, ids and batches.
 */
import type { Catalogue, PackageRow, PlanRow } from '../core/catalogue.ts';
import type { LedgerError } from '../core/errors.ts';
import { readId, unknownId } from '../core/ids.ts';
import type { Command } from '../core/ledger/commands.ts';
import { decide } from '../core/ledger/decide.ts';
import type { TokenRecord } from '../core/token-corrections.ts';
import type { Account, Instant, PlanState } from '../core/types.ts';
import { dueBooked } from './due-booked.ts';
import { exportAccountRows, exportLedger } from './export/local-export.ts';
import type { ExportWhat } from './export/rows.ts';
import { readForecast } from './forecast.ts';
import { importModels } from './import-models.ts';
import { closeAccount, openAccount } from './local-accounts.ts';
import { readBalance } from './local-balance.ts';
import { changeByok, readByok } from './local-byok.ts';
import { answerOf, contextOf, type LocalDeps, refuseFuture } from './local-deps.ts';
import { requireSameRequest } from './local-keys.ts';
import { LocalPayments } from './local-payments.ts';
import { readAccount, readAccounts, readCycle, readHolds, readLog, readPlan } from './local-reads.ts';
import { aliasModel, definePlan, setModel } from './local-settings.ts';
import { expire, runCycle } from './local-sweeps.ts';
import { earlierTexts, requestText } from './requests.ts';
import type {
  ByokInput,
  GrantInput,
  HoldInput,
  ItemResult,
  LedgerInfo,
  LedgerService,
  LogQuery,
  ModelSetInput,
  OpenInput,
  PlanChangeView,
  ReceiptView,
  SettleInput,
  SpendInput,
  SpendItem,
  WriteOptions,
} from './service.ts';
import type { Decided, Loaded, Loads, Replay, Work } from './store.ts';
import type { Target } from './target.ts';
import { readUsage } from './usage.ts';
import type { UsageQuery } from './usage-view.ts';
import { verifyStore } from './verify.ts';
import type { VerifyOptions } from './verify-view.ts';

/** Latest holds of an account that are looked at for what estimates learn: the same few milliseconds on any ledger. */
const RECORDED_HOLDS = 1_000;

export class LocalLedger extends LocalPayments implements LedgerService {
  readonly info: LedgerInfo;

  constructor(deps: LocalDeps) {
    super(deps);
    this.info = { location: deps.store.location, mode: deps.store.mode };
  }

  now(): Instant {
    return this.deps.now();
  }

  catalogue(): Promise<Catalogue> {
    return this.deps.store.catalogue();
  }

  spend(account: string, input: SpendInput, options: WriteOptions = {}): Promise<ReceiptView> {
    return this.#write(account, { type: 'spend', ...input }, {}, options);
  }

  async spendMany(items: readonly SpendItem[], options: { dryRun?: boolean } = {}): Promise<ItemResult[]> {
    const accounts: (Account | undefined)[] = [];
    const works = items.map((item, index) =>
      this.#work(
        item.account,
        { type: 'spend', ...item.input },
        {},
        { key: item.key, ...options },
        (account) => {
          accounts[index] = account;
        },
      ),
    );
    const results = await this.deps.store.execute(works);
    return results.map((result, index): ItemResult => {
      if (!result.ok) return { status: 'refused', error: result.error as LedgerError };
      const receipt = answerOf(result.decided, options.dryRun === true, accounts[index]);
      return { status: receipt.replayed ? 'replayed' : 'booked', receipt };
    });
  }

  hold(account: string, input: HoldInput, options: WriteOptions = {}): Promise<ReceiptView> {
    return this.#write(account, { type: 'hold', ...input }, {}, options);
  }

  settle(account: string, input: SettleInput, options: WriteOptions = {}): Promise<ReceiptView> {
    return this.#onHold(account, input.hold, (hold) => ({ type: 'settle', ...input, hold }), options);
  }

  release(
    account: string,
    input: { readonly hold: string; readonly note: string | null },
    options: WriteOptions = {},
  ): Promise<ReceiptView> {
    return this.#onHold(
      account,
      input.hold,
      (hold) => ({ type: 'release', note: input.note, hold }),
      options,
    );
  }

  grant(account: string, input: GrantInput, options: WriteOptions = {}): Promise<ReceiptView> {
    return this.#write(account, { type: 'grant', ...input }, {}, options);
  }

  async revoke(
    account: string,
    input: { readonly lot: string; readonly note: string | null },
    options: WriteOptions = {},
  ): Promise<ReceiptView> {
    const { no, tag } = requireId('lot', input.lot, account);
    const command: Command = { type: 'revoke', lot: no, note: input.note };
    return this.#write(account, command, { lot: no }, options, { prefix: 'lot', text: input.lot, tag });
  }

  expire(account: string | null, lot: string | null, options: WriteOptions = {}) {
    return expire(this.deps, account, lot, options, (...args) => this.#run(...args));
  }

  runCycle(...args: Parameters<LedgerService['runCycle']>) {
    return runCycle(this.deps, ...args);
  }

  async setPlan(
    account: string,
    input: { readonly plan: string; readonly mode: 'prorate' | 'restart' | 'next-cycle' | null },
    options: WriteOptions = {},
  ): Promise<PlanChangeView> {
    const paid = await this.setPaidPlan(account, input, options);
    if (paid !== undefined) return paid;
    const command: Command = { type: 'plan', plan: input.plan, mode: input.mode };
    const { decided, owner } = await this.#run(account, command, { cycleLots: true }, options);
    const changed = 'replay' in decided || decided.booked.at(-1)?.receipt.kind === 'plan_change';
    const receipt = changed ? answerOf(decided, options.dryRun === true, owner) : null;
    const stood = 'replay' in decided ? planAfter(owner, decided.replay) : decided.state.account;
    const view = await readPlan(this.deps, account, { account: stood, at: stood.lastAt });
    return {
      ...view,
      effectiveAt: view.pending?.at ?? receipt?.at ?? this.now(),
      receipt,
      booked: dueBooked(decided),
    };
  }

  balance(account: string, asOf: Instant | null = null) {
    return readBalance(this.deps, account, asOf);
  }

  holds(account: string, all: boolean, asOf: Instant | null = null) {
    return readHolds(this.deps, account, all, asOf);
  }

  async tokenRecords(account: string): Promise<TokenRecord[]> {
    const { state } = await this.deps.store.read(account);
    return this.deps.store.tokenRecords(state.account, RECORDED_HOLDS);
  }

  cycle(account: string) {
    return readCycle(this.deps, account);
  }

  async plans(): Promise<PlanRow[]> {
    return (await this.catalogue()).plansAt(this.now());
  }

  async packages(): Promise<PackageRow[]> {
    return (await this.catalogue()).packagesAt(this.now());
  }

  log(account: string, query: LogQuery) {
    return readLog(this.deps, account, query);
  }

  usage(account: string, query: UsageQuery) {
    return readUsage(this.deps, account, query);
  }

  forecast(account: string, days: number) {
    return readForecast(this.deps, account, days);
  }

  accounts(page: { readonly after?: string | null; readonly limit?: number } = {}) {
    return readAccounts(this.deps, page);
  }

  account(id: string) {
    return readAccount(this.deps, id);
  }

  openAccount(input: OpenInput, options: WriteOptions = {}) {
    return openAccount(this.deps, input, options);
  }

  closeAccount(account: string, options: WriteOptions = {}): Promise<ReceiptView> {
    return closeAccount(account, options, (...args) => this.#write(...args));
  }

  byok(account: string) {
    return readByok(this.deps, account);
  }

  changeByok(account: string, input: ByokInput, options: WriteOptions = {}) {
    return changeByok(this.deps, account, input, options);
  }

  setModel(input: ModelSetInput, options: WriteOptions = {}) {
    return setModel(this.deps, input, options);
  }

  aliasModel(input: { readonly alias: string; readonly model: string }, options: WriteOptions = {}) {
    return aliasModel(this.deps, input, options);
  }

  importModels(models: Parameters<LedgerService['importModels']>[0], options: WriteOptions = {}) {
    return importModels(this.deps, models, options);
  }

  definePlan(input: Parameters<LedgerService['definePlan']>[0], options: WriteOptions = {}) {
    return definePlan(this.deps, input, options);
  }

  exportRows<What extends ExportWhat>(what: What, account: string | null) {
    return exportAccountRows(this.deps, what, account);
  }

  exportLedger() {
    return exportLedger(this.deps);
  }

  verify(options: VerifyOptions = {}) {
    return verifyStore(this.deps, options);
  }

  async #onHold(
    account: string,
    text: string,
    command: (hold: number) => Command,
    options: WriteOptions,
  ): Promise<ReceiptView> {
    const { no, tag } = requireId('hold', text, account);
    return this.#write(account, command(no), { hold: no }, options, { prefix: 'hold', text, tag });
  }

  async #write(
    account: string,
    command: Command,
    loads: Loads,
    options: WriteOptions,
    target?: Target,
  ): Promise<ReceiptView> {
    const { decided, owner } = await this.#run(account, command, loads, options, target);
    return answerOf(decided, options.dryRun === true, owner);
  }

  async #run(account: string, command: Command, loads: Loads, options: WriteOptions, target?: Target) {
    let owner: Account | undefined;
    const work = this.#work(
      account,
      command,
      loads,
      options,
      (found) => {
        owner = found;
      },
      target,
    );
    const [result] = await this.deps.store.execute([work]);
    if (!result!.ok) throw result!.error;
    return { decided: result!.decided, owner: owner! };
  }

  #work(
    account: string,
    command: Command,
    loads: Loads,
    { key = null, dryRun = false }: WriteOptions,
    seen: (account: Account) => void,
    target?: Target,
  ): Work {
    const deps = this.deps;
    const now = deps.now();
    return {
      account,
      now,
      loads: { ...loads, key },
      dryRun,
      decide: (loaded) => {
        const owner = loaded.state.account;
        seen(owner);
        if (target !== undefined && target.tag !== owner.tag) {
          throw unknownId(target.prefix, target.text, owner.id);
        }
        return decideOnce(deps, loaded, command, now, key);
      },
    };
  }
}

/** The account's plan as a receipt left it: a repeated request gets the answer it got then. */
function planAfter(account: Account, { booked }: Replay): Account {
  const { at, detail } = booked.receipt;
  return { ...account, ...(detail?.plan as PlanState | undefined), lastAt: at };
}

function requireId(prefix: 'lot' | 'hold', text: string, account: string): { no: number; tag: string } {
  const id = readId(prefix, text);
  if (id === undefined) throw unknownId(prefix, text, account);
  return id;
}

/** Answers a known key with its receipt; else decides. The key comes before everything that depends on state or clock. */
function decideOnce(
  deps: LocalDeps,
  { state, replay, catalogue }: Loaded,
  command: Command,
  now: Instant,
  key: string | null,
): Decided {
  const request = key === null ? null : deps.sha256(requestText(command, catalogue));
  if (replay !== null) {
    requireSameRequest(replay, request, key, () => earlierTexts(command, catalogue).map(deps.sha256));
    return { replay };
  }
  refuseFuture(deps.store.mode, now, deps.wall());
  return decide(state, command, now, contextOf(deps, catalogue), { key, request });
}
