/**
 * A payment that is killed between any two of its steps, in a real process against the fake Stripe, and whatever comes later to
 * take it up: nobody is charged twice, and nobody pays without getting credits.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { wire } from '../../src/cli/wire.ts';
import type { LedgerService } from '../../src/ledger/service.ts';
import {
  type Ended,
  LONG,
  newFolder,
  PATIENCE,
  type Running,
  runProgram,
  startProgram,
  until,
} from '../helpers/processes.ts';
import { type FakeStripe, type LogLine, startFakeStripe, TEST_KEY } from '../helpers/stripe/fake.ts';
import type { FaultFacts, FaultPoint } from '../helpers/stripe/faults.ts';
import { replayRequests } from '../helpers/stripe/replay.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

/** Credits there are before: below the threshold of 100. */
const BEFORE = 90;
const BOUGHT = 500;
const CENTS = 500;

const folder = newFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** A ledger whose top-up is due, and the requests that the fake has seen for it. */
const template = path.join(folder, 'template.db');
let requests: readonly LogLine[] = [];

/** A ledger file and the fake that it pays with. */
class Place {
  readonly file: string;
  readonly fake: FakeStripe;
  #locked: Database.Database | undefined;

  constructor(file: string, fake: FakeStripe) {
    this.file = file;
    this.fake = fake;
  }

  get #env(): Record<string, string> {
    return { CREDITS_DB: this.file, STRIPE_SECRET_KEY: TEST_KEY, STRIPE_API_BASE: this.fake.url };
  }

  start = (argv: readonly string[]): Running => startProgram(argv, { env: this.#env, input: '' });
  run = (argv: readonly string[]): Promise<Ended> => runProgram(argv, { env: this.#env });

  async must(argv: readonly string[]): Promise<void> {
    const end = await this.run(argv);
    if (end.code !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(end)}`);
  }

  /** The ledger as the program opens it, in this process: starting one for every look takes its time. */
  async inside<T>(look: (ledger: LedgerService) => Promise<T>, now: number | null = null): Promise<T> {
    const ledger = await wire.open({
      db: this.file,
      remote: null,
      now,
      clock: Date.now,
      random: randomBytes,
      readOnly: false,
      env: this.#env,
    });
    try {
      return await look(ledger);
    } finally {
      await ledger.close();
    }
  }

  fault(path: string, facts: Pick<FaultFacts, 'at' | 'does' | 'skip'>): FaultPoint {
    return this.fake.fault({ method: 'POST', path, ...facts });
  }

  /** Nobody else can commit anything. */
  lock(): void {
    this.#locked = new Database(this.file);
    this.#locked.exec('BEGIN IMMEDIATE');
  }

  unlock(): void {
    this.#locked?.close();
    this.#locked = undefined;
  }
}

async function open(name: string): Promise<Place> {
  const file = path.join(folder, `${name.replace(/\W+/g, '-')}.db`);
  fs.copyFileSync(template, file);
  const fake = await startFakeStripe({ startAt: Date.now() });
  await replayRequests(fake, requests);
  return new Place(file, fake);
}

beforeAll(async () => {
  const fake = await startFakeStripe({ startAt: Date.now() });
  const place = new Place(template, fake);
  await place.must(['init']);
  await place.must(['card', 'add', 'pm_card_visa']);
  await place.must(['grant', '100', '--source', 'promotional']);
  await place.must(['topup', 'set', '--threshold', '100', '--amount', '500', '--monthly-limit', '50']);
  await place.must(['topup', 'enable', '--yes']);
  await place.must(['spend', '60', '--no-topup']);
  requests = [...fake.log];
  expect(fake.books()).toEqual([]);
  await fake.close();
  // What is still in the log of the database goes into its file.
  const db = new Database(template);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
});

/** Answers 200 to a request, while the ledger cannot note it. */
async function answeredUnnoted(place: Place, path: string): Promise<() => void> {
  const point = place.fault(path, { at: 'after', does: 'pause' });
  await point.reached;
  place.lock();
  point.go();
  await sleep(250);
  return () => place.unlock();
}

interface Stop {
  readonly name: string;
  /** Lets a process run until the point. @returns what to do once it is dead */
  readonly reach: (place: Place, victim: Running) => Promise<() => void>;
  /** Whether the money was taken when the dust has settled. */
  readonly isPaid: boolean;
}

const CREATE = '/payment_intents';
const CONFIRM = '/confirm';

const pause =
  (path: string, at: 'before' | 'after', then: 'go' | 'lose'): Stop['reach'] =>
  async (place) => {
    const point = place.fault(path, { at, does: 'pause' });
    await point.reached;
    return () => point[then]();
  };

const STOPS: readonly Stop[] = [
  { name: 'C1: reserved, nothing sent', reach: pause(CREATE, 'before', 'lose'), isPaid: false },
  { name: 'C1: reserved, step one on its way', reach: pause(CREATE, 'before', 'go'), isPaid: false },
  { name: 'C2: step one done, its answer lost', reach: pause(CREATE, 'after', 'go'), isPaid: false },
  {
    name: 'C2: step one answered, not noted',
    reach: (place) => answeredUnnoted(place, CREATE),
    isPaid: false,
  },
  { name: 'C3: noted, step two not sent', reach: pause(CONFIRM, 'before', 'lose'), isPaid: false },
  { name: 'C3: noted, step two on its way', reach: pause(CONFIRM, 'before', 'go'), isPaid: true },
  { name: 'C4: step two done, its answer lost', reach: pause(CONFIRM, 'after', 'go'), isPaid: true },
  {
    name: 'C5: step two done, answered with a server error',
    reach: async (place) => {
      place.fault(CONFIRM, { at: 'after', does: 500 });
      const again = place.fault(CONFIRM, { at: 'after', does: 'pause' });
      await again.reached;
      return () => again.go();
    },
    isPaid: true,
  },
  {
    name: 'C6: success known, not booked',
    reach: (place) => answeredUnnoted(place, CONFIRM),
    isPaid: true,
  },
];

const TOPUP = ['topup', 'run'] as const;
const SYNC = ['payments', 'sync'] as const;

/** Who takes up what the dead left. */
const RECOVERIES: readonly { readonly name: string; readonly run: (place: Place) => Promise<Ended[]> }[] = [
  { name: 'topup run', run: async (place) => [await place.run(TOPUP)] },
  { name: 'payments sync', run: async (place) => [await place.run(SYNC)] },
  {
    name: 'everybody at once',
    run: (place) => Promise.all([place.run(TOPUP), place.run(SYNC), place.run(SYNC)]),
  },
];

async function kill(victim: Running): Promise<void> {
  victim.kill('SIGKILL');
  expect(await victim.ended).toMatchObject({ signal: 'SIGKILL', stdout: '' });
}

/** Credits there are, of 1. */
const availableOf = (place: Place): Promise<number> =>
  place.inside(async (ledger) => (await ledger.balance('default')).available / 1e6);

/** Another top-up and another sync change nothing; books on both sides agree, and the ledger is whole. */
async function settled(place: Place): Promise<void> {
  const { fake } = place;
  await place.inside(async (ledger) => {
    const before = await ledger.balance('default');
    await ledger.runTopup('default');
    await ledger.syncPayments();
    await ledger.runTopup('default');
    expect((await ledger.balance('default')).available).toBe(before.available);
    expect((await ledger.auditPayments()).differences).toEqual([]);
    expect(await ledger.verify()).toMatchObject({ ok: true });
  });
  fake.check();
  await fake.close();
}

describe('a top-up that is killed', () => {
  const cases = STOPS.flatMap((stop) => RECOVERIES.map((recovery) => ({ stop, recovery })));
  // Every stop with every way back takes a while; unless told, each stop once, the ways taking turns.
  const chosen = LONG
    ? cases
    : cases.filter((_, index) => Math.floor(index / RECOVERIES.length) % 3 === index % 3);

  it.each(chosen)('$stop.name; taken up by $recovery.name', async ({ stop, recovery }) => {
    const place = await open(`${stop.name} ${recovery.name}`);
    const victim = place.start(TOPUP);
    const release = await stop.reach(place, victim);
    await kill(victim);
    release();
    await sleep(50);
    expect(place.fake.books().map(({ paid }) => paid)).toEqual(stop.isPaid ? [CENTS] : []);
    expect(await availableOf(place)).toBe(BEFORE);

    for (const end of await recovery.run(place)) expect([0, 75]).toContain(end.code);
    if (stop.isPaid) expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    await place.inside(async (ledger) => {
      await ledger.runTopup('default');
      const attempts = await ledger.topupHistory('default', null);
      expect(attempts.map(({ status }) => status)).toEqual(['succeeded']);
      expect((await ledger.topup('default')).usedThisMonthCents).toBe(CENTS);
    });
    expect(place.fake.books().map(({ paid }) => paid)).toEqual([CENTS]);
    expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    await settled(place);
  });

  it.each([
    ['step one', CREATE],
    ['step two', CONFIRM],
  ])('whose %s arrives when others have taken it up already, charges once', async (_step, path) => {
    const place = await open(`late ${path}`);
    const victim = place.start(TOPUP);
    const point = place.fault(path, { at: 'before', does: 'pause' });
    await point.reached;
    await kill(victim);
    // The key is still in use: nobody can say yet how the payment stands.
    const ends = [await place.run(TOPUP), await place.run(SYNC)];
    for (const end of ends) expect([0, 75]).toContain(end.code);
    point.go();
    await place.must(SYNC);
    await place.must(TOPUP);
    expect(place.fake.books().map(({ paid }) => paid)).toEqual([CENTS]);
    expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    await settled(place);
  });

  it('C0: before anything was reserved, leaves nothing behind', async () => {
    const place = await open('c0');
    place.lock();
    const victim = place.start(TOPUP);
    await sleep(600);
    await kill(victim);
    place.unlock();
    expect(place.fake.log.slice(requests.length).filter(({ method }) => method === 'POST')).toEqual([]);
    await place.must(SYNC);
    expect(await availableOf(place)).toBe(BEFORE);
    await place.must(TOPUP);
    expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    expect(place.fake.books()).toHaveLength(1);
    await settled(place);
  });

  it('C7: booked by many at the same time, is granted once', async () => {
    const place = await open('c7');
    const victim = place.start(TOPUP);
    const release = await pause(CONFIRM, 'after', 'go')(place, victim);
    await kill(victim);
    release();
    place.lock();
    const all = [SYNC, TOPUP, SYNC].map((argv) => place.start(argv));
    // Until all of them have asked how the payment stands, and wait for the ledger.
    const looks = () => place.fake.log.filter(({ method }) => method === 'GET').length;
    const looked = looks() + all.length;
    await Promise.all(all.map((each) => until(() => looks() >= looked, each)));
    await sleep(200);
    place.unlock();
    for (const each of all) expect([0, 75]).toContain((await each.ended).code);
    await place.must(SYNC);
    expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    expect(place.fake.books()).toHaveLength(1);
    await settled(place);
  });

  it('C8: and forgotten by a ledger that was restored, is booked again without a charge', async () => {
    const place = await open('c8');
    await place.must(TOPUP);
    expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    // The copy that was made before knows nothing of the payment.
    for (const end of ['', '-wal', '-shm']) fs.rmSync(`${place.file}${end}`, { force: true });
    fs.copyFileSync(template, place.file);
    expect(await availableOf(place)).toBe(BEFORE);
    await place.must(SYNC);
    expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    expect(place.fake.books()).toHaveLength(1);
    await settled(place);
  });

  it('right after a spend, does not take the spend with it', async () => {
    const place = await open('spend');
    const victim = place.start(['spend', '10', '--key', 'job-1']);
    const point = place.fault(CONFIRM, { at: 'after', does: 'pause' });
    await victim.prints('10');
    await point.reached;
    victim.kill('SIGKILL');
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
    point.go();
    expect(await availableOf(place)).toBe(BEFORE - 10);
    await place.must(SYNC);
    expect(await availableOf(place)).toBe(BEFORE - 10 + BOUGHT);
    expect(place.fake.books()).toHaveLength(1);
    await settled(place);
  });
});

describe('a purchase that is killed', () => {
  const BUY = ['buy', '500', '--yes', '--key', 'order-1'];
  // Top-up would buy as well.
  const quiet = async (name: string): Promise<Place> => {
    const place = await open(name);
    await place.must(['topup', 'disable']);
    return place;
  };
  const chosen = LONG ? STOPS : STOPS.filter((_, index) => index % 3 === 2);

  it.each(chosen)('$name; asked for again with its key', async (stop) => {
    const place = await quiet(`again ${stop.name}`);
    const victim = place.start(BUY);
    const release = await stop.reach(place, victim);
    await kill(victim);
    release();
    await sleep(50);
    const end = await place.run([...BUY, '--json']);
    expect(end.code).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'succeeded', replayed: true });
    expect(place.fake.books().map(({ paid }) => paid)).toEqual([CENTS]);
    expect(await availableOf(place)).toBe(BEFORE + BOUGHT);
    await settled(place);
  });

  it.each(chosen)('$name; left alone', async (stop) => {
    const place = await quiet(`alone ${stop.name}`);
    const victim = place.start(BUY);
    const release = await stop.reach(place, victim);
    await kill(victim);
    release();
    await sleep(50);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await place.must([...SYNC, '--now', later]);
    // Nobody waits for it any more: what was not paid is not charged behind the buyer's back.
    expect(place.fake.books()).toHaveLength(stop.isPaid ? 1 : 0);
    expect(await availableOf(place)).toBe(BEFORE + (stop.isPaid ? BOUGHT : 0));
    const purchases = await place.inside((ledger) => ledger.purchases('default', null));
    expect(purchases.map(({ status }) => status)).toEqual([stop.isPaid ? 'succeeded' : 'canceled']);
    await settled(place);
  });
});
