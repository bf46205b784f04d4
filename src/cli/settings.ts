/**
 * Folders and the configuration file. Checked by hand: a schema library would cost every start more than the file does.
 * Source: contract 2; XDG Base Directory Specification (unset, empty and relative values are ignored).
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { invalid } from '../core/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `config.json` in the configuration folder: what would otherwise be said with flags every time. */
export interface Configuration {
  readonly db?: string;
  readonly remote?: string;
  readonly account?: string;
  readonly model?: string;
}

const FIELDS: readonly (keyof Configuration)[] = ['db', 'remote', 'account', 'model'];

function folder(env: Environment, name: string, fallback: string): string {
  const given = env[name];
  const base = given && path.isAbsolute(given) ? given : path.join(env.HOME || homedir(), fallback);
  return path.join(base, 'credits');
}

/** Where the ledger lies unless told. */
export const dataFolder = (env: Environment): string => folder(env, 'XDG_DATA_HOME', '.local/share');
export const configFolder = (env: Environment): string => folder(env, 'XDG_CONFIG_HOME', '.config');
export const stateFolder = (env: Environment): string => folder(env, 'XDG_STATE_HOME', '.local/state');
export const cacheFolder = (env: Environment): string => folder(env, 'XDG_CACHE_HOME', '.cache');

/** Path of the ledger unless told. */
export const defaultLedger = (env: Environment): string => path.join(dataFolder(env), 'ledger.db');

/** Reads `config.json`; a missing one is an empty one. @throws LedgerError `invalid_argument` */
export function readConfiguration(env: Environment): Configuration {
  const file = path.join(configFolder(env), 'config.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw invalid(`cannot read ${file}: ${code ?? 'unknown error'}`);
  }
  return checkConfiguration(text, file);
}

function checkConfiguration(text: string, file: string): Configuration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`${file} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${file} must hold one JSON object`);
  }
  for (const [field, setting] of Object.entries(value)) {
    if (!(FIELDS as readonly string[]).includes(field)) {
      throw invalid(`${file}: unknown setting ${JSON.stringify(field)}`, `it knows ${FIELDS.join(', ')}`);
    }
    if (typeof setting !== 'string' || setting === '') throw invalid(`${file}: ${field} must be a text`);
  }
  return value;
}
