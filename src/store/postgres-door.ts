/**
 * The connections of a PostgreSQL ledger and its two kinds of transaction. Statements of a transaction are sent without
 * waiting for each other's answers (pipelining), so that a batch costs as many round trips as it has steps that depend on
 * one another.
 *
 * Source: PostgreSQL's manual on explicit locking; the driver's on pools and pipelining.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LedgerError } from '../core/errors.ts';
import { columnArrays } from './postgres-arrays.ts';
import { isLost, isPostgresBusy, outcomeUnknown, postgresRefusal } from './postgres-errors.ts';
import { BULK, type BulkName, POSTGRES_SQL, type PostgresName } from './postgres-sql.ts';
import type { Row, Value } from './rows.ts';

/** Values of a statement; arrays stand for many rows. */
type Given = Value | readonly (string | number)[];

/** Runs statements inside one transaction, or each in its own. */
export interface Statements {
  rows(name: PostgresName, ...values: Given[]): Promise<Row[]>;
  /** Writes many rows of one table. @throws LedgerError `integrity_failure` when some were not there to be changed */
  write(name: BulkName, rows: readonly (readonly Value[])[]): Promise<void>;
  /** A statement without a name. Integers come as BigInt where sums may pass what a number counts exactly. */
  text(sql: string, values?: readonly Given[], bigints?: boolean): Promise<Row[]>;
}

/** What a write did, and how to find out later whether it did: the last receipts that it chained. */
export interface Written<T> {
  readonly result: T;
  /** Empty: nothing was written. Null: nothing tells. */
  readonly proof: readonly Proof[] | null;
}

export interface Proof {
  readonly account: number;
  readonly seq: number;
  readonly hash: string;
  /** The account whose row the transaction kept locked. */
  readonly locked: number;
}

export interface WriteFacts {
  /** Decides and writes, then takes everything back. */
  readonly rollback?: boolean;
  /** How long one try waits for a lock, ms. */
  readonly lockMs?: number;
  /** How long to wait for others in all, ms. */
  readonly busyBudgetMs?: number;
  /** As long as it takes: for what goes through whole tables. */
  readonly unhurried?: boolean;
  /** Doing it twice is the same as once: what a lost connection leaves open is simply done again. */
  readonly repeatable?: boolean;
}

export interface DoorOptions {
  readonly random: () => number;
  readonly busyBudgetMs: number;
  readonly signal: AbortSignal | undefined;
}

// Sent where nobody gave one and the server asks: it says no at once. Without any, the driver gives up by itself and leaves
// the connection open until the server's patience ends, a minute later.
pg.defaults.password = 'none';

const CONNECTIONS = 10;
const CONNECT_MS = 10_000;
/** The server ends a statement after this; the driver, when no answer comes, some time later. */
const STATEMENT_MS = 30_000;
const ANSWER_MS = 45_000;
const UNHURRIED_MS = 86_400_000;
/** A process that stops in mid-transaction keeps accounts locked for this long. */
const STALLED_MS = 15_000;
const LOCK_MS = 10_000;
/** How long to try to get back to a server that was there, ms. */
const LOST_BUDGET_MS = 10_000;

/**
 * Index scans whatever the statistics say: a plan is kept for as long as its connection, and one made while a table was
 * still empty would read it whole ever after. An acknowledged write must survive a crash, whatever the server's default.
 */
const beginWrite = (lockMs: number, statementMs: number): string =>
  `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs};
  SET LOCAL idle_in_transaction_session_timeout = ${statementMs === 0 ? 0 : STALLED_MS}; SET LOCAL enable_seqscan = off;
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local')`;
const BEGIN_READ = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${STATEMENT_MS};
  SET LOCAL enable_seqscan = off`;

/** Reads a 64-bit integer. @throws LedgerError `ledger_unreadable` beyond 2^53 */
function safeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new LedgerError('ledger_unreadable', `the ledger holds ${text}, which no number counts exactly`, {
    hint: 'run `credits verify`',
  });
}

const INT8 = 20;
const NUMERIC = 1700;
type Parser = (text: string) => unknown;

/** Types as the rows have them. */
const typesWith = (integer: Parser) => ({
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 || oid === NUMERIC
      ? integer
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
});
const NUMBERS = typesWith(safeInteger);
const BIGINTS = typesWith(BigInt);

/** Statements on one connection. @param unhurried their answers may take as long as they need */
export function statementsOn(client: pg.ClientBase, unhurried = false): Statements {
  const wait = unhurried ? { query_timeout: UNHURRIED_MS } : {};
  return {
    async rows(name, ...values) {
      const { rows } = await client.query<Row[] & Value[]>({
        ...{ name, text: POSTGRES_SQL[name], values, rowMode: 'array', ...wait },
        types: NUMBERS,
      } as pg.QueryArrayConfig);
      return rows;
    },
    async write(name, rows) {
      if (rows.length === 0) return;
      const { text, types } = BULK[name];
      const { rowCount } = await client.query({ name, text, values: columnArrays(rows, types), ...wait });
      if (rowCount === rows.length) return;
      throw new LedgerError('integrity_failure', `${name}: ${rowCount} of ${rows.length} rows were there`, {
        hint: 'nothing was written; run `credits verify`',
      });
    },
    async text(text, values = [], bigints = false) {
      const { rows } = await client.query<Row[] & Value[]>({
        ...{ text, values: [...values], rowMode: 'array', ...wait },
        types: bigints ? BIGINTS : NUMBERS,
      } as pg.QueryArrayConfig);
      return rows;
    },
  };
}

/** A commit was sent and its answer never came. */
class CommitLost<T> extends Error {
  readonly written: Written<T>;
  constructor(written: Written<T>) {
    super('the connection was lost while committing');
    this.written = written;
  }
}

/** Carries on until it goes through, or the wait is over. */
interface Patience {
  readonly busyUntil: number;
  lostUntil: number | null;
}

export class PostgresDoor {
  readonly location: string;
  readonly #pool: pg.Pool;
  readonly #options: DoorOptions;

  /**
   * @param url with everything the driver needs
   * @param location the same for people, without a password
   */
  constructor(url: string, location: string, options: DoorOptions) {
    this.location = location;
    this.#options = options;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: 'credits',
      pipeline: true,
    } as pg.PoolConfig);
    // A connection that breaks while nobody uses it is replaced; one in use fails where it is used.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => void client.on('error', () => {}));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Lends a connection; what `use` throws as a driver's error becomes a refusal, and the connection is thrown away. */
  async withClient<T>(use: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    try {
      return await this.#with(use);
    } catch (error) {
      throw postgresRefusal(error, this.location);
    }
  }

  /** @throws LedgerError `remote_unreachable`, `unauthenticated`, `no_ledger`, `ledger_busy` */
  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw postgresRefusal(error, this.location);
    }
  }

  /** One read on its own. */
  one(name: PostgresName, ...values: Given[]): Promise<Row[]> {
    return this.#twice(() => this.#with((client) => statementsOn(client).rows(name, ...values)));
  }

  /** Runs several reads on one snapshot. */
  reading<T>(read: (sql: Statements) => Promise<T>): Promise<T> {
    return this.#twice(() =>
      this.#with(async (client) => {
        const [, result] = await Promise.all([client.query(BEGIN_READ), read(statementsOn(client))]);
        await client.query('COMMIT');
        return result;
      }),
    );
  }

  /** A connection that nobody used for a while may be dead, as after a restart of the server: then another one is asked. */
  async #twice<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read().catch((error) => (isLost(error) ? read() : Promise.reject(error)));
    } catch (error) {
      throw postgresRefusal(error, this.location);
    }
  }

  async #with<T>(use: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      return await use(client);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(failure);
    }
  }

  /**
   * Runs a write in a transaction of its own, again and again while others are in the way. After a lost connection it
   * looks up what became of the commit, and carries on from there.
   * @throws LedgerError `ledger_busy`, `remote_unreachable` and what the write refuses
   */
  async writing<T>(work: (sql: Statements) => Promise<Written<T>>, facts: WriteFacts = {}): Promise<T> {
    const patience: Patience = {
      busyUntil: performance.now() + (facts.busyBudgetMs ?? this.#options.busyBudgetMs),
      lostUntil: null,
    };
    let open: CommitLost<T> | undefined;
    for (;;) {
      try {
        if (open !== undefined && (await this.#wasCommitted(open.written.proof))) return open.written.result;
        open = undefined;
        return await this.#attempt(
          work,
          facts,
          lockWait(facts.lockMs ?? LOCK_MS, patience.busyUntil - performance.now()),
        );
      } catch (error) {
        if (error instanceof CommitLost && facts.repeatable !== true) open = error;
        await this.#again(error, patience, open !== undefined);
      }
    }
  }

  /** Waits a little before the next try; throws where there is none. */
  async #again(error: unknown, patience: Patience, isOpen: boolean): Promise<void> {
    const now = performance.now();
    const isGone = error instanceof CommitLost || isLost(error) || isUnreachable(error);
    if (isGone) patience.lostUntil ??= now + Math.min(LOST_BUDGET_MS, this.#options.busyBudgetMs);
    const until = isGone ? patience.lostUntil! : isPostgresBusy(error) ? patience.busyUntil : 0;
    const isInterrupted = this.#options.signal?.aborted === true;
    if (now < until && !isInterrupted) {
      const step = isGone ? 100 : 1;
      await sleep(step * (0.3 + 3 * this.#options.random()));
      return;
    }
    if (isOpen || error instanceof CommitLost) throw outcomeUnknown(this.location);
    if (now < until) {
      throw new LedgerError('cancelled', 'interrupted while waiting for the ledger; nothing was changed');
    }
    throw postgresRefusal(error, this.location);
  }

  async #attempt<T>(
    work: (sql: Statements) => Promise<Written<T>>,
    { rollback = false, unhurried = false }: WriteFacts,
    lockMs: number,
  ): Promise<T> {
    const begin = beginWrite(lockMs, unhurried ? 0 : STATEMENT_MS);
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    let written: Written<T> | undefined;
    try {
      [, written] = await Promise.all([client.query(begin), work(statementsOn(client, unhurried))]);
      const { command } = await client.query(rollback ? 'ROLLBACK' : 'COMMIT');
      if (!rollback && command !== 'COMMIT') {
        throw new LedgerError('integrity_failure', 'the transaction was rolled back by the server');
      }
      return written.result;
    } catch (error) {
      failure = error as Error;
      if (written !== undefined && !rollback && isLost(error)) throw new CommitLost(written);
      if (!isLost(error)) failure = await rolledBack(client, failure);
      throw error;
    } finally {
      client.release(failure);
    }
  }

  /**
   * Whether a commit went through whose answer was lost. The transaction kept its accounts locked, so having the lock
   * means that it has ended; its receipts are then there or not, and their hashes tell them from any others.
   */
  async #wasCommitted(proof: readonly Proof[] | null): Promise<boolean> {
    if (proof === null) throw outcomeUnknown(this.location);
    if (proof.length === 0) return true;
    return this.#attempt(
      async (sql) => {
        await sql.rows('lockNumbers', [...new Set(proof.map(({ locked }) => locked))]);
        const { account, seq, hash } = proof[0]!;
        const [row] = await sql.rows('hashOf', account, seq);
        return { result: row !== undefined && hexOf(row[0]!) === hash, proof: [] };
      },
      { rollback: true },
      lockWait(LOCK_MS, this.#options.busyBudgetMs),
    );
  }
}

/**
 * The server's patience with one lock, ms. A row that several wait for is behind two of them, the place in the queue and then
 * the row, and each may take as long: half for each, so that together they end in time.
 * @param left of the whole wait, ms
 */
const lockWait = (lockMs: number, left: number): number =>
  Math.max(1, Math.floor(Math.min(lockMs, left) / 2));

const hexOf = (value: Value): string => Buffer.from(value as Uint8Array).toString('hex');

const isUnreachable = (error: unknown): boolean =>
  error instanceof LedgerError && error.code === 'remote_unreachable';

/** Ends a failed transaction. @returns undefined when the connection can be used again, else why not */
async function rolledBack(client: pg.ClientBase, failure: Error): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch {
    return failure;
  }
}
