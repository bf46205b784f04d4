/** A command line over a ledger that only records what it is asked, and answers what a test tells it to. */
import { Readable } from 'node:stream';
import type { Io } from '../../src/cli/context.ts';
import { run } from '../../src/cli/main.ts';
import type {
  InitInput,
  LedgerFiles,
  ServeInput,
  TokenAdmin,
  WireOptions,
} from '../../src/cli/wire-types.ts';
import { MICRO, type Microcredits } from '../../src/core/credits.ts';
import type {
  AccountView,
  BalanceView,
  LedgerService,
  PlanView,
  ReceiptView,
  RolloverView,
} from '../../src/ledger/service.ts';
import { moneyAnswers } from './fake-money.ts';

export const NOW = Date.parse('2026-02-20T12:00:00Z');
export const START = Date.parse('2026-01-31T00:00:00Z');
export const END = Date.parse('2026-02-28T00:00:00Z');

/** An amount from credits, for numbers that a test writes down. */
export const c = (credits: number): Microcredits => Math.round(credits * MICRO) as Microcredits;

export const RECEIPT: ReceiptView = {
  receipt: 'rcp_k3x9_4',
  kind: 'spend',
  account: 'default',
  at: NOW,
  credits: c(12.5),
  slices: [{ lot: 'lot_k3x9_3', source: 'monthly', credits: c(12.5) }],
  available: c(1_037.5),
  debt: c(0),
  note: null,
  replayed: false,
  dryRun: false,
  usage: null,
};

const none = {
  granted: c(0),
  spent: c(0),
  held: c(0),
  expired: c(0),
  revoked: c(0),
  available: c(0),
  nextExpiry: null,
};

/** The balance that contract 6 shows. */
export const BALANCE: BalanceView = {
  account: 'default',
  plan: 'pro',
  zone: 'UTC',
  asOf: NOW,
  available: c(1_117.5),
  held: c(20),
  debt: c(0),
  sources: [
    {
      ...none,
      source: 'monthly',
      granted: c(1_000),
      spent: c(412.5),
      held: c(20),
      available: c(567.5),
      nextExpiry: END,
    },
    { ...none, source: 'welcome', granted: c(50), available: c(50) },
    { ...none, source: 'purchased', granted: c(500), available: c(500) },
  ],
  cycle: { start: START, end: END },
  lots: [
    {
      ...none,
      lot: 'lot_k3x9_3',
      source: 'monthly',
      granted: c(1_000),
      spent: c(412.5),
      held: c(20),
      available: c(567.5),
      grantedAt: START,
      expiresAt: END,
      endedAt: null,
      priority: 50,
      note: null,
    },
  ],
  byok: {},
  closed: false,
};

export const ACCOUNT: AccountView = {
  account: 'default',
  plan: 'pro',
  zone: 'UTC',
  createdAt: START,
  closedAt: null,
  available: c(1_117.5),
  held: c(20),
  debt: c(0),
  cycle: { start: START, end: END },
};

export const PLAN: PlanView = {
  account: 'default',
  zone: 'UTC',
  plan: 'pro',
  name: 'Pro',
  monthly: c(1_000),
  priceCents: 1_200,
  status: 'active',
  pending: null,
};

export const ROLLOVER: RolloverView = {
  accounts: 3,
  granted: 0n,
  expired: 0n,
  changes: [],
  failed: [],
  dryRun: false,
};

/** What was asked of the ledger: method and arguments, in order; `open` and `create` among them. */
export type Call = readonly [method: string, ...args: unknown[]];

type Answers = { readonly [Method in keyof LedgerService]?: (...args: never[]) => unknown };

const MONEY_ANSWERS = moneyAnswers(NOW, RECEIPT);

const STANDARD: Answers = {
  spend: async () => RECEIPT,
  hold: async () => ({ ...RECEIPT, kind: 'hold', hold: 'hold_k3x9_4', expiresAt: NOW + 600_000 }),
  settle: async () => ({
    ...RECEIPT,
    kind: 'settle',
    hold: 'hold_k3x9_4',
    released: c(0),
    overrun: c(0),
    late: false,
  }),
  release: async () => ({ ...RECEIPT, kind: 'release', hold: 'hold_k3x9_4', released: c(12.5) }),
  grant: async () => ({ ...RECEIPT, kind: 'grant', lot: 'lot_k3x9_4', expiresAt: null }),
  revoke: async () => ({ ...RECEIPT, kind: 'revoke', lot: 'lot_k3x9_3' }),
  expire: async () => ({
    accounts: 1,
    expired: c(0),
    lots: [],
    holds: [],
    receipt: null,
    failed: [],
    dryRun: false,
  }),
  runCycle: async () => ROLLOVER,
  setPlan: async () => ({
    ...PLAN,
    effectiveAt: NOW,
    booked: null,
    receipt: { ...RECEIPT, kind: 'plan_change' },
  }),
  byok: async () => ({ account: 'default', providers: [], receipt: null }),
  changeByok: async () => ({ account: 'default', providers: [], receipt: { ...RECEIPT, kind: 'setting' } }),
  definePlan: async () => ({
    receipt: { ...RECEIPT, kind: 'setting' },
    catalogue: { planAt: () => undefined },
  }),
  balance: async () => BALANCE,
  holds: async () => [],
  cycle: async () => ({
    account: 'default',
    zone: 'UTC',
    plan: 'pro',
    start: START,
    end: END,
    granted: c(1_000),
    next: { at: END, credits: c(1_000) },
  }),
  plan: async () => PLAN,
  ...MONEY_ANSWERS,
  plans: async () => [{ id: 'pro', name: 'Pro', from: 0, monthly: c(1_000), priceCents: 1_200 }],
  log: async () => [],
  accounts: async () => [ACCOUNT],
  account: async () => ACCOUNT,
  openAccount: async () => ({ ...ACCOUNT, receipt: 'rcp_k3x9_1' }),
  closeAccount: async () => ({ ...RECEIPT, kind: 'setting' }),
  exportRows: async function* () {
    yield [{ ...BALANCE.lots[0]!, account: 'default', endKind: null }];
  },
  verify: async () => ({
    ok: true,
    accounts: 1,
    entries: 2,
    checks: [{ id: 'chains', ok: true, detail: [] }],
    heads: {},
  }),
  spendMany: async (items: readonly unknown[]) => items.map(() => ({ status: 'booked', receipt: RECEIPT })),
  catalogue: async () => ({ findModel: () => undefined, rows: { models: [] }, plansAt: () => [] }),
};

export interface FakeFacts {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly answers?: Answers;
  readonly terminal?: {
    readonly stdin?: boolean;
    readonly stdout?: boolean;
    readonly stderr?: boolean;
    readonly columns?: number;
  };
  readonly signal?: AbortSignal;
  /** The ledger's access tokens. */
  readonly tokens?: Partial<TokenAdmin>;
  /** What the ledger does as a file. */
  readonly files?: Partial<LedgerFiles>;
}

export interface FakeEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
  /** Stdout as one document. */
  readonly json: Record<string, unknown>;
  /** The last line of stderr as the failure document's content. */
  readonly failure: { code: string; message: string; hint?: string; details?: Record<string, unknown> };
}

/** Runs one command line; the process's own environment, streams and clock are not touched. */
export async function fakeRun(argv: readonly string[], facts: FakeFacts = {}): Promise<FakeEnd> {
  const calls: Call[] = [];
  const answers = { ...STANDARD, ...facts.answers } as Record<string, (...args: unknown[]) => unknown>;
  const ledger = new Proxy({} as LedgerService, {
    get: (_target, name: string) => {
      if (name === 'info') return { location: '/ledger.db', mode: 'test' };
      if (name === 'now') return () => NOW;
      if (name === 'then') return undefined;
      return (...args: unknown[]) => {
        if (name === 'close') return Promise.resolve();
        calls.push([name, ...args]);
        return answers[name]!(...args);
      };
    },
  });
  let stdout = '';
  let stderr = '';
  const { terminal = {} } = facts;
  const io: Io = {
    env: { HOME: '/nowhere', ...facts.env },
    stdin: { isTTY: terminal.stdin === true, open: () => Readable.from([Buffer.from(facts.stdin ?? '')]) },
    stdout: {
      isTTY: terminal.stdout === true,
      columns: terminal.columns,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTTY: terminal.stderr === true,
      columns: terminal.columns,
      write: (text) => {
        stderr += text;
      },
    },
    clock: () => NOW,
    random: (bytes) => new Uint8Array(bytes),
    signal: facts.signal ?? new AbortController().signal,
    wire: async () => ({
      files: async (options: WireOptions) => {
        calls.push(['files', options]);
        const occupant = () => ({ is: 'nothing' }) as const;
        return { ledger: options.db, occupant, ...facts.files } as LedgerFiles;
      },
      open: async (options: WireOptions) => {
        calls.push(['open', options]);
        return ledger;
      },
      tokens: async (options: WireOptions) => {
        calls.push(['tokens', options]);
        return facts.tokens as TokenAdmin;
      },
      serve: async (options: WireOptions, input: ServeInput) => {
        calls.push(['serve', options, input]);
        return { url: 'http://127.0.0.1:8787', info: ledger.info, tokens: 1, ended: Promise.resolve() };
      },
      remoteAccess: async (options: WireOptions) => {
        calls.push(['remoteAccess', options]);
        return { mode: 'test' as const, token: 'tok_2', role: 'read' as const, account: null };
      },
      create: async (options: WireOptions, input: InitInput) => {
        calls.push(['create', options, input]);
        return {
          info: { location: options.db, mode: input.mode },
          account: { ...ACCOUNT, account: input.account.account },
        };
      },
    }),
  };
  const code = await run(argv, io);
  return {
    code,
    stdout,
    stderr,
    calls,
    get json() {
      return JSON.parse(stdout);
    },
    get failure() {
      return JSON.parse(stderr.trimEnd().split('\n').at(-1)!).error;
    },
  };
}

/** What a ledger was asked besides being opened, and whether a top-up is due after it. */
export const asked = ({ calls }: FakeEnd): readonly Call[] =>
  calls.filter(([method]) => method !== 'open' && method !== 'account' && method !== 'runTopup');
