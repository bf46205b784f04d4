/** The account that a ledger page works on: its state, its clock, its price list, and the page's own names for things. */
import { defaultRows } from '../../src/catalog/index.ts';
import { type CatalogueRows, createCatalogue } from '../../src/core/catalogue.ts';
import { ZERO } from '../../src/core/credits.ts';
import { blankAccount, decideOpen } from '../../src/core/ledger/accounts.ts';
import { Booking, type Decision } from '../../src/core/ledger/booking.ts';
import type { Command, HoldCommand } from '../../src/core/ledger/commands.ts';
import { decide, type Outcome } from '../../src/core/ledger/decide.ts';
import { grantLot, type LotFacts } from '../../src/core/ledger/grant-lot.ts';
import { projectTo } from '../../src/core/ledger/sweep.ts';
import type { PlanContext } from '../../src/core/plans.ts';
import type { Account, AccountState, Instant } from '../../src/core/types.ts';
import { UTC_RULES, type ZoneRules } from '../../src/core/zones.ts';
import { Audit } from './audit.ts';
import { DAY_ZERO } from './words.ts';

/** What a page may start from instead of the built-in price list and UTC. */
export interface World {
  readonly rows?: Partial<CatalogueRows>;
  readonly zones?: ZoneRules;
}

const FACTS = { no: 1, id: 'page', tag: 'page', head: '' };

export class PageLedger {
  now: Instant = DAY_ZERO;
  state: AccountState;
  rows: CatalogueRows;
  readonly zones: ZoneRules;
  readonly holdNames = new Map<string, number>();
  #audit = new Audit();

  constructor({ rows, zones }: World = {}) {
    this.rows = { ...defaultRows(), ...rows };
    this.zones = zones ?? UTC_RULES;
    const account: Account = blankAccount({ ...FACTS, zone: 'UTC' }, DAY_ZERO);
    this.state = { account, lots: new Map(), holds: new Map() };
  }

  get context(): PlanContext {
    return { catalogue: createCatalogue(this.rows), zones: this.zones };
  }

  /** Lots are called by their source; the second of a source is `monthly2`, and so on in the order of their grants. */
  lotName(no: number): string {
    const { source } = this.state.lots.get(no)!;
    const alike = [...this.state.lots.values()].filter((lot) => lot.source === source).map((lot) => lot.no);
    const place = alike.sort((a, b) => a - b).indexOf(no);
    return place === 0 ? source : `${source}${place + 1}`;
  }

  lotNo(name: string): number {
    for (const no of this.state.lots.keys()) if (this.lotName(no) === name) return no;
    return 9_999;
  }

  holdNo(name: string): number {
    return this.holdNames.get(name) ?? 9_999;
  }

  holdName(no: number): string {
    return [...this.holdNames].find(([, other]) => other === no)?.[0] ?? `hold ${no}`;
  }

  /** What a read sees now. */
  get seen(): AccountState {
    return projectTo(this.state, this.now).state;
  }

  open(plan: string, anchorAt: Instant | null, zone: string): Decision {
    const decision = decideOpen({ ...FACTS, zone, plan, anchorAt }, this.now, this.context);
    this.#audit = new Audit();
    return this.#keep(decision);
  }

  /** A lot as some command would grant it, without that command's own rules. */
  lot(facts: LotFacts): Decision {
    const booking = new Booking(this.state, this.now);
    const lot = grantLot(booking, facts);
    booking.close('grant', { credits: facts.amount ?? ZERO, detail: { lot } });
    return this.#keep(booking.done());
  }

  /** Decides a command; whatever comes of it, the state that the decision was given must stay as it was. */
  run(command: Command, key: string | null): Outcome {
    const given = this.state;
    const before = snapshot(given);
    let outcome: Outcome | undefined;
    let refusal: unknown;
    try {
      const request = key === null ? null : 'f'.repeat(64);
      outcome = decide(given, command, this.now, this.context, { key, request });
    } catch (error) {
      refusal = error;
    }
    if (snapshot(given) !== before) throw new Error('a decision changed the state that it was given');
    if (outcome === undefined) throw refusal;
    return this.#keep(outcome);
  }

  /** Decides a hold and calls it by a name from then on. */
  hold(name: string, command: HoldCommand, key: string | null): Outcome {
    const outcome = this.run(command, key);
    this.holdNames.set(name, outcome.state.account.receiptSeq);
    return outcome;
  }

  #keep<Made extends Decision>(decision: Made): Made {
    this.#audit.book(decision.booked, decision.state);
    this.state = decision.state;
    return decision;
  }
}

const snapshot = ({ account, lots, holds }: AccountState): string =>
  JSON.stringify([account, [...lots], [...holds]]);
