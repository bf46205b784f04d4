/**
 * Sees every commit, whoever hears of it, and holds the ledger to it: receipts fold to the rows that are stored, every key
 * books once, no receipt goes, and an account that no money moves in is what the naive model says it is.
 */
import { isLedgerError, type LedgerError } from '../../src/core/errors.ts';
import { Fold } from '../../src/core/fold.ts';
import { LEDGER_CHAIN } from '../../src/core/ledger/accounts.ts';
import type { Command } from '../../src/core/ledger/commands.ts';
import type { Outcome } from '../../src/core/ledger/decide.ts';
import { projectTo } from '../../src/core/ledger/sweep.ts';
import type { AccountState, Booked } from '../../src/core/types.ts';
import { stateAt } from '../../src/ledger/as-of.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import type { LocalDeps } from '../../src/ledger/local-deps.ts';
import type { ReceiptView } from '../../src/ledger/service.ts';
import type { NewAccountWork, SettingRow, Store, Work, WorkResult } from '../../src/ledger/store.ts';
import { Audit } from '../helpers/audit.ts';
import { NaiveAccount } from '../helpers/naive-model.ts';
import type { NaiveAnswer, NaivePrices, NaiveStep } from '../helpers/naive-steps.ts';
import { answerOf, microOf, same, show, told } from '../helpers/pair-words.ts';

/** One account as its receipts tell it. */
export interface Witnessed {
  readonly id: string;
  readonly tag: string;
  readonly fold: Fold;
  readonly audit: Audit;
  readonly booked: Booked[];
  /** Absent where money moves, and once money has moved. */
  readonly model: NaiveAccount | null;
  /** Latest clock of a work on it. */
  now: number;
  readonly remembered: Moment[];
}

/** How an account was at an instant at which nothing more can be booked. */
interface Moment {
  readonly at: number;
  readonly seen: unknown;
}

/** One work in so many is preceded by a moment that is remembered; of each account so many are. */
const REMEMBER = { oneIn: 4, most: 6 } as const;

/** What there is in all. */
interface Sums {
  readonly available: number | bigint;
  readonly held: number | bigint;
  readonly debt: number | bigint;
}

/** Past the end of every cycle and hold that there is, ms. */
const FAR = 40 * 86_400_000;

/** What the model does for a work; null: the work must change nothing of a modelled account. */
export type StepOf = (account: string, index: number) => NaiveStep | null;

const bare = ({ account, lots, holds }: AccountState): AccountState => ({
  account: { ...account, head: '' },
  lots,
  holds,
});

export class Witness {
  readonly accounts = new Map<string, Witnessed>();
  /** What was met, to tell a rule that no run ever reached. */
  readonly reached: Map<string, number>;
  readonly #store: Store;
  readonly #prices: NaivePrices;
  readonly #keys = new Map<string, Booked>();
  /** What a key was bound to. */
  readonly #asked = new Map<string, string>();
  readonly #touched = new Set<string>();
  #works = 0;

  constructor(store: Store, prices: NaivePrices, reached: Map<string, number>) {
    this.#store = store;
    this.#prices = prices;
    this.reached = reached;
  }

  count(event: string): void {
    this.reached.set(event, (this.reached.get(event) ?? 0) + 1);
  }

  /** The receipt that a key was bound to. */
  bound(account: string, key: string): Booked | undefined {
    return this.#keys.get(`${account} ${key}`);
  }

  /** @param modelled whether the naive model stands beside it */
  opened(work: NewAccountWork, outcome: Outcome, modelled: boolean, anchorAt: number): void {
    const { account } = outcome.state;
    const { id, tag, no, zone } = account;
    const fold = new Fold({ no, id, tag, head: '', zone, createdAt: work.createdAt });
    const model = modelled
      ? new NaiveAccount(this.#prices, zone, account.plan, anchorAt, work.createdAt)
      : null;
    const now = work.createdAt;
    const one: Witnessed = { id, tag, fold, audit: new Audit(), booked: [], model, now, remembered: [] };
    this.accounts.set(id, one);
    this.#book(one, outcome.booked);
  }

  /** An answer that somebody got: its receipt must have been committed. */
  acknowledged(answer: unknown): void {
    const views = Array.isArray(answer) ? answer.map((item) => item.receipt) : [answer];
    for (const view of views as Partial<ReceiptView>[]) {
      if (typeof view?.receipt !== 'string' || view.slices === undefined || view.dryRun) continue;
      const one = this.accounts.get(view.account!);
      const { receipt } =
        one?.booked.find(({ receipt: { seq } }) => view.receipt === `rcp_${one.tag}_${seq}`) ?? {};
      same([receipt?.kind, receipt?.available], [view.kind, view.available], `the receipt ${view.receipt}`);
      this.count(view.replayed ? 'acknowledged again' : 'acknowledged');
    }
  }

  /** A transaction that was committed. */
  committed(works: readonly Work[], results: readonly WorkResult[], stepOf: StepOf): void {
    for (const [index, work] of works.entries()) {
      if (work.account === LEDGER_CHAIN) this.#settings(results[index]!);
      const one = this.accounts.get(work.account);
      if (one === undefined) continue;
      this.#touched.add(one.id);
      one.now = work.now;
      if (work.dryRun) continue;
      const moment = this.#momentBefore(one, work.now);
      this.#work(one, work, results[index]!, stepOf(one.id, index));
      this.#remember(one, moment);
    }
  }

  /** The account in the last millisecond before a work. */
  #momentBefore({ fold, model }: Witnessed, now: number): Moment | null {
    this.#works += 1;
    const at = Math.max(now, fold.account.lastAt) - 1;
    if (this.#works % REMEMBER.oneIn > 0 || at < fold.account.lastAt) return null;
    return { at, seen: model?.see(at) ?? told(projectTo(bare(fold), at).state) };
  }

  /** Only what was booked makes sure that nothing will be booked at that instant. */
  #remember({ fold, remembered }: Witnessed, moment: Moment | null): void {
    if (moment === null || fold.account.lastAt <= moment.at) return;
    if (remembered.length < REMEMBER.most) remembered.push(moment);
    else remembered[this.#works % REMEMBER.most] = moment;
  }

  #work(one: Witnessed, work: Work, result: WorkResult, step: NaiveStep | null): void {
    const key = work.loads.key ?? null;
    if (!result.ok) {
      if (!isLedgerError(result.error)) throw result.error;
      this.count(`refused ${result.error.code}`);
      if (result.error.code === 'integrity_failure') throw result.error;
      this.#refused(one, key, result.error, step, work.now);
      return;
    }
    const { decided } = result;
    if ('replay' in decided) {
      this.count('replayed');
      const first = this.bound(one.id, key!);
      same(decided.replay.booked.receipt, first?.receipt, `the receipt of ${key} again`);
      same(decided.replay.booked.entries, first?.entries, `the entries of ${key} again`);
      if (step !== null) same(show(step), this.#asked.get(`${one.id} ${key}`), `what ${key} was bound to`);
      return;
    }
    const bound = decided.booked.filter(({ receipt }) => receipt.key !== null);
    for (const booked of bound) {
      const name = `${one.id} ${booked.receipt.key}`;
      if (this.#keys.has(name)) throw new Error(`the key ${name} booked twice`);
      this.#keys.set(name, booked);
      if (step !== null) this.#asked.set(name, show(step));
    }
    this.#book(one, decided.booked);
    if (one.model === null) return;
    if (step === null || this.#isSame(step, decided)) {
      same(decided.booked.length, 0, `receipts of a work that changes nothing of ${one.id}`);
      return;
    }
    const wanted = one.model.run(step, work.now);
    // Under a key also what changes nothing is booked, and the model knows no keys.
    if (key !== null && decided.booked.length > 0) one.model.last = Math.max(work.now, one.model.last);
    const command = { type: step.do === 'end' ? 'expire' : step.do, lot: step.do === 'end' ? 1 : null };
    this.#answers(step, answerOf(command as unknown as Command, decided), wanted);
    if (wanted.late === true) this.count('late');
    if ((wanted.overrun ?? 0n) > 0n) this.count('overrun');
    if ((wanted.change?.missed ?? 0) > 0) this.count('missed');
  }

  /** A provider of whom nothing changed: nothing is booked, and the model need not hear of it. */
  #isSame(step: NaiveStep, { booked }: Outcome): boolean {
    return step.do === 'byok' && booked.length === 0;
  }

  #refused(one: Witnessed, key: string | null, error: LedgerError, step: NaiveStep | null, now: number) {
    if (error.code === 'key_reused') {
      if (this.bound(one.id, key!) === undefined) throw new Error(`${key} of ${one.id} was never used`);
      return;
    }
    if (one.model === null || step === null || error.code === 'unknown_provider') return;
    const answer: NaiveAnswer = { refused: error.code };
    if (error.code === 'insufficient_credits') {
      answer.needed = microOf(error.details?.needed);
      answer.available = microOf(error.details?.available);
    }
    this.#answers(step, answer, one.model.run(step, now));
  }

  #answers(step: NaiveStep, answer: NaiveAnswer, wanted: NaiveAnswer): void {
    const fields = (Object.keys(answer) as (keyof NaiveAnswer)[]).filter(
      (name) => answer[name] !== undefined,
    );
    if (wanted.refused !== undefined && !fields.includes('refused')) fields.push('refused');
    for (const field of fields) same(answer[field], wanted[field], `${show(step)}: ${field}`);
  }

  #book(one: Witnessed, booked: readonly Booked[]): void {
    for (const each of booked) {
      one.fold.add(each);
      one.booked.push(each);
      for (const { kind } of each.entries) this.count(kind);
    }
    if (booked.length > 0) one.audit.book(booked, one.fold);
    this.#touched.add(one.id);
  }

  /** New rows of the price list, for the model too. */
  #settings(result: WorkResult): void {
    if (!result.ok || 'replay' in result.decided) return;
    for (const row of result.decided.settings ?? []) this.#setting(row);
  }

  #setting(row: SettingRow): void {
    const byTime = (a: { from: number }, b: { from: number }): number => a.from - b.from;
    const { plans, rates } = this.#prices as {
      plans: NaivePrices['plans'][number][];
      rates: NaivePrices['rates'][number][];
    };
    if (row.table === 'plan') {
      plans.push({ name: row.id, from: row.from, monthly: BigInt(row.monthly), price: row.priceCents });
      plans.sort(byTime);
    }
    if (row.table === 'rate') {
      const { provider } = rates.find(({ model }) => model === row.model)!;
      rates.push({ model: row.model, provider, from: row.from, rates: [row.input!, row.output!] });
      rates.sort(byTime);
    }
  }

  /** Compares what was touched with what is stored. */
  async compare(): Promise<void> {
    for (const id of this.#touched) await this.#compare(this.accounts.get(id)!);
    this.#touched.clear();
  }

  async #compare({ id, fold, model, now }: Witnessed): Promise<void> {
    const { account } = (await this.#store.read(id)).state;
    same({ ...account, head: '' }, { ...fold.account, head: '' }, `${id} as stored`);
    const lots = await this.#store.lots(account, [...fold.lots.keys()]);
    for (const [no, lot] of fold.lots) same(lots.get(no), lot, `lot ${no} of ${id} as stored`);
    const holds = await this.#store.holds(account, false);
    same(holds.length, fold.holds.size, `holds of ${id}`);
    for (const hold of holds) same(hold, fold.holds.get(hold.no), `hold ${hold.no} of ${id} as stored`);
    if (account.available < 0 || account.debt < 0) throw new Error(`${id} has less than nothing`);
    if (model === null) return;
    const at = Math.max(now, model.last);
    same(account.lastAt, model.last, `${id}: time of the last booking`);
    same(told(fold), model.see(model.last), `${id} as booked`);
    same(told(projectTo(bare(fold), at).state), model.see(at), `${id} as a read sees it`);
  }

  /** Reads of the past show what was there then, one of the future what the clock alone makes of it. */
  async past(ledger: LocalLedger, deps: LocalDeps): Promise<void> {
    for (const { id, model, remembered } of this.accounts.values()) {
      for (const { at, seen } of remembered) {
        same(told((await stateAt(deps, id, at)).state), seen, `${id} as of ${at}`);
        this.#sums(await ledger.balance(id, at), seen as Sums, `balance of ${id} as of ${at}`);
        this.count('looked back');
      }
      const ahead = Math.max(ledger.now(), model?.last ?? 0) + FAR;
      if (model !== null)
        this.#sums(await ledger.balance(id, ahead), model.see(ahead), `balance of ${id} ahead`);
    }
  }

  #sums({ available, held, debt }: Sums, wanted: Sums, what: string): void {
    same([available, held, debt], [wanted.available, wanted.held, wanted.debt], what);
  }

  /** Every receipt that was ever committed is there, as it was, and no other. */
  async everything(): Promise<void> {
    for (const { id, booked } of this.accounts.values()) {
      const { account } = (await this.#store.read(id)).state;
      const stored = await this.#store.receiptsUntil(account, Number.MAX_SAFE_INTEGER);
      same(stored.length, booked.length, `receipts of ${id}`);
      for (const [index, { receipt }] of stored.entries()) {
        same(receipt, booked[index]!.receipt, `receipt ${index + 1} of ${id}`);
      }
      const entries = await this.#store.entriesUntil(account, Number.MAX_SAFE_INTEGER);
      same(
        entries,
        booked.flatMap((each) => each.entries),
        `entries of ${id}`,
      );
    }
  }
}
