/**
 * Opens and makes local ledgers: the store, its hashing, chance and clock, and the service over it. Loaded by
 * `context.ts` when a command needs a ledger.
 */
import { userInfo } from 'node:os';
import path from 'node:path';
import { defaultRows } from '../catalog/index.ts';
import { invalid } from '../core/errors.ts';
import { UTC, UTC_RULES, type ZoneRules } from '../core/zones.ts';
import { LocalLedger } from '../ledger/local.ts';
import { openWork } from '../ledger/local-accounts.ts';
import { type LocalDeps, refuseFuture } from '../ledger/local-deps.ts';
import { settingRows } from '../ledger/new-ledger.ts';
import type { Store } from '../ledger/store.ts';
import type { StoreOptions } from '../store/sqlite.ts';
import { createSqlite, openSqlite } from '../store/sqlite-open.ts';
import type { Wire, WireOptions } from './wire-types.ts';

// Fetched with the first hash: a balance needs none, and loading it is a tenth of a start.
let hash: typeof import('node:crypto').hash | undefined;
const sha256 = (text: string): string => {
  hash ??= process.getBuiltinModule('node:crypto').hash;
  return hash('sha256', text, 'hex');
};

const TAG_LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

function storeOptions({ random, signal }: WireOptions): StoreOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    sha256,
    random: () => Buffer.from(random(4)).readUInt32BE() / 2 ** 32,
    newTag: () => [...random(6)].map((byte) => TAG_LETTERS[byte % TAG_LETTERS.length]).join(''),
  };
}

const newWord = ({ random }: Pick<WireOptions, 'random'>): string =>
  [...random(16)].map((byte) => TAG_LETTERS[byte % TAG_LETTERS.length]).join('');

const loadZones = async (): Promise<ZoneRules> => (await import('./zone-rules.ts')).createZoneRules();

/** Who changes a setting: the user of this machine, as the system names them. */
function actor(): string {
  try {
    return userInfo().username;
  } catch {
    // A process without an entry in the user list still has a number.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

function fileOf({ db, remote }: WireOptions): string {
  if (remote !== null) {
    throw invalid('this is about a ledger on this machine', 'leave --remote out, and unset CREDITS_REMOTE');
  }
  return path.resolve(db);
}

/** Where a PostgreSQL ledger is; null: the ledger is a file. */
const postgresAt = async ({ db, remote, env }: WireOptions) =>
  remote === null && /^postgres(ql)?:/i.test(db)
    ? (await import('./wire-postgres.ts')).postgresAt(db, env)
    : null;

/** A store that knows whether its accounts need the calendar of zones. */
type LocalStore = Store & { hasZones(): boolean };

const serviceOver = async (store: LocalStore, options: WireOptions): Promise<LocalLedger> =>
  new LocalLedger(await depsOver(store, options));

async function depsOver(store: LocalStore, options: WireOptions): Promise<LocalDeps> {
  return {
    store,
    zones: store.hasZones() ? await loadZones() : UTC_RULES,
    loadZones,
    sha256,
    now: () => options.now ?? options.clock(),
    wall: options.clock,
    actor: actor(),
    payments: {
      open: async () => (await import('./wire-payments.ts')).paymentAccess(store, options).open(),
      webhookSecrets: async () =>
        (await import('./wire-payments.ts')).paymentAccess(store, options).webhookSecrets(),
      planPrices: async () => (await import('./wire-payments.ts')).planPrices(options.env),
      reference: () => newWord(options),
    },
  };
}

/** A ledger on this machine with everything that a service over it needs. */
async function openDeps(options: WireOptions): Promise<LocalDeps> {
  const facts = storeOptions(options);
  const store =
    (await (await postgresAt(options))?.open(facts)) ??
    openSqlite(fileOf(options), options.readOnly ? 'read' : 'write', facts);
  return depsOver(store, options);
}

export const wire: Wire = {
  async files(options) {
    const postgres = await postgresAt(options);
    if (postgres !== null) {
      const over = (store: LocalStore) => serviceOver(store, options);
      return postgres.files(options, { sha256, over, store: storeOptions(options) });
    }
    const { createLedgerFiles } = await import('./ledger-files.ts');
    return createLedgerFiles(options, {
      ledger: fileOf(options),
      sha256,
      open: (file) => serviceOver(openSqlite(file, 'write', storeOptions(options)), options),
    });
  },
  async open(options) {
    if (options.remote !== null) return (await import('./wire-remote.ts')).openRemoteLedger(options);
    return new LocalLedger(await openDeps(options));
  },
  async tokens(options) {
    const { createTokenAdmin } = await import('./wire-tokens.ts');
    return createTokenAdmin(await openDeps(options), options);
  },
  async serve(options, input) {
    const { serveLedger } = await import('./wire-serve.ts');
    return serveLedger(options, input, openDeps);
  },
  async remoteAccess(options) {
    return (await import('./wire-remote.ts')).askAccess(options);
  },
  async create(options, input) {
    const postgres = await postgresAt(options);
    const now = options.now ?? options.clock();
    refuseFuture(input.mode, now, options.clock());
    const zones = input.account.zone === UTC ? UTC_RULES : await loadZones();
    const account = openWork(input.account, now, zones, false);
    const start = { mode: input.mode, now, settings: settingRows(defaultRows()), account };
    const facts = storeOptions(options);
    const store = (await postgres?.create(start, facts)) ?? createSqlite(fileOf(options), start, facts);
    const service = await serviceOver(store, options);
    try {
      return { info: service.info, account: await service.account(input.account.account) };
    } finally {
      await service.close();
    }
  },
};
