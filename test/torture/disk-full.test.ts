/**
 * A full disk refuses, never half-applies, and needs no repair: every kind of write is tried with no page left, then with
 * one page more each time until it passes; and once more on a real file system without space.
 */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { defaultRows } from '../../src/catalog/index.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { settingRows } from '../../src/ledger/new-ledger.ts';
import { createSqlite } from '../../src/store/sqlite-open.ts';
import { accessTokens, credits, NOON, sha256, spendOf, type TestLedger } from '../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../helpers/paying.ts';
import { failureOf, PATIENCE, runProgram } from '../helpers/processes.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { holdInput, ledgerOver, openLedger, workerOptions } from '../helpers/worker-ledger.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

/** Times a kind of write is repeated until it needs a page that is not there. */
const TRIES = 25;
const NOTE = 'x'.repeat(900);
const MOST_PAGES = 200;

const connectionOf = (t: TestLedger) => (t.store as unknown as { db: Database.Database }).db;

const pagesOf = (db: Database.Database): number => db.pragma('page_count', { simple: true }) as number;

/** A hash of all rows that another process sees. */
function contentOf(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).pluck();
    const rows = tables.all().map((table) => db.prepare(`SELECT * FROM ${table}`).raw().all());
    return sha256(JSON.stringify(rows));
  } finally {
    db.close();
  }
}

/** Writes of ours that another process sees. */
function keysOf(file: string): number {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare('SELECT count(*) FROM receipt WHERE key IS NOT NULL').pluck().get() as number;
  } finally {
    db.close();
  }
}

const grantOf = (note: string) =>
  ({ source: 'promotional', amount: credits('1'), expires: null, priority: 50, note }) as const;

type Write = (no: number) => Promise<unknown>;

/** Every kind of write that is one transaction, each on things of its own that are there beforehand. */
async function writesOf(t: PayingLedger): Promise<Record<string, Write>> {
  const { ledger } = t;
  const numbers = Array.from({ length: TRIES }, (_, no) => no);
  const make = <T>(one: (no: number) => Promise<T>) => Promise.all(numbers.map(one));
  const holds = [] as string[];
  const lots = [] as string[];
  await make(async (no) => {
    for (const of of [2 * no, 2 * no + 1]) {
      holds[of] = (await ledger.hold('default', holdInput('0.01'))).hold!;
      lots[of] = (await ledger.grant('default', grantOf('to be ended'))).lot!;
    }
  });
  for (const no of numbers) {
    for (const kind of ['plan', 'close', 'cycle', 'lapse']) {
      const plan = kind === 'cycle' ? 'pro' : 'free';
      await ledger.openAccount({ account: `${kind}-${no}`, plan, zone: 'UTC', anchorAt: null });
    }
  }
  const tokens = accessTokens(t);
  const ids = (await make(() => tokens.create({ role: 'read', account: 'default' }))).map(({ id }) => id!);
  const rates = { input: '1', output: '1', cacheRead: null, cacheWrite: null, from: null };
  const long = 'y'.repeat(150);
  const text = (no: number) => `${no}-${long}`;
  return {
    spend: (no) => ledger.spend('default', spendOf('0.01', { note: NOTE }), { key: `spend-${no}` }),
    'spend many': (no) =>
      ledger.spendMany(
        numbers.slice(0, 15).map((item) => {
          const key = `many-${no}-${item}`;
          return { account: 'default', key, input: spendOf('0.001', { note: NOTE }) };
        }),
      ),
    hold: (no) => ledger.hold('default', holdInput('0.01', NOTE), { key: `hold-${no}` }),
    settle: (no) => {
      const none = { activity: null, session: null, run: null };
      const input = { hold: holds[2 * no]!, amount: credits('0.02'), call: null, tags: none, note: NOTE };
      return ledger.settle('default', input, { key: `settle-${no}` });
    },
    release: (no) =>
      ledger.release('default', { hold: holds[2 * no + 1]!, note: NOTE }, { key: `rel-${no}` }),
    grant: (no) => ledger.grant('default', grantOf(NOTE), { key: `grant-${no}` }),
    revoke: (no) => ledger.revoke('default', { lot: lots[2 * no]!, note: NOTE }, { key: `revoke-${no}` }),
    expire: (no) => ledger.expire('default', lots[2 * no + 1]!, { key: text(no) }),
    'open an account': (no) =>
      ledger.openAccount({ account: `new-${no}`, plan: 'pro', zone: 'UTC', anchorAt: null }),
    'close an account': (no) => ledger.closeAccount(`close-${no}`, { key: text(no) }),
    'change a plan': (no) => ledger.setPlan(`plan-${no}`, { plan: 'pro', mode: null }, { key: text(no) }),
    'set a model': (no) => {
      const facts = { model: `model-${text(no)}`, name: null, provider: 'own', ...rates };
      return ledger.setModel(facts, { key: text(no) });
    },
    'alias a model': (no) => ledger.aliasModel({ alias: `alias-${text(no)}`, model: 'haiku' }),
    'change a plan of the list': (no) =>
      ledger.definePlan(
        { plan: 'pro', monthly: credits(`${1_000 + no}`), priceCents: 1_000, from: null },
        { key: `plan-${text(no)}` },
      ),
    'set the top-up': (no) => {
      const policy = { threshold: credits('1'), amount: credits('500'), limitCents: 5_000 + no };
      return ledger.setTopup(`lapse-${no}`, { ...policy, enabled: false }, { key: `topup-${text(no)}` });
    },
    'set a package': (no) =>
      ledger.setPackage(
        { package: `pack-${no}`, credits: credits('700'), priceCents: 700, from: null },
        { key: `package-${text(no)}` },
      ),
    'retire a package': (no) =>
      ledger.retirePackage(no === 0 ? '500' : `pack-${no - 1}`, { key: `retire-${text(no)}` }),
    'use an own key': (no) => {
      const action = no % 2 === 0 ? 'add' : 'remove';
      const env = action === 'add' ? `KEY_${'Z'.repeat(100)}` : null;
      return ledger.changeByok('lapse-0', { action, provider: 'anthropic', env }, { key: text(no) });
    },
    'make a token': (no) => tokens.create({ role: 'spend', account: null }, { key: `token-${text(no)}` }),
    'end a token': (no) => tokens.revoke(ids[no]!, { key: `end-${text(no)}` }),
    'note an event': (no) =>
      t.store.payments.recordEvents(
        numbers.map((one) => {
          const id = `evt_${no}_${one}_${'e'.repeat(60)}`;
          return { id, type: 'charge.refunded', createdAt: t.at, outcome: 'none' };
        }),
      ),
    'roll over': async (no) => {
      t.at = Date.UTC(2026, 2 + no, 1);
      const { failed } = await ledger.runCycle('rollover', null);
      expect(failed).toEqual([]);
    },
  };
}

const PACKAGE = { package: '2000', maxChargeCents: null, checkout: false } as const;
/** Its credits and its price. */
const [PACKED, CENTS] = [credits('2000'), 1_800];

/**
 * Writes that are several transactions, with the provider's own books in between: what is refused midway goes on where it
 * stopped when it is asked again.
 */
async function stepsOf(t: PayingLedger): Promise<Record<string, Write>> {
  const { ledger, simulated } = t;
  const methods = ['pm_card_visa', 'pm_card_mastercard'];
  await ledger.addCard('default', methods[0]!);
  const bought = [];
  for (let no = 0; no < TRIES; no += 1) bought.push(await ledger.buy('default', PACKAGE, { key: `b${no}` }));
  for (const { purchase } of bought) {
    const refunds = [{ id: `re_${purchase}`, amountCents: CENTS, status: 'succeeded' as const }];
    await simulated.happen(`pi_sim_${purchase}`, (paid) => ({ ...paid, refunds }));
  }
  const key = (name: string, no: number) => ({ key: `${name}-${no}-${'z'.repeat(150)}` });
  return {
    'book what happened': async () => {
      // What fails for one event is an answer: it stops no other.
      const { failed } = await ledger.syncPayments();
      if (failed.length > 0) throw failed[0]!.error;
    },
    'save a card': (no) => ledger.addCard('default', methods[no % 2]!, key('card', no)),
    buy: (no) => ledger.buy('default', PACKAGE, key('buy', no)),
  };
}

/**
 * Repeats a write with no free page until it is refused, then with one page more each time until it passes.
 * @param isWhole it is one transaction: what is refused leaves everything as it was
 * @returns how often it was refused, and how often it passed
 */
async function refusals(
  t: PayingLedger,
  write: Write,
  isWhole = true,
): Promise<{ refused: number; passed: number }> {
  const db = connectionOf(t);
  let [refused, passed] = [0, 0];
  // Of several steps another one needs the page each time.
  for (; passed < TRIES && (refused === 0 || !isWhole); passed += 1) {
    db.pragma(`max_page_count = ${pagesOf(db)}`);
    for (let limit = pagesOf(db); ; limit += 1) {
      const before = contentOf(t.file);
      const pages = pagesOf(db);
      try {
        await write(passed);
        break;
      } catch (error) {
        if (!isLedgerError(error)) throw error;
        expect(error.code, error.message).toBe('disk_full');
        refused += 1;
        expect(limit - pages, 'pages that one write needs').toBeLessThan(50);
        if (isWhole) expect(contentOf(t.file)).toBe(before);
        if (isWhole) expect(pagesOf(db)).toBe(pages);
        // Reads go on.
        expect((await t.ledger.balance('default')).debt).toBe(0);
        db.pragma(`max_page_count = ${limit + 1}`);
      }
    }
  }
  return { refused, passed };
}

const NO_LIMIT = 'max_page_count = 4294967294';

describe('without a free page', () => {
  it('every kind of write is refused whole and works with the first page more', async () => {
    const t = payingLedger({ plan: 'team' });
    const counts: Record<string, number> = {};
    for (const [kind, write] of Object.entries(await writesOf(t))) {
      counts[kind] = (await refusals(t, write)).refused;
      expect(counts[kind], kind).toBeGreaterThan(0);
    }
    console.info(`disk_full: ${JSON.stringify(counts)}`);
    connectionOf(t).pragma(NO_LIMIT);
    await t.ledger.spend('default', spendOf('1'));
    await t.done();
  });

  it('what takes several steps goes on where it was refused, and money counts once', async () => {
    const t = payingLedger({ plan: 'team' });
    const steps = await stepsOf(t);
    expect((await t.ledger.balance('default')).available).toBe(credits('10050') + TRIES * PACKED);
    const counts: Record<string, number> = {};
    let bought = 0;
    for (const [kind, write] of Object.entries(steps)) {
      const { refused, passed } = await refusals(t, write, false);
      counts[kind] = refused;
      expect(refused, kind).toBeGreaterThan(0);
      if (kind === 'buy') bought = passed;
    }
    console.info(`disk_full between steps: ${JSON.stringify(counts)}`);
    connectionOf(t).pragma(NO_LIMIT);
    expect((await t.ledger.syncPayments()).failed).toEqual([]);
    expect((await t.ledger.syncPayments()).events).toEqual({ read: 0, applied: 0 });
    // The first were all refunded.
    const purchases = await t.ledger.purchases('default', null);
    expect(purchases).toHaveLength(TRIES + bought);
    expect(purchases.filter(({ status }) => status !== 'succeeded')).toEqual([]);
    expect((await t.ledger.balance('default')).available).toBe(credits('10050') + bought * PACKED);
    expect((await t.ledger.auditPayments()).differences).toEqual([]);
    await t.done();
  });

  it('every size up to 200 pages refuses and changes nothing, and the same key works with the next page', async () => {
    const t = payingLedger({ plan: 'team' });
    const { ledger } = t;
    const db = connectionOf(t);
    const first = pagesOf(db);
    const writes: ((key: string) => Promise<{ replayed: boolean }>)[] = [
      (key) => ledger.spend('default', spendOf('0.01', { note: NOTE }), { key }),
      (key) => ledger.hold('default', holdInput('0.01', NOTE), { key }),
      (key) => ledger.grant('default', grantOf(NOTE), { key }),
    ];
    let booked = 0;
    let refused = 0;
    for (let pages = 1; pages <= MOST_PAGES; pages += 1) {
      // Below what there is SQLite takes the size it has.
      db.pragma(`max_page_count = ${pages}`);
      const before = refused;
      while (refused === before) {
        try {
          const { replayed } = await writes[booked % writes.length]!(`write-${booked}`);
          expect(replayed).toBe(false);
          booked += 1;
        } catch (error) {
          if (!isLedgerError(error)) throw error;
          expect(error.code, error.message).toBe('disk_full');
          refused += 1;
          expect(keysOf(t.file)).toBe(booked);
        }
      }
      expect(pagesOf(db)).toBeLessThanOrEqual(Math.max(first, pages));
      if (pages % 10 === 0) expect((await ledger.verify()).ok).toBe(true);
    }
    console.info(`disk_full from ${first} to ${MOST_PAGES} pages: ${refused} refused, ${booked} booked`);
    expect(refused).toBe(MOST_PAGES);
    expect(booked).toBeGreaterThan((MOST_PAGES - first) / 2);
    await t.done();
  });
});

const disk = smallDisk('1m');
afterAll(() => disk?.remove());

describe.skipIf(disk === undefined)('on a disk of 1 MB', () => {
  it('a ledger is made whole or not at all, with any space left', async () => {
    const file = path.join(disk!.folder, 'made', 'ledger.db');
    const account = openWork(
      { account: 'default', plan: 'pro', zone: 'UTC', anchorAt: null },
      NOON,
      UTC_RULES,
      false,
    );
    const start = { mode: 'test', now: NOON, settings: settingRows(defaultRows()), account } as const;
    let refused = 0;
    for (let leave = 0; ; leave += 8_192) {
      const { free } = disk!.fill(leave);
      try {
        const store = createSqlite(file, start, workerOptions());
        expect(await ledgerOver(store, NOON).balance('default')).toMatchObject({
          available: credits('1050'),
        });
        await store.close();
        free();
        break;
      } catch (error) {
        refused += 1;
        free();
        expect(error).toMatchObject({ code: 'disk_full' });
        expect(() => openLedger(file, NOON)).toThrow(expect.objectContaining({ code: 'no_ledger' }));
      }
    }
    expect(refused).toBeGreaterThan(3);
    const { ledger } = openLedger(file, NOON);
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  it('the program says so, keeps what it booked and books the rest when there is space', async () => {
    const file = path.join(disk!.folder, 'ledger.db');
    const at = ['--db', file, '--now', '2026-02-01T00:00:00Z', '--json', '--quiet'];
    expect((await runProgram(['init', '--plan', 'team', ...at])).code).toBe(0);
    const first = disk!.fill(500_000);
    const lines = Array.from({ length: 3_000 }, (_, no) => `{"credits":0.001,"key":"line-${no}"}\n`);
    const stopped = await runProgram(['import', '-', ...at], { input: lines.join('') });
    expect([stopped.code, stopped.signal, stopped.stdout]).toEqual([75, null, '']);
    expect(failureOf(stopped).code).toBe('disk_full');
    const { booked } = failureOf(stopped).details as { booked: number };

    first.free();
    const spend = (key: string) => runProgram(['spend', '0.01', '--key', key, '--note', NOTE, ...at]);
    const available = 10_050 - booked / 1_000;
    const worked = await spend('a');
    expect(JSON.parse(worked.stdout)).toMatchObject({ replayed: false, available: available - 0.01 });

    // Room for the side files that a reader needs, not for a booking.
    const second = disk!.fill(45_056);
    const refused = await spend('b');
    expect([refused.code, refused.signal, refused.stdout]).toEqual([75, null, '']);
    expect(failureOf(refused).code).toBe('disk_full');
    const read = await runProgram(['balance', ...at]);
    expect(JSON.parse(read.stdout)).toMatchObject({ available: available - 0.01 });
    second.free();
    const later = await spend('b');
    expect(JSON.parse(later.stdout)).toMatchObject({ replayed: false, available: available - 0.02 });
    const verified = await runProgram(['verify', ...at]);
    expect([verified.code, JSON.parse(verified.stdout).ok]).toEqual([0, true]);
  });
});
