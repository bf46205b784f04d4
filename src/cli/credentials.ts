/**
 * Access tokens that `credits login` keeps: one for each server, in a file that only its user can read.
 * Source: contract 2 (0600), 6 (`login`), 8.
 */
import fs from 'node:fs';
import path from 'node:path';
import { invalid } from '../core/errors.ts';
import { shownAddress } from './secrets.ts';
import { configFolder, type Environment } from './settings.ts';

type Tokens = Readonly<Record<string, string>>;

/** Path of the file. */
export const credentialsFile = (env: Environment): string => path.join(configFolder(env), 'credentials.json');

/** A server's address in one spelling. @throws LedgerError `invalid_argument` */
export function serverAddress(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(
      `${shownAddress(text)} is no address of a server`,
      'for example https://credits.example.com',
    );
  }
  if (!/^https?:$/.test(url.protocol))
    throw invalid(`${shownAddress(text)} is no address of a server: it starts with https://`);
  if (url.username !== '' || url.password !== '') {
    throw invalid('the address carries a password', 'the token is asked for, or read from standard input');
  }
  if (url.search !== '' || url.hash !== '')
    throw invalid(`${url.origin}${url.pathname}: leave out what is behind ? or #`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** @throws LedgerError `invalid_argument` when the file cannot be read, or others can read it */
function read(env: Environment): Tokens {
  const file = credentialsFile(env);
  let text: string;
  try {
    // Windows has no such modes.
    if (process.platform !== 'win32' && (fs.statSync(file).mode & 0o077) !== 0) {
      throw invalid(`${file} holds access tokens, and others can read it`, `\`chmod 600 ${file}\``);
    }
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    if (code === undefined || (error as Error).name === 'LedgerError') throw error;
    throw invalid(`cannot read ${file}: ${code}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Tokens;
  } catch {
    // Said below.
  }
  throw invalid(`${file} is damaged`, 'remove it and log in again');
}

/** Replaced as a whole, so that a crash leaves the old file or the new one. */
function write(env: Environment, tokens: Tokens): void {
  const file = credentialsFile(env);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}.part`;
  fs.rmSync(part, { force: true });
  try {
    fs.writeFileSync(part, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    fs.renameSync(part, file);
  } catch (error) {
    fs.rmSync(part, { force: true });
    throw error;
  }
}

/** The token for a server; null: none is kept. @throws LedgerError `invalid_argument` */
export function keptToken(env: Environment, url: string): string | null {
  const tokens = read(env);
  const address = serverAddress(url);
  return Object.hasOwn(tokens, address) ? tokens[address]! : null;
}

/** Servers with a token. @throws LedgerError `invalid_argument` */
export const keptServers = (env: Environment): string[] => Object.keys(read(env)).sort();

export function keepToken(env: Environment, url: string, token: string): void {
  write(env, { ...read(env), [serverAddress(url)]: token });
}

/** @returns whether there was one */
export function forgetToken(env: Environment, url: string): boolean {
  const { [serverAddress(url)]: found, ...rest } = read(env);
  if (found === undefined) return false;
  write(env, rest);
  return true;
}
