/**
 * Passwords of PostgreSQL ledgers in a passfile, as `psql` finds them. The driver's own reader is on its way out and says so
 * on stderr. Source: PostgreSQL's manual, "The Password File".
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import type { Environment } from './settings.ts';

const fileOf = (env: Environment): string =>
  env.PGPASSFILE ||
  (process.platform === 'win32'
    ? path.join(env.APPDATA ?? '', 'postgresql', 'pgpass.conf')
    : path.join(env.HOME || homedir(), '.pgpass'));

/** Its lines; none when it is not there, or when others can read it: such a file is ignored. */
function linesOf(file: string): string[] {
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) return [];
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}

/** Fields of a line, which colons divide; a backslash takes the meaning from the next character. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/((?:\\.|[^\\:])*)(?::|$)/g)].map((match) => match[1]!.replace(/\\(.)/g, '$1'));

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/**
 * The address with the passfile's password in it, where it has none and the environment neither.
 * @param url an address that can be read
 */
export function withPassword(url: string, env: Environment): string {
  const address = new URL(url);
  if (address.password !== '' || address.searchParams.has('password')) return url;
  // The driver itself looks there, whatever this program was lent.
  if (env.PGPASSWORD || process.env.PGPASSWORD) return url;
  const user = decodeURIComponent(address.username) || env.PGUSER || userName();
  const wanted = [
    address.searchParams.get('host') ?? (decodeURIComponent(address.hostname) || env.PGHOST || 'localhost'),
    address.port || env.PGPORT || '5432',
    decodeURIComponent(address.pathname.slice(1)) || env.PGDATABASE || user,
    user,
  ];
  for (const line of linesOf(fileOf(env))) {
    if (line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    if (fields.length < 5 || !wanted.every((each, at) => fields[at] === '*' || fields[at] === each)) continue;
    address.password = encodeURIComponent(fields[4]!);
    address.username = encodeURIComponent(user);
    return address.href;
  }
  return url;
}
