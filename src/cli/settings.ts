/**
 * Folders and the configuration file. Checked by hand: a schema library would cost every start more than the file does.
 * Source: contract 2; XDG Base Directory Specification (unset, empty and relative values are ignored).
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { invalid } from '../core/errors.ts';
import { carriesPassword } from './secrets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What would otherwise be said with flags every time. */
export interface Configuration {
  /** An absolute path, or a `postgres://` URL. */
  readonly db?: string;
  readonly remote?: string;
  /** Access token for `remote`, and for no other ledger. */
  readonly token?: string;
  readonly account?: string;
  readonly model?: string;
}

const FIELDS: readonly (keyof Configuration)[] = ['db', 'remote', 'token', 'account', 'model'];

/** Where a user's folders are. A process without one (a cron job of a user that is in no list) gets one that is not there. */
function homeFolder(env: Environment): string {
  if (env.HOME) return env.HOME;
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}

function folder(env: Environment, name: string, fallback: string): string {
  const given = env[name];
  const base = given && path.isAbsolute(given) ? given : path.join(homeFolder(env), fallback);
  return path.join(base, 'credits');
}

/** Where the ledger lies unless told. */
export const dataFolder = (env: Environment): string => folder(env, 'XDG_DATA_HOME', '.local/share');
export const configFolder = (env: Environment): string => folder(env, 'XDG_CONFIG_HOME', '.config');

/** Path of the ledger unless told. */
export const defaultLedger = (env: Environment): string => path.join(dataFolder(env), 'ledger.db');

/** Path of the configuration file. */
export const configurationFile = (env: Environment): string => path.join(configFolder(env), 'config.json');

/** A profile of `--profile` or `CREDITS_PROFILE`; null: the file's own choice, if it has one. */
export type ProfileChoice = { readonly name: string; readonly from: string } | null;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads `config.json`: its settings, with those of a profile in their place. A missing file is an empty one.
 * @throws LedgerError `invalid_argument` for what it does not know, a profile that is not there, or a secret in a file
 *   that others can read
 */
export function readConfiguration(env: Environment, choice: ProfileChoice): Configuration {
  const file = configurationFile(env);
  const whole = readFields(file);
  if (whole === null) {
    if (choice === null) return {};
    throw invalid(
      `${choice.from}: there is no profile ${JSON.stringify(choice.name)}`,
      `profiles stand in ${file}, which is not there`,
    );
  }
  const { profile, profiles = {}, ...own } = whole;
  const settings = checkSettings(own, file, '', env);
  const named = checkProfiles(profiles, file, env);
  requirePrivate(file, [settings, ...named.values()]);
  if (profile !== undefined && typeof profile !== 'string') {
    throw invalid(`${file}: profile must be the name of one of its profiles`);
  }
  const wanted = choice ?? (profile === undefined ? null : { name: profile, from: `${file}: profile` });
  return wanted === null ? settings : mergeProfile(settings, named, wanted, file);
}

/** Names of the profiles; none where the file is missing or wrong. For completion, which never refuses. */
export function profileNames(env: Environment): string[] {
  try {
    return Object.keys((readFields(configurationFile(env))?.profiles ?? {}) as object);
  } catch {
    return [];
  }
}

/** The object in the file; null where there is no file. @throws LedgerError `invalid_argument` */
function readFields(file: string): Fields | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw invalid(`cannot read ${file}: ${code ?? 'unknown error'}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`${file} is no JSON`);
  }
  if (!isObject(value)) throw invalid(`${file} must hold one JSON object`);
  return value;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param place where in the file, for messages: `''` or `profiles.work.` */
function checkSettings(fields: Fields, file: string, place: string, env: Environment): Configuration {
  for (const [field, setting] of Object.entries(fields)) {
    if (!(FIELDS as readonly string[]).includes(field)) {
      const known = [...FIELDS, ...(place === '' ? ['profile', 'profiles'] : [])];
      throw invalid(
        `${file}: unknown setting ${JSON.stringify(place + field)}`,
        `it knows ${known.join(', ')}`,
      );
    }
    if (typeof setting !== 'string' || setting === '') {
      throw invalid(`${file}: ${place}${field} must be a text`);
    }
  }
  const settings = fields as Configuration;
  return settings.db === undefined
    ? settings
    : { ...settings, db: ledgerPath(settings.db, `${file}: ${place}db`, env) };
}

/** A file means the same from every folder: its paths are absolute, or begin at home. */
function ledgerPath(db: string, what: string, env: Environment): string {
  if (/^postgres(?:ql)?:/i.test(db) || path.isAbsolute(db)) return db;
  if (db.startsWith('~/')) return path.join(homeFolder(env), db.slice(2));
  throw invalid(`${what} must be an absolute path, a path that starts with ~/, or a postgres:// URL`);
}

function checkProfiles(value: unknown, file: string, env: Environment): Map<string, Configuration> {
  if (!isObject(value)) throw invalid(`${file}: profiles must be an object of profiles by name`);
  return new Map(
    Object.entries(value).map(([name, fields]) => {
      if (!isObject(fields)) throw invalid(`${file}: profiles.${name} must be an object of settings`);
      return [name, checkSettings(fields, file, `profiles.${name}.`, env)];
    }),
  );
}

/** @throws LedgerError `invalid_argument`: a secret that others can read is none */
function requirePrivate(file: string, all: readonly Configuration[]): void {
  const isSecret = all.some(
    ({ db, token }) => token !== undefined || (db !== undefined && carriesPassword(db)),
  );
  // Windows has no such modes.
  if (!isSecret || process.platform === 'win32' || (statSync(file).mode & 0o077) === 0) return;
  throw invalid(`${file} holds a secret, and others can read it`, `\`chmod 600 ${file}\``);
}

/** A profile that names a ledger replaces the file's, with its token. */
function mergeProfile(
  { db, remote, token, ...rest }: Configuration,
  profiles: ReadonlyMap<string, Configuration>,
  { name, from }: { readonly name: string; readonly from: string },
  file: string,
): Configuration {
  const chosen = profiles.get(name);
  if (chosen === undefined) {
    const known = [...profiles.keys()];
    throw invalid(
      `${from}: there is no profile ${JSON.stringify(name)}`,
      known.length === 0 ? `${file} has no profiles` : `${file} has ${known.join(', ')}`,
    );
  }
  if (chosen.db !== undefined || chosen.remote !== undefined) return { ...rest, ...chosen };
  return {
    ...rest,
    ...(db === undefined ? {} : { db }),
    ...(remote === undefined ? {} : { remote }),
    ...(token === undefined ? {} : { token }),
    ...chosen,
  };
}
