/**
 * What everything about payments works with: the ledger's parts, the provider once it is needed, and one way to let the core
 * decide about an account's wallet inside the store's transaction.
 */
import { add, ZERO } from '../../core/credits.ts';
import { LedgerError } from '../../core/errors.ts';
import { LEDGER_CHAIN } from '../../core/ledger/accounts.ts';
import { Booking } from '../../core/ledger/booking.ts';
import type { PlanContext } from '../../core/plans.ts';
import type { Account, AccountState, Instant } from '../../core/types.ts';
import { type Attempt, applyChange, bothChanges, type Wallet, type WalletChange } from '../../core/wallet.ts';
import { contextOf, type LocalDeps } from '../local-deps.ts';
import type { Decided, Replay, Work } from '../store.ts';
import type { PaymentProvider } from './provider.ts';
import { nothing } from './topup-policy.ts';

/** How payments are reached. */
export interface PaymentAccess {
  /** Opens the provider that environment and ledger mode ask for. @throws LedgerError `mode_mismatch`, `invalid_argument` */
  open(): Promise<PaymentProvider>;
  /** Secrets of webhooks, newest first. */
  readonly webhookSecrets: () => Promise<readonly string[]>;
  /** Plan → its price at the provider; empty where plans are not sold. */
  readonly planPrices?: () => Promise<ReadonlyMap<string, string>>;
  /** A new random word for what has no number yet. */
  reference(): string;
}

/** What a decision about a wallet is given. */
export interface WalletLoaded {
  readonly booking: Booking;
  readonly wallet: Wallet;
  readonly context: PlanContext;
  readonly replay: Replay | null;
}

/** What it answers: rows that changed, and whatever its caller wants to know. */
export interface WalletDecision<T> {
  readonly change: WalletChange | undefined;
  readonly value: T;
}

/** What to load beside the wallet. */
export interface WalletLoads {
  readonly attempt?: number | null;
  readonly lot?: number | null;
  readonly lots?: readonly number[];
  readonly key?: string | null;
  readonly dryRun?: boolean;
}

/** The account and its wallet after a decision. */
export interface WalletOutcome<T> {
  readonly value: T;
  readonly state: AccountState;
  readonly wallet: Wallet;
  readonly decided: Decided;
}

export class PaymentRun {
  readonly deps: LocalDeps;
  readonly #access: PaymentAccess;
  #provider: Promise<PaymentProvider> | undefined;
  /** Credits that this run has booked. */
  readonly moved = { granted: ZERO, clawed: ZERO, reinstated: ZERO };
  /** Closed accounts that this run booked paid credits to. */
  readonly closed = new Set<string>();

  constructor(deps: LocalDeps, access: PaymentAccess) {
    this.deps = deps;
    this.#access = access;
  }

  webhookSecrets(): Promise<readonly string[]> {
    return this.#access.webhookSecrets();
  }

  /** A run of its own, which counts what it books; the provider is the same. */
  alone(): PaymentRun {
    const run = new PaymentRun(this.deps, this.#access);
    run.#provider = this.provider();
    return run;
  }

  async planPrices(): Promise<ReadonlyMap<string, string>> {
    return (await this.#access.planPrices?.()) ?? new Map();
  }

  provider(): Promise<PaymentProvider> {
    this.#provider ??= this.#access.open();
    return this.#provider;
  }

  reference(): string {
    return this.#access.reference();
  }

  now(): Instant {
    return this.deps.now();
  }

  get author(): { readonly by: string } {
    return { by: this.deps.actor };
  }

  /** The id that objects of this ledger's account carry at the provider; those of another ledger carry another. */
  async installation(account: Pick<Account, 'tag'>): Promise<string> {
    const { createdAt } = (await this.deps.store.read(LEDGER_CHAIN)).state.account;
    return this.deps.sha256(JSON.stringify(['credits/installation/1', createdAt, account.tag])).slice(0, 32);
  }

  async account(id: string): Promise<Account> {
    return (await this.deps.store.read(id)).state.account;
  }

  /** @throws LedgerError `integrity_failure` when there is no such attempt */
  async attempt(id: string, no: number): Promise<Attempt> {
    const found = await this.deps.store.payments.attempt(await this.account(id), no);
    if (found === null) throw new LedgerError('integrity_failure', `account ${id} has no attempt ${no}`);
    return found;
  }

  /**
   * Lets the core decide about an account's wallet, in one transaction. A decision that books nothing writes nothing.
   * @param decide books on the booking it is given; its refusals pass through and leave nothing behind
   */
  async decide<T>(
    id: string,
    loads: WalletLoads,
    decide: (loaded: WalletLoaded) => WalletDecision<T>,
  ): Promise<WalletOutcome<T>> {
    const now = this.now();
    const { zone } = await this.account(id);
    const zones = this.deps.zones.isZone(zone) ? this.deps.zones : await this.deps.loadZones();
    let outcome: Omit<WalletOutcome<T>, 'decided'> | undefined;
    const work: Work = {
      account: id,
      now,
      loads: {
        key: loads.key ?? null,
        lot: loads.lot ?? null,
        lots: loads.lots ?? [],
        wallet: { attempt: loads.attempt ?? null },
      },
      dryRun: loads.dryRun === true,
      decide: ({ state, catalogue, wallet, replay }) => {
        const booking = new Booking(state, now);
        const context = { ...contextOf(this.deps, catalogue), zones };
        const { change, value } = decide({ booking, wallet, context, replay });
        const done = booking.done();
        const next = done.booked.length === 0 ? nothing(state) : done;
        const both = bothChanges(next.wallet ?? {}, change ?? {});
        outcome = { value, state: next.state, wallet: applyChange(wallet, both) };
        return replay === null ? { ...next, swept: null, change: null, wallet: both } : { replay };
      },
    };
    const [result] = await this.deps.store.execute([work]);
    if (!result!.ok) throw result!.error;
    if (loads.dryRun !== true) this.#count(result!.decided);
    return { ...outcome!, decided: result!.decided };
  }

  #count(decided: Decided): void {
    if ('replay' in decided) return;
    for (const { receipt } of decided.booked) {
      const { kind, credits, detail } = receipt;
      const isSold = kind === 'grant' || (kind === 'plan_change' && detail?.invoice !== undefined);
      if (isSold && decided.state.account.closedAt !== null) this.closed.add(decided.state.account.id);
      if (isSold) this.moved.granted = add(this.moved.granted, credits);
      else if (kind === 'clawback') this.moved.clawed = add(this.moved.clawed, credits);
      else if (kind === 'reinstate') this.moved.reinstated = add(this.moved.reinstated, credits);
    }
  }

  async close(): Promise<void> {
    const provider = await this.#provider?.catch(() => undefined);
    await provider?.close();
  }
}
