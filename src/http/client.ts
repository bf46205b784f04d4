/**
 * A ledger that another machine serves: every method asks the route of the same name. Front ends cannot tell it from one on
 * this machine.
 *
 * A write without a key gets one here where the ledger does the same with and without, so that a lost answer can be asked
 * for again; such a receipt is never shown as replayed, since nobody but this request knows its key.
 */
import type { Catalogue } from '../core/catalogue.ts';
import { readId, unknownId } from '../core/ids.ts';
import { formatInstant } from '../core/time.ts';
import type { Instant } from '../core/types.ts';
import type { AccessRole } from '../ledger/access-tokens.ts';
import type * as Views from '../ledger/service.ts';
import type { LedgerInfo, LedgerService, WriteOptions } from '../ledger/service.ts';
import { Asker, type Question } from './client/ask.ts';
import { RemotePayments } from './client/payments.ts';
import { Transport, type TransportOptions } from './client/transport.ts';

export interface RemoteOptions extends TransportOptions {
  /** The clock to book with, `--now`; null: the server's. */
  readonly now: Instant | null;
  /** The wall clock here, epoch ms. */
  readonly clock: () => Instant;
  /** A key nobody else makes. */
  readonly newKey: () => string;
}

/** What a server says of itself and of the token. `account` null: the token is for all of them. */
export interface RemoteAccess {
  readonly mode: LedgerInfo['mode'];
  readonly now: Instant;
  readonly token: string;
  readonly role: AccessRole;
  readonly account: string | null;
}

/**
 * Opens a served ledger.
 * @throws LedgerError `unauthenticated`, `remote_unreachable`, `invalid_argument` (nothing of ours is there)
 */
export async function openRemote(options: RemoteOptions): Promise<RemoteLedger> {
  const transport = new Transport(options);
  const now = options.now === null ? null : formatInstant(options.now);
  const asker = new Asker({ transport, url: options.url, now, newKey: options.newKey });
  try {
    const { value } = await asker.ask('ledger', {});
    return new RemoteLedger(options, transport, asker, value as RemoteAccess);
  } catch (error) {
    transport.close();
    throw error;
  }
}

type Method<Name extends keyof LedgerService> = LedgerService[Name] extends (...args: never[]) => infer R
  ? Awaited<R>
  : never;

export class RemoteLedger extends RemotePayments implements LedgerService {
  readonly info: LedgerInfo;
  readonly access: RemoteAccess;
  readonly #options: RemoteOptions;
  readonly #transport: Transport;
  readonly #openedAt: Instant;

  constructor(options: RemoteOptions, transport: Transport, asker: Asker, access: RemoteAccess) {
    super(asker);
    const own = access.account === null ? {} : { ownAccount: access.account };
    this.info = { location: options.url, mode: access.mode, ...own };
    this.access = access;
    this.#options = options;
    this.#transport = transport;
    this.#openedAt = options.clock();
  }

  /** The server's clock, as far as it can be told from here. */
  now(): Instant {
    return this.#options.now ?? this.access.now + (this.#options.clock() - this.#openedAt);
  }

  catalogue(): Promise<Catalogue> {
    return this.#ask('catalogue', {});
  }

  spend(account: string, input: Views.SpendInput, options: WriteOptions = {}) {
    return this.#book('spend', { account, body: input, options });
  }

  async spendMany(items: readonly Views.SpendItem[], { dryRun = false }: { dryRun?: boolean } = {}) {
    if (items.length === 0) return [];
    const answers = await this.asker.batch('spendMany', items, { options: { dryRun } });
    return answers as Views.ItemResult[];
  }

  hold(account: string, input: Views.HoldInput, options: WriteOptions = {}) {
    return this.#book('hold', { account, body: input, options });
  }

  async settle(account: string, { hold, ...body }: Views.SettleInput, options: WriteOptions = {}) {
    requireId('hold', hold, account);
    return this.#book('settle', { account, params: { hold }, body, options });
  }

  async release(
    account: string,
    { hold, note }: { readonly hold: string; readonly note: string | null },
    options: WriteOptions = {},
  ) {
    requireId('hold', hold, account);
    return this.#book('release', { account, params: { hold }, body: { note }, options });
  }

  grant(account: string, input: Views.GrantInput, options: WriteOptions = {}) {
    return this.#book('grant', { account, body: input, options });
  }

  async revoke(
    account: string,
    { lot, note }: { readonly lot: string; readonly note: string | null },
    options: WriteOptions = {},
  ) {
    requireId('lot', lot, account);
    return this.#book('revoke', { account, params: { lot }, body: { note }, options });
  }

  async expire(account: string | null, lot: string | null, options: WriteOptions = {}) {
    if (lot === null) return this.#about<'expire'>('expire', account, { options });
    if (account !== null) requireId('lot', lot, account);
    return this.#ask<'expire'>('expireLot', { account, params: { lot }, options });
  }

  runCycle(...[step, account, options = {}]: Parameters<LedgerService['runCycle']>) {
    const { onProgress, ...rest } = options;
    return this.#about<'runCycle'>(`cycle.${step}`, account, { options: rest, onProgress });
  }

  setPlan(...[account, body, options = {}]: Parameters<LedgerService['setPlan']>) {
    const { confirmed = false } = options;
    const question = { account, body: confirmed ? { ...body, confirmed } : body, options };
    return this.#ask<'setPlan'>('setPlan', question);
  }

  balance(account: string, asOf: Instant | null = null) {
    return this.#ask<'balance'>('balance', { account, query: given({ asOf }) });
  }

  async holds(account: string, all: boolean, asOf: Instant | null = null) {
    const { value } = await this.asker.ask('holds', { account, query: given({ all, asOf }) });
    return (value as { readonly holds: Views.HoldView[] }).holds;
  }

  async tokenRecords(account: string) {
    const { value } = await this.asker.ask('tokenRecords', { account });
    return (value as { readonly records: Method<'tokenRecords'> }).records;
  }

  cycle(account: string) {
    return this.#ask<'cycle'>('cycle', { account });
  }

  plan(account: string) {
    return this.#ask<'plan'>('plan', { account });
  }

  async plans() {
    const { value } = await this.asker.ask('plans', {});
    return (value as { readonly plans: Method<'plans'> }).plans;
  }

  async packages() {
    const { value } = await this.asker.ask('packages', {});
    return (value as { readonly packages: Method<'packages'> }).packages;
  }

  async log(account: string, query: Views.LogQuery) {
    const { value } = await this.asker.ask('log', { account, query: given({ ...query }) });
    return (value as { readonly entries: Views.EntryView[] }).entries;
  }

  usage(account: string, { by, since, until, trend }: Views.UsageQuery) {
    const words = given({ ...boundWords('since', since), ...boundWords('until', until), trend });
    if (by === 'account') return this.#ask<'usage'>('ledger.usage', { query: words });
    return this.#ask<'usage'>('usage', { account, query: { by, ...words } });
  }

  forecast(account: string, days: number) {
    return this.#ask<'forecast'>('forecast', { account, query: { days } });
  }

  async accounts({
    after = null,
    limit = 100,
  }: {
    readonly after?: string | null;
    readonly limit?: number;
  } = {}) {
    const { value } = await this.asker.ask('accounts', { query: given({ after, limit }) });
    return (value as { readonly accounts: Views.AccountView[] }).accounts;
  }

  account(id: string) {
    return this.#ask<'account'>('account', { account: id });
  }

  openAccount(
    { account, plan, zone: timezone, anchorAt: anchor }: Views.OpenInput,
    options: WriteOptions = {},
  ) {
    return this.#ask<'openAccount'>('openAccount', { body: { account, plan, timezone, anchor }, options });
  }

  closeAccount(account: string, options: WriteOptions = {}) {
    return this.#book('closeAccount', { account, options });
  }

  byok(account: string) {
    return this.#ask<'byok'>('byok', { account });
  }

  changeByok(account: string, body: Views.ByokInput, options: WriteOptions = {}) {
    return this.#ask<'changeByok'>('changeByok', { account, body, options });
  }

  setModel(body: Views.ModelSetInput, options: WriteOptions = {}) {
    return this.setting('setModel', { body, options });
  }

  aliasModel(body: { readonly alias: string; readonly model: string }, options: WriteOptions = {}) {
    return this.setting('aliasModel', { body, options });
  }

  importModels(models: Parameters<LedgerService['importModels']>[0], options: WriteOptions = {}) {
    return this.setting('importModels', { body: { models }, options });
  }

  definePlan(
    { monthly: monthlyCredits, ...body }: Parameters<LedgerService['definePlan']>[0],
    options: WriteOptions = {},
  ) {
    return this.setting('definePlan', { body: { ...body, monthlyCredits }, options });
  }

  exportRows<What extends Views.ExportWhat>(what: What, account: string | null) {
    const name = account === null ? `ledger.export.${what}` : `export.${what}`;
    const pages = this.asker.lines(name, { account });
    return pages as AsyncIterable<readonly Views.ExportRows[What][]>;
  }

  exportLedger() {
    return this.asker.lines('ledger.export', {}) as AsyncIterable<readonly Views.LedgerLine[]>;
  }

  verify({ heads, onProgress }: Parameters<LedgerService['verify']>[0] = {}) {
    return this.#ask<'verify'>('verify', { body: given({ heads }), onProgress });
  }

  async close(): Promise<void> {
    this.#transport.close();
  }

  async #ask<Name extends keyof LedgerService>(name: string, question: Question): Promise<Method<Name>> {
    const { value } = await this.asker.ask(name, question);
    return value as Method<Name>;
  }

  /** The route of one account, or of all. */
  #about<Name extends keyof LedgerService>(
    name: string,
    account: string | null,
    question: Question,
  ): Promise<Method<Name>> {
    return account === null
      ? this.#ask(`ledger.${name}`, question)
      : this.#ask(name, { ...question, account });
  }

  async #book(name: string, question: Question): Promise<Views.ReceiptView> {
    const { value, ownKey } = await this.asker.ask(name, question);
    const receipt = value as Views.ReceiptView;
    return ownKey ? { ...receipt, replayed: false } : receipt;
  }
}

const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

/** A bound of a report as words of a query. */
function boundWords(name: 'since' | 'until', bound: Views.TimeBound | null): Record<string, unknown> {
  if (bound === null) return {};
  return typeof bound === 'object' ? { [`${name}Day`]: bound.day } : { [name]: bound };
}

/** As the ledger itself: what has not the shape of an id is of no account. @throws LedgerError `unknown_hold`, `unknown_lot` */
function requireId(prefix: 'lot' | 'hold', id: string, account: string): void {
  if (readId(prefix, id) === undefined) throw unknownId(prefix, id, account);
}
