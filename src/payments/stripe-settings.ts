/**
 * Keys and addresses of Stripe: from the environment, else from a file that nobody else can read. Never from argv, never
 * into a message.
 *
 * Source: contract 9 (`STRIPE_SECRET_KEY`, `STRIPE_WEBHOOK_SECRET`, `STRIPE_API_BASE`).
 */
import fs from 'node:fs';
import { invalid, LedgerError } from '../core/errors.ts';
import type { LedgerMode } from '../ledger/views.ts';

export interface SettingsFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file of `NAME=value` lines with the same names, for cron and services; null or absent on disk: none. */
  readonly file: string | null;
}

/** Where Stripe is reached. */
export interface ApiAddress {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

export interface StripeSettings {
  /** Null: payments are simulated, in a test ledger. */
  readonly secretKey: string | null;
  /** Several while one is being rolled; may be empty. */
  readonly webhookSecrets: readonly string[];
  /** Null: Stripe's own. */
  readonly address: ApiAddress | null;
  /** Where a browser goes after a Checkout page. */
  readonly returnUrl: string;
}

const NAMES = [
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'STRIPE_API_BASE',
  'STRIPE_RETURN_URL',
  'STRIPE_PRICES',
] as const;
type Name = (typeof NAMES)[number];

/** A command line has no page of its own to come back to. */
const RETURN_URL = 'https://stripe.com/';

/** One setting after the other; the environment beats the file. */
function settingsIn({ env, file }: SettingsFacts): (name: Name) => string | null {
  const stored = file === null ? {} : readFile(file);
  return (name) => {
    const value = (env[name]?.trim() || stored[name]) ?? '';
    return value === '' ? null : value;
  };
}

/**
 * Prices of plans, as they are written: `pro=price_1,team=price_2`; empty where none is sold. Keys are not looked at.
 * @throws LedgerError `invalid_argument` (a file that others can read)
 */
export const readPlanPrices = (facts: SettingsFacts): string => settingsIn(facts)('STRIPE_PRICES') ?? '';

/**
 * Reads the settings; the environment beats the file, name by name.
 * @throws LedgerError `invalid_argument` (a file that others can read, an address that is none, a key with blanks)
 */
export function readStripeSettings(facts: SettingsFacts): StripeSettings {
  const settingOf = settingsIn(facts);
  const secretKey = settingOf('STRIPE_SECRET_KEY');
  if (secretKey !== null) modeOfKey(secretKey);
  const secrets = (settingOf('STRIPE_WEBHOOK_SECRET') ?? '').split(',').map((secret) => secret.trim());
  const base = settingOf('STRIPE_API_BASE');
  return {
    secretKey,
    webhookSecrets: secrets.filter((secret) => secret !== ''),
    address: base === null ? null : addressOf(base),
    returnUrl: checkedReturn(settingOf('STRIPE_RETURN_URL') ?? RETURN_URL),
  };
}

function readFile(file: string): Partial<Record<Name, string>> {
  let text: string;
  try {
    const fd = fs.openSync(file, 'r');
    try {
      // Asked of the open file, so that nobody can swap it in between. Windows has no such bits.
      const { mode } = fs.fstatSync(fd);
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw invalid(`${file} holds secrets, and others can read it`, `run: chmod 600 ${file}`);
      }
      text = fs.readFileSync(fd, 'utf8');
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    if (error instanceof LedgerError) throw error;
    throw invalid(`cannot read ${file}: ${code ?? 'unknown error'}`);
  }
  return readLines(text, file);
}

function readLines(text: string, file: string): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^(?:export\s+)?([A-Z_]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*))$/.exec(line);
    const name = NAMES.find((known) => known === match?.[1]);
    // The line stays out of the message: it may be a secret.
    if (match === null || name === undefined) {
      throw invalid(`${file}: line ${index + 1} is none of ${NAMES.join(', ')}`);
    }
    found[name] = (match[2] ?? match[3] ?? match[4] ?? '').trim();
  }
  return found;
}

/**
 * Test or live, as a key's beginning says.
 * @throws LedgerError `invalid_argument` when it is no secret key
 */
export function modeOfKey(key: string): LedgerMode {
  const match = /^(?:sk|rk)_(test|live)_[\x21-\x7e]+$/.exec(key);
  if (match === null) {
    throw invalid(
      'STRIPE_SECRET_KEY is no secret key of Stripe',
      'it begins with sk_test_, rk_test_, sk_live_ or rk_live_',
    );
  }
  return match[1] === 'live' ? 'live' : 'test';
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function addressOf(text: string): ApiAddress {
  // The value stays out of the message: an address may carry a password.
  const url = URL.parse(text);
  if (url === null) throw invalid('STRIPE_API_BASE is no address');
  if (url.username !== '' || url.password !== '') {
    throw invalid('STRIPE_API_BASE must not carry a user name or password');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw invalid('STRIPE_API_BASE must be an address without a path');
  }
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!isSafe) throw invalid('STRIPE_API_BASE must be an https address; plain http is for loopback only');
  const isPlain = url.protocol === 'http:';
  return {
    protocol: isPlain ? 'http' : 'https',
    // The SDK takes a host as Node's http does: an IPv6 address without brackets.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isPlain ? 80 : 443) : Number(url.port),
  };
}

function checkedReturn(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid('STRIPE_RETURN_URL is no web address');
  return text;
}
