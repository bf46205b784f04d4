/**
 * Settings of the whole ledger: what its own chain says in its setting receipts, against the tables of the price list.
 *
 * Source: contract 5.11 (settings book a receipt; those of the whole ledger have a chain of their own).
 */
import type { Detail } from '../types.ts';
import { isObject } from './facts.ts';
import type { Faults } from './faults.ts';
import { PriceHistory } from './prices.ts';
import type { SettingFacts } from './stored.ts';
import { TokenAudit } from './tokens.ts';
import { differenceText, valueText } from './words.ts';

interface Table {
  /** Column that tells rows apart; `no` of a plan or package is its place in the order of adding. */
  readonly key: string;
  readonly counted: boolean;
  readonly columns: readonly string[];
}

/** Every table of settings with its columns, as a receipt names them. */
const TABLES = {
  model: { key: 'id', counted: false, columns: ['name', 'provider', 'contextWindow', 'maxOutput'] },
  alias: { key: 'alias', counted: false, columns: ['model'] },
  rate: {
    key: 'no',
    counted: false,
    columns: ['model', 'from', 'input', 'output', 'cacheRead', 'cacheWrite', 'tiers'],
  },
  plan: { key: 'no', counted: true, columns: ['id', 'name', 'from', 'monthly', 'priceCents'] },
  package: { key: 'no', counted: true, columns: ['id', 'from', 'credits', 'priceCents', 'retired'] },
  access_token: { key: 'no', counted: false, columns: ['hash', 'role', 'account', 'madeAt'] },
  access_token_end: { key: 'token', counted: false, columns: ['at'] },
} as const satisfies Record<string, Table>;

type TableName = keyof typeof TABLES;

const isTable = (name: string): name is TableName => Object.hasOwn(TABLES, name);
const tableOf = (name: TableName): Table => TABLES[name];

/** The ledger's settings as its chain makes them, and the prices and tokens that follow. */
export class SettingsAudit {
  readonly prices = new PriceHistory();
  readonly tokens: TokenAudit;
  /** Test or live, as the first receipt says; undefined: it does not say. */
  mode: string | undefined;
  #isBegun = false;
  readonly #rows = new Map<string, SettingFacts>();
  readonly #counts = new Map<string, number>();
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
    this.tokens = new TokenAudit(faults);
  }

  /** Takes what a setting receipt says. @param name the receipt's, for a finding */
  take({ rows, mode }: Detail, name: string): void {
    if (!this.#isBegun && typeof mode === 'string') this.mode = mode;
    this.#isBegun = true;
    if (!Array.isArray(rows)) return;
    for (const row of rows as unknown[]) {
      if (isObject(row) && typeof row.table === 'string' && isTable(row.table)) {
        this.#take(row as SettingFacts, row.table, name);
      } else this.#faults.add('settings', `${name} adds a row that is of no table: ${valueText(row)}`);
    }
  }

  #take(row: SettingFacts, name: TableName, receipt: string): void {
    const table = tableOf(name);
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const key = `${name} ${valueText(table.counted ? count : row[table.key])}`;
    if (this.#rows.has(key)) this.#faults.add('settings', `${receipt} adds ${key} a second time`);
    this.#rows.set(key, row);
    this.learn([row]);
  }

  /** Takes the prices and tokens among some rows, without asking where they come from. */
  learn(rows: readonly SettingFacts[]): void {
    this.prices.add(rows);
    this.tokens.add(rows);
  }

  /** Compares the tables, in any order. */
  compare(stored: Iterable<SettingFacts>): void {
    const missing = new Set(this.#rows.keys());
    for (const row of stored) {
      const table = tableOf(row.table as TableName);
      const key = `${row.table} ${valueText(row[table.key])}`;
      const own = this.#rows.get(key);
      if (own === undefined) this.#faults.add('settings', `${key} is in no receipt of the ledger`);
      else this.#compareRow(key, table, row, own);
      missing.delete(key);
    }
    for (const key of missing)
      this.#faults.add('settings', `${key} is missing: a receipt of the ledger adds it`);
  }

  #compareRow(key: string, { columns }: Table, stored: SettingFacts, own: SettingFacts): void {
    for (const column of columns) {
      if (Object.is(stored[column], own[column] ?? null)) continue;
      const text = differenceText(column, stored[column], own[column], "the ledger's receipts say");
      this.#faults.add('settings', `${key}: ${text}`);
    }
  }
}
