/**
 * What can be wrong around a PostgreSQL ledger: its server, who may do what, how writes are kept, its clock. Changes
 * nothing. The rules of the entries are `verify`'s.
 *
 * Source: contract 6 (`doctor`), 1 (accounts ahead of the clock).
 */
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { isLedgerError, LedgerError } from '../core/errors.ts';
import { formatInstant } from '../core/time.ts';
import type { Instant } from '../core/types.ts';
import { clockFinding, type DoctorFinding, type FileFindings, finding } from './doctor-findings.ts';
import type { PostgresDoor, Statements } from './postgres-door.ts';
import { occupantIn } from './postgres-open.ts';

/** Oldest major version that gets fixes (PostgreSQL's versioning policy). */
const OLDEST = 14;
/** Most that the server's clock may be off, ms. */
const SKEW_MS = 5_000;
const MOST = 20;

/** @param wall the wall clock, epoch ms */
export async function doctorPostgres(door: PostgresDoor, wall: Instant): Promise<FileFindings> {
  try {
    return await door.reading(async (sql) => {
      const server = [await version(sql), await security(sql), await durability(sql), await skew(sql, wall)];
      if ((await occupantIn(sql, door.location)) === 'nothing') {
        throw new LedgerError('no_ledger', `there is no ledger at ${door.location}`, {
          hint: 'make one with `credits init`, or choose another with --db',
        });
      }
      const [[mode]] = (await sql.rows('ledger')) as unknown as [[string]];
      const findings: DoctorFinding[] = [
        { id: 'ledger', level: 'ok', detail: [`${door.location}: a ${mode} ledger`] },
        ...server,
        await schema(sql),
        await leftovers(sql),
        await clock(sql, wall),
      ];
      return { findings, mode, refusal: null };
    });
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    const { code, message, hint } = error;
    const level = code === 'no_ledger' ? 'warn' : 'fail';
    return {
      findings: [{ id: 'ledger', level, detail: [message] }],
      mode: null,
      refusal: { code, message, ...(hint === undefined ? {} : { hint }) },
    };
  }
}

const setting = async (sql: Statements, name: string): Promise<string> => {
  const [row] = await sql.text('SELECT current_setting($1)', [name]);
  return String(row?.[0]);
};

async function version(sql: Statements): Promise<DoctorFinding> {
  const text = await setting(sql, 'server_version');
  const encoding = await setting(sql, 'server_encoding');
  const old = Number.parseInt(text, 10) < OLDEST;
  const problems = [
    ...(old ? [`PostgreSQL ${text} gets no fixes any more: use ${OLDEST} or later`] : []),
    ...(encoding === 'UTF8' ? [] : [`the database keeps text as ${encoding}, it must be UTF8`]),
  ];
  return finding('server', problems, `PostgreSQL ${text}, ${encoding}`);
}

/** Who could read the password, or do more than a ledger needs. */
async function security(sql: Statements): Promise<DoctorFinding> {
  const [row] =
    await sql.text(`SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
    inet_client_addr() IS NULL OR host(inet_client_addr()) IN ('127.0.0.1', '::1') OR inet_client_addr() = inet_server_addr(),
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`);
  const [isEncrypted, isLocal, isSuper] = row as unknown as [boolean, boolean, boolean];
  const problems = [
    ...(isEncrypted || isLocal
      ? []
      : ['the connection crosses a network in clear text: add `?sslmode=verify-full` to the address']),
    ...(isSuper ? ['its user is a superuser: one that owns this database alone is enough'] : []),
  ];
  return finding('access', problems, isEncrypted ? 'encrypted' : 'on this machine');
}

/** What makes an acknowledged write survive a power cut. Sessions that turn `synchronous_commit` off are overruled. */
async function durability(sql: Statements): Promise<DoctorFinding> {
  const problems: string[] = [];
  for (const name of ['fsync', 'full_page_writes']) {
    if ((await setting(sql, name)) !== 'on')
      problems.push(`${name} is off: a power cut may damage the ledger`);
  }
  return finding('durability', problems, 'fsync and full_page_writes are on');
}

async function skew(sql: Statements, wall: Instant): Promise<DoctorFinding> {
  const [row] = await sql.text('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint');
  const off = (row?.[0] as number) - wall;
  const problems =
    Math.abs(off) > SKEW_MS
      ? [`the server's clock is ${formatInstant(wall + off)}, this machine's ${formatInstant(wall)}`]
      : [];
  return finding('time', problems, "the server's clock and this machine's agree");
}

async function schema(sql: Statements): Promise<DoctorFinding> {
  const [row] = await sql.rows('schemaVersion');
  const own = row?.[0] as number;
  const problems =
    own < SCHEMA_VERSION
      ? [`schema ${own}; the next command that opens it migrates it to ${SCHEMA_VERSION}: dump it first`]
      : own > SCHEMA_VERSION
        ? [`schema ${own}, this program knows ${SCHEMA_VERSION}: update credits`]
        : [];
  return finding('schema', problems, `schema ${own}, the newest that this program knows`);
}

/** Working schemas of a restore that was killed. They hold a ledger's content. */
async function leftovers(sql: Statements): Promise<DoctorFinding> {
  const rows = await sql.text(
    "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^credits_restore_' ORDER BY 1 LIMIT 20",
  );
  const problems = rows.map(([name]) => `schema ${name} was left by a restore that was killed`);
  return finding('leftovers', problems, 'no working schema was left behind');
}

async function clock(sql: Statements, wall: Instant): Promise<DoctorFinding> {
  const rows = await sql.text(
    `SELECT id, last_at FROM account WHERE last_at > $1 ORDER BY last_at DESC, id LIMIT ${MOST + 1}`,
    [wall],
  );
  return clockFinding(rows as unknown as [string, number][], wall, MOST);
}
