/**
 * The one place that wires: clock, randomness, environment, terminal and ledger of one run of a command. Everything is
 * lazy, so that a command pays for what it uses. The only file that reads the clock or makes random bytes.
 */
import type { Readable } from 'node:stream';
import { isLedgerError, LedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import { UTC, UTC_RULES, type ZoneRules } from '../core/zones.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { CommandSpec } from './command.ts';
import type { Globals } from './globals.ts';
import type { Sink } from './output.ts';
import { createPaint, type Paint } from './render/paint.ts';
import { wrapText } from './render/wrap.ts';
import type { Environment } from './settings.ts';
import { describeTerminal, type StreamFacts, streamColumns, type Terminal } from './terminal.ts';
import type {
  InitInput,
  InitView,
  LedgerFiles,
  RemoteAccess,
  ServedLedger,
  ServeInput,
  TokenAdmin,
  Wire,
  WireOptions,
} from './wire-types.ts';

/** The world outside: replaced as a whole in tests. */
export interface Io {
  readonly env: Environment;
  readonly stdin: StreamFacts & { open(): Readable };
  readonly stdout: StreamFacts & Sink;
  readonly stderr: StreamFacts & Sink;
  /** Wall clock, epoch ms. */
  readonly clock: () => Instant;
  readonly random: (bytes: number) => Uint8Array;
  readonly wire: () => Promise<Wire>;
  /** Aborted by Ctrl-C or a request to end. */
  readonly signal: AbortSignal;
}

interface Builtins {
  readonly 'node:crypto': typeof import('node:crypto');
  readonly 'node:stream': typeof import('node:stream');
  readonly 'node:tty': typeof import('node:tty');
}

/** A part of Node that few commands need: an import at the top would cost every start several milliseconds. */
const builtin = <Name extends keyof Builtins>(name: Name): Builtins[Name] =>
  process.getBuiltinModule(name) as unknown as Builtins[Name];

/** The world of this process. */
export function processIo(signal: AbortSignal): Io {
  let stderr: NodeJS.WriteStream | undefined;
  return {
    env: process.env,
    stdin: {
      // Asking the descriptor spares opening the stream, which would keep an inherited pipe alive.
      get isTTY() {
        return builtin('node:tty').isatty(0);
      },
      open: () => process.stdin,
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      // Nobody reads notices any more: not a reason to fail.
      stderr ??= process.stderr.on('error', () => {});
      return stderr;
    },
    clock: () => Date.now(),
    random: (bytes) => builtin('node:crypto').randomBytes(bytes),
    wire: async () => (await import('./wire.ts')).wire,
    signal,
  };
}

/** What a command sees of the world. */
export interface Context {
  readonly globals: Globals;
  readonly env: Environment;
  readonly terminal: Terminal;
  /** Emphasis for stdout. */
  readonly paint: Paint;
  /** The account of `-a`; without one, of an opened ledger that has but one to reach, that one. */
  readonly account: string;
  /** Aborted by Ctrl-C: long work stops at its next step. */
  readonly signal: AbortSignal;
  readonly stderr: Sink;
  /** The command's clock: `--now`, else the wall clock. */
  now(): Instant;
  random(bytes: number): Uint8Array;
  /** Somebody types into standard input: it ends when they say so. */
  readonly stdinIsTerminal: boolean;
  /** Standard input; ends with an error when the command is interrupted. */
  stdin(): Readable;
  /**
   * The ledger, opened once. For a command that writes it first says on stderr which ledger that is.
   * @param scope what is written to: the account of `-a` unless told (`null`: every account)
   * @throws LedgerError `no_ledger` and whatever opening can refuse
   */
  service(scope?: string | null): Promise<LedgerService>;
  /** The ledger, or null where there is none. */
  serviceIfAny(): Promise<LedgerService | null>;
  /** Makes a ledger. @throws LedgerError `ledger_exists`, `unknown_plan`, `invalid_argument` */
  createLedger(input: InitInput): Promise<InitView>;
  /** Access tokens of the ledger, after saying which ledger that is where the command writes. */
  tokens(): Promise<TokenAdmin>;
  /** Serves the ledger until the command is interrupted. @throws LedgerError `invalid_argument` (the address) */
  serve(input: ServeInput): Promise<ServedLedger>;
  /** What a served ledger says of a token. @throws LedgerError `unauthenticated`, `remote_unreachable` */
  remoteAccess(url: string, token: string | null): Promise<RemoteAccess>;
  /** The ledger as a file on this machine. @throws LedgerError `invalid_argument` when it is none */
  files(): Promise<LedgerFiles>;
  /** Rules of a time zone; the time zone library is loaded only for a zone other than UTC. */
  zones(zone: string): Promise<ZoneRules>;
  /** One line on stderr, unless `--quiet`. */
  notice(text: string): void;
  /** One line on stderr, also with `--quiet`. */
  warn(text: string): void;
  /**
   * Asks before something that cannot be taken back; returns when the answer is yes.
   * @throws LedgerError `confirmation_needed` (nobody can be asked), `cancelled` (the answer was no)
   */
  confirm(question: string): Promise<void>;
  /** Help page of a command by its words; undefined when there is none. */
  helpPage(words: readonly string[]): string | undefined;
  close(): Promise<void>;
}

/** What `createContext` needs to know of the command. */
export interface ContextFacts {
  readonly spec: Pick<CommandSpec, 'name' | 'writes' | 'localOnly'>;
  readonly globals: Globals;
  readonly helpPage: (words: readonly string[]) => string | undefined;
}

/** What a run may write to people: notices are silenced by `--quiet`, warnings are not. */
function createNotices(io: Io, quiet: boolean) {
  const warn = (text: string): void => {
    io.stderr.write(`${wrapText(text, streamColumns(io.stderr))}\n`);
  };
  return {
    warn,
    notice: (text: string): void => {
      if (!quiet) warn(text);
    },
  };
}

/** Opens the ledger once, and says which one it is before the first write. */
function createDoor(io: Io, { globals, spec }: ContextFacts, notice: (text: string) => void) {
  const options: WireOptions = {
    db: globals.db,
    remote: globals.remote === null ? null : { url: globals.remote, token: globals.token },
    now: globals.now,
    clock: io.clock,
    random: io.random,
    readOnly: spec.writes !== true,
    signal: io.signal,
    env: io.env,
  };
  let opened: Promise<LedgerService> | undefined;
  let administered: Promise<TokenAdmin> | undefined;
  let own: string | undefined;
  let announced = spec.writes !== true;
  const announce = (ledger: Pick<LedgerService, 'info'>, scope: string | null): void => {
    if (announced) return;
    announced = true;
    notice(targetLine(ledger, scope));
  };
  const service = async (scope?: string | null): Promise<LedgerService> => {
    opened ??= io.wire().then((wire) => wire.open(options));
    const ledger = await opened;
    if (!globals.accountGiven) own = ledger.info.ownAccount;
    announce(ledger, scope === undefined ? (own ?? globals.account) : scope);
    return ledger;
  };
  return {
    get account() {
      return own ?? globals.account;
    },
    service,
    async tokens(): Promise<TokenAdmin> {
      administered ??= io.wire().then((wire) => wire.tokens(options));
      const admin = await administered;
      announce(admin, globals.accountGiven ? globals.account : null);
      return admin;
    },
    serve: async (input: ServeInput): Promise<ServedLedger> => (await io.wire()).serve(options, input),
    remoteAccess: async (url: string, token: string | null): Promise<RemoteAccess> =>
      (await io.wire()).remoteAccess({ ...options, remote: { url, token } }),
    serviceIfAny: (): Promise<LedgerService | null> =>
      service().catch((error) => {
        if (isLedgerError(error) && error.code === 'no_ledger') return null;
        throw error;
      }),
    createLedger: async (input: InitInput): Promise<InitView> => (await io.wire()).create(options, input),
    files: async (): Promise<LedgerFiles> => (await io.wire()).files(options),
    async close(): Promise<void> {
      await (await opened?.catch(() => undefined))?.close();
      await (await administered?.catch(() => undefined))?.close();
    },
  };
}

/** Wires one run of a command. */
export async function createContext(io: Io, facts: ContextFacts): Promise<Context> {
  const { globals } = facts;
  const terminal = describeTerminal(io, io.env, globals);
  const notices = createNotices(io, globals.quiet);
  const door = createDoor(io, facts, notices.notice);
  return {
    globals,
    env: io.env,
    terminal,
    paint: await createPaint(terminal.color),
    ...door,
    get account() {
      return door.account;
    },
    signal: io.signal,
    get stderr() {
      return io.stderr;
    },
    now: () => globals.now ?? io.clock(),
    random: io.random,
    get stdinIsTerminal() {
      return io.stdin.isTTY === true;
    },
    stdin: () => builtin('node:stream').addAbortSignal(io.signal, io.stdin.open()),
    zones: async (zone) => (zone === UTC ? UTC_RULES : (await import('./zone-rules.ts')).createZoneRules()),
    ...notices,
    async confirm(question) {
      if (globals.yes) return;
      if (!terminal.canAsk) throw confirmationNeeded(question, terminal.whyNotAsk);
      const { askYesNo } = await import('./prompts.ts');
      if (!(await askYesNo(question, io.signal))) {
        throw new LedgerError('cancelled', 'nothing was done: the answer was no');
      }
    },
    helpPage: facts.helpPage,
  };
}

function confirmationNeeded(question: string, why: string): LedgerError {
  return new LedgerError('confirmation_needed', `this needs a yes: ${question}`, {
    hint: `nobody can be asked (${why}): add --yes to go ahead`,
  });
}

/** Which ledger a write goes to, in one line. */
export function targetLine(ledger: Pick<LedgerService, 'info'>, scope: string | null): string {
  const { location, mode } = ledger.info;
  return `${mode} ledger ${location} · ${scope === null ? 'all accounts' : `account ${scope}`}`;
}
