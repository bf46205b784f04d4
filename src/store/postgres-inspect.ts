/**
 * Faults of a PostgreSQL ledger's schema and tables: what was changed, dropped, disabled or added by hand, rows of no
 * account, keys used twice. What the migrations make is made once more beside it, compared, and rolled back.
 */
import { postgresSteps, SCHEMA_VERSION } from '../../migrations/index.ts';
import { type PostgresDoor, type Statements, statementsOn } from './postgres-door.ts';
import { codeOf } from './sqlite-errors.ts';
import { ACCOUNT_TABLES } from './stored-rows.ts';

/** One fault: the id of the check and what was found. */
export interface Fault {
  readonly check: 'storage' | 'schema' | 'append_only' | 'key_once' | 'sequence' | 'settings';
  readonly detail: string;
}

/** Most findings of one kind. */
const MOST = 20;

/** Everything that makes a schema what it is, as kind, name and definition. */
const OBJECTS = `
SELECT 'table', c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'not null' END, l.collname, pg_get_expr(d.adbin, d.adrelid))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r'
UNION ALL SELECT 'rule', c.relname || '.' || o.conname, pg_get_constraintdef(o.oid) || CASE WHEN o.convalidated THEN '' ELSE ' not valid' END
  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE c.relnamespace = $1::regnamespace
UNION ALL SELECT 'index', c.relname, pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
  FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relnamespace = $1::regnamespace
UNION ALL SELECT 'trigger', t.tgname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal
UNION ALL SELECT 'function', p.proname, pg_get_functiondef(p.oid)
  FROM pg_proc p WHERE p.pronamespace = $1::regnamespace AND p.proname = 'credits_refuse'`;

type Objects = Map<string, string>;

async function objectsOf(sql: Statements, schema: string): Promise<Objects> {
  const rows = await sql.text(OBJECTS, [schema]);
  return new Map(
    rows.map(([kind, name, text]) => [`${kind} ${name}`, String(text).replaceAll(`${schema}.`, '')]),
  );
}

/** Names that the migrations give, where their text cannot be tried. */
function namesOfMigrations(): string[] {
  const text = postgresSteps(0).join('\n');
  return [...text.matchAll(/CREATE (?:UNIQUE )?(INDEX|TRIGGER) (\w+)/g)].map(
    ([, kind, name]) => `${kind!.toLowerCase()} ${name}`,
  );
}

/** What the migrations make, by the version of the server, whose words the definitions are in. */
const made = new Map<string, Objects>();

/** What the migrations make, or null where this user may not make it. */
async function expectedObjects(door: PostgresDoor, sql: Statements): Promise<Objects | null> {
  const [row] = await sql.text('SELECT version()');
  const version = String(row?.[0]);
  const known = made.get(version) ?? (await makeObjects(door));
  if (known !== null) made.set(version, known);
  return known;
}

async function makeObjects(door: PostgresDoor): Promise<Objects | null> {
  const client = await door.connect();
  const schema = 'credits_expected';
  const sql = statementsOn(client);
  try {
    await client.query(`BEGIN; CREATE SCHEMA ${schema}; SET LOCAL search_path = ${schema}`);
    for (const step of postgresSteps(0)) await client.query(step);
    return await objectsOf(sql, schema);
  } catch (error) {
    // Another `verify` at the same moment; a user or a server that makes no schemas.
    if (/^(42501|25006|42P06|23505|40)/.test(codeOf(error))) return null;
    throw error;
  } finally {
    client.release(
      await client.query('ROLLBACK').then(
        () => undefined,
        () => true,
      ),
    );
  }
}

function compare(found: Objects, expected: Objects): Fault[] {
  const faults: Fault[] = [];
  const checkOf = (name: string): Fault['check'] =>
    /^(trigger|function)/.test(name) ? 'append_only' : 'schema';
  for (const [name, text] of expected) {
    const own = found.get(name);
    if (own === undefined) faults.push({ check: checkOf(name), detail: `${name} is missing` });
    else if (own !== text) faults.push({ check: checkOf(name), detail: `${name} was changed` });
  }
  const tables = new Set([...expected.keys()].map(tableOf));
  for (const name of found.keys()) {
    if (expected.has(name)) continue;
    // A database may hold tables of other programs beside the ledger.
    if (tables.has(tableOf(name)) || name.startsWith('trigger ')) {
      faults.push({ check: 'schema', detail: `${name} is not ours` });
    }
  }
  return faults;
}

const tableOf = (name: string): string => name.split(/[ .]/)[1]!;

async function schemaFaults(door: PostgresDoor, sql: Statements): Promise<Fault[]> {
  const [version] = await sql.rows('schemaVersion');
  const faults: Fault[] = [];
  if (version?.[0] !== SCHEMA_VERSION) {
    const detail = `the schema's version is ${version?.[0]}, it is ${SCHEMA_VERSION}`;
    faults.push({ check: 'schema', detail });
  }
  const [[schema]] = (await sql.text('SELECT current_schema()')) as [[string]];
  const found = await objectsOf(sql, schema);
  const expected = await expectedObjects(door, sql);
  if (expected !== null) return [...faults, ...compare(found, expected)];
  const missing = namesOfMigrations().filter((name) => !found.has(name));
  return [
    ...faults,
    ...missing.map(
      (name): Fault => ({
        check: name.startsWith('trigger') ? 'append_only' : 'schema',
        detail: `${name} is missing`,
      }),
    ),
  ];
}

/** Rows of an account that is not there: the audit of each account does not read them. */
async function homeless(sql: Statements): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [table, key] of Object.entries(ACCOUNT_TABLES)) {
    const [[exists]] = (await sql.text('SELECT to_regclass($1)::text', [table])) as [[string | null]];
    if (exists === null) continue;
    const rows = await sql.text(
      `SELECT t.account, t.${key} FROM ${table} t WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.no = t.account) LIMIT ${MOST}`,
    );
    const named = new Set<unknown>();
    for (const [account, no] of rows) {
      if (table === 'receipt' && !named.has(account)) faults.push(await lostAccount(sql, account as number));
      named.add(account);
      faults.push({
        check: 'storage',
        detail: `${table} ${no} of account no. ${account}: there is no such account`,
      });
    }
  }
  return faults;
}

/** What an account was called stands in its first receipt. */
async function lostAccount(sql: Statements, no: number): Promise<Fault> {
  const [row] = await sql.text('SELECT detail FROM receipt WHERE account = $1 AND seq = 1', [no]);
  const id = /"opened":\{[^}]*"id":("(?:[^"\\]|\\.)*")/.exec(String(row?.[0] ?? ''))?.[1];
  const name = id === undefined ? '?' : (JSON.parse(id) as string);
  return { check: 'sequence', detail: `account ${name} is missing: receipts have its number, ${no}` };
}

/** Keys are bound once. The index refuses a second; here it is asked whether it did. */
async function keysTwice(sql: Statements): Promise<Fault[]> {
  const rows = await sql.text(
    `SELECT (SELECT id FROM account WHERE no = account), key, count(*) FROM receipt WHERE key IS NOT NULL
    GROUP BY account, key HAVING count(*) > 1 LIMIT ${MOST}`,
  );
  return rows.map(([account, key, times]) => ({
    check: 'key_once',
    detail: `account ${account}: the key ${key} has ${times} receipts`,
  }));
}

/** Accounts are numbered from 0, the ledger's own chain, without a gap, and the ledger has one row. */
async function counts(sql: Statements): Promise<Fault[]> {
  const missing = await sql.text(
    `SELECT a.no - 1 FROM account a WHERE a.no > 0
    AND NOT EXISTS (SELECT 1 FROM account b WHERE b.no = a.no - 1) ORDER BY 1 LIMIT ${MOST}`,
  );
  const others = await sql.text('SELECT one FROM ledger WHERE one <> 1');
  return [
    ...missing.map(([no]): Fault => ({ check: 'sequence', detail: `account no. ${no} is missing` })),
    ...others.map(([one]): Fault => ({ check: 'settings', detail: `ledger: one is ${one}, it is 1` })),
  ];
}

/**
 * @returns faults, none when the ledger is sound; what a probe cannot read is a fault itself
 * @throws LedgerError `remote_unreachable`, `ledger_busy`
 */
export async function inspectPostgres(door: PostgresDoor): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const probe of [homeless, keysTwice, counts, (sql: Statements) => schemaFaults(door, sql)]) {
    faults.push(...(await door.withClient((client) => probing(() => probe(statementsOn(client, true))))));
  }
  return faults;
}

async function probing(probe: () => Promise<Fault[]>): Promise<Fault[]> {
  try {
    return await probe();
  } catch (error) {
    // A table or column that is not there, or a page that cannot be read.
    if (!/^(42|XX|22)/.test(codeOf(error))) throw error;
    return [{ check: 'storage', detail: error instanceof Error ? error.message : String(error) }];
  }
}
