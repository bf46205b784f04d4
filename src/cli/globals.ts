/**
 * The flags that every command takes, and how they, the environment and the configuration file become settings. Flags
 * beat environment beats file; an empty variable is not set.
 *
 * Source: contract 2.
 */

import { invalid } from '../core/errors.ts';
import { requireAccountId } from '../core/ledger/accounts.ts';
import { parseInstant } from '../core/time.ts';
import type { Instant } from '../core/types.ts';
import type { OptionSpec } from './command.ts';
import { carriesPassword, isNearlyAddress, shownAddress } from './secrets.ts';
import { type Configuration, defaultLedger, type Environment, type ProfileChoice } from './settings.ts';

export { safeLocation } from './secrets.ts';

/** Declared once, on the root: they work before and after the command. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: '--db <path>', description: 'the ledger: a file, or postgres://… (CREDITS_DB)' },
  {
    flags: '--remote <url>',
    description: 'a ledger served by `credits serve` (CREDITS_REMOTE, CREDITS_TOKEN)',
  },
  { flags: '-a, --account <id>', description: 'the account (CREDITS_ACCOUNT; "default" unless set)' },
  { flags: '--json', description: 'one JSON document on stdout; failures as JSON on stderr' },
  { flags: '-q, --quiet', description: 'no notices; print nothing when nothing changed' },
  { flags: '-y, --yes', description: 'answer yes to the question a command would ask' },
  { flags: '--no-input', description: 'never ask anything' },
  { flags: '--no-color', description: 'no colours (NO_COLOR)' },
  { flags: '-n, --dry-run', description: 'decide and show, book nothing (commands that write)' },
  {
    flags: '--key <key>',
    description: 'idempotency key: the same key never books twice (commands that book a receipt)',
  },
  { flags: '--profile <name>', description: 'a profile of the configuration file (CREDITS_PROFILE)' },
  { flags: '--now <instant>', description: 'set the clock, for tests and back-fills (CREDITS_NOW)' },
];

/** The global flags as commander gives them. */
export interface GlobalFlags {
  readonly db?: string;
  readonly remote?: string;
  readonly account?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly yes?: boolean;
  readonly input?: boolean;
  readonly color?: boolean;
  readonly dryRun?: boolean;
  readonly key?: string;
  readonly profile?: string;
  readonly now?: string;
}

/** What holds for one run of a command. */
export interface Globals {
  /** A path or a `postgres://` URL. */
  readonly db: string;
  /** Base URL; null: the ledger in `db`. */
  readonly remote: string | null;
  readonly token: string | null;
  readonly account: string;
  /** False where the account is the default one: a token for one account then means its own. */
  readonly accountGiven: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly yes: boolean;
  readonly noInput: boolean;
  readonly noColor: boolean;
  readonly dryRun: boolean;
  readonly key: string | null;
  readonly now: Instant | null;
  readonly model: string | null;
}

/** The value of a variable; undefined when it is not set or empty. */
export const variable = (env: Environment, name: string): string | undefined => env[name] || undefined;

/** The profile that flags or environment name. */
export function chosenProfile({ profile }: GlobalFlags, env: Environment): ProfileChoice {
  if (profile === '') throw invalid('--profile needs the name of a profile');
  if (profile !== undefined) return { name: profile, from: '--profile' };
  const name = variable(env, 'CREDITS_PROFILE');
  return name === undefined ? null : { name, from: 'CREDITS_PROFILE' };
}

/** Flags, environment and file as one set of settings. @throws LedgerError `invalid_argument` */
export function resolveGlobals(flags: GlobalFlags, env: Environment, file: Configuration): Globals {
  const { db, remote, token } = whichLedger(flags, env, file);
  const account = flags.account ?? variable(env, 'CREDITS_ACCOUNT') ?? file.account;
  const now = flags.now ?? variable(env, 'CREDITS_NOW');
  if (flags.key !== undefined) requireKey(flags.key);
  return {
    db: db ?? defaultLedger(env),
    remote: remote ?? null,
    token: variable(env, 'CREDITS_TOKEN') ?? token ?? null,
    account: requireAccountId(account ?? 'default'),
    accountGiven: account !== undefined,
    json: flags.json === true,
    quiet: flags.quiet === true,
    yes: flags.yes === true,
    noInput: flags.input === false,
    noColor: flags.color === false,
    dryRun: flags.dryRun === true,
    key: flags.key ?? null,
    now: now === undefined ? null : parseInstant(now, flags.now === undefined ? 'CREDITS_NOW' : '--now'),
    model: variable(env, 'CREDITS_MODEL') ?? file.model ?? null,
  };
}

/** Somewhere a ledger can be named; `names`: how, for messages. */
interface Place {
  readonly db?: string | undefined;
  readonly remote?: string | undefined;
  readonly token?: string;
  readonly names: string;
}

/** The first of flags, environment and file that names a ledger decides; two names in one of them are refused. */
function whichLedger(flags: GlobalFlags, env: Environment, file: Configuration): Configuration {
  if (flags.db !== undefined)
    refuseSecret(flags.db, '--db', 'put it into CREDITS_DB, PGPASSWORD or a passfile');
  if (flags.remote !== undefined) refuseSecret(flags.remote, '--remote', 'put the token into CREDITS_TOKEN');
  const places: readonly Place[] = [
    { db: flags.db, remote: flags.remote, names: '--db and --remote' },
    {
      db: variable(env, 'CREDITS_DB'),
      remote: variable(env, 'CREDITS_REMOTE'),
      names: 'CREDITS_DB and CREDITS_REMOTE',
    },
    // The token is for this server alone: another one must never see it.
    { ...file, names: '`db` and `remote` in the configuration file' },
  ];
  const place = places.find(({ db, remote }) => db !== undefined || remote !== undefined);
  if (place === undefined) return {};
  const { db, remote, token, names } = place;
  if (db !== undefined && remote !== undefined)
    throw invalid(`${names} name two ledgers`, 'keep one of them');
  if (db === '') throw invalid('--db needs a path or a postgres:// URL');
  if (db !== undefined && isNearlyAddress(db)) {
    throw invalid(
      'the ledger is named by something that is neither a path nor a postgres:// URL',
      'it is postgres://user@host:5432/database, or a path; a path with : and @ starts with ./ or /',
    );
  }
  if (remote !== undefined && !/^https?:\/\/[^\s/]/.test(remote)) {
    throw invalid(
      `${shownAddress(remote)} is no address of a remote ledger`,
      'it starts with https:// or http://',
    );
  }
  return {
    ...(db === undefined ? {} : { db }),
    ...(remote === undefined ? {} : { remote }),
    ...(remote === undefined || token === undefined ? {} : { token }),
  };
}

function refuseSecret(url: string, flag: string, hint: string): void {
  if (carriesPassword(url)) throw invalid(`${flag} carries a password, which every process list shows`, hint);
}

function requireKey(key: string): void {
  if (key === '' || key.length > 255 || /[\u0000-\u001f\u007f]/.test(key)) {
    throw invalid('--key must be 1 to 255 characters without control characters');
  }
}
