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
import type { SqliteStore, StoreOptions } from '../store/sqlite.ts';
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
  if (/^postgres(ql)?:/i.test(db)) throw invalid('a PostgreSQL ledger is not available in this version');
  return path.resolve(db);
}

const serviceOver = async (store: SqliteStore, options: WireOptions): Promise<LocalLedger> =>
  new LocalLedger(await depsOver(store, options));

async function depsOver(store: SqliteStore, options: WireOptions): Promise<LocalDeps> {
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
      reference: () => newWord(options),
    },
  };
}

/** A ledger on this machine with everything that a service over it needs. */
const openDeps = async (options: WireOptions): Promise<LocalDeps> =>
  depsOver(openSqlite(fileOf(options), options.readOnly ? 'read' : 'write', storeOptions(options)), options);

export const wire: Wire = {
  async files(options) {
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
    const file = fileOf(options);
    const now = options.now ?? options.clock();
    refuseFuture(input.mode, now, options.clock());
    const zones = input.account.zone === UTC ? UTC_RULES : await loadZones();
    const account = openWork(input.account, now, zones, false);
    const store = createSqlite(
      file,
      { mode: input.mode, now, settings: settingRows(defaultRows()), account },
      storeOptions(options),
    );
    const service = await serviceOver(store, options);
    try {
      return { info: service.info, account: await service.account(input.account.account) };
    } finally {
      await service.close();
    }
  },
};
