/**
 * A payment that is killed between any two of its steps, in a real process against the fake Stripe, and whatever comes later to
 * take it up: nobody is charged twice, and nobody pays without getting credits.
 */
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ended, LONG, newFolder, PATIENCE, type Running, until } from '../helpers/processes.ts';
import { FakeBankWatch } from '../helpers/stripe/bank-watch.ts';
import {
  BEFORE,
  BOUGHT,
  CENTS,
  makeTemplate,
  openPlace,
  type Place,
  type Template,
} from '../helpers/stripe/place.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const folder = newFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

let template: Template;
beforeAll(async () => {
  template = await makeTemplate(folder);
});
const open = (name: string): Promise<Place> => openPlace(template, folder, name);

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

/**
 * Another top-up and another sync change nothing; books on both sides agree, and the ledger is whole. Whoever took it up sent
 * the same keys, and charged what may be charged.
 */
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
  new FakeBankWatch(fake).look();
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
    expect(await place.available()).toBe(BEFORE);

    for (const end of await recovery.run(place)) expect([0, 75]).toContain(end.code);
    if (stop.isPaid) expect(await place.available()).toBe(BEFORE + BOUGHT);
    await place.inside(async (ledger) => {
      await ledger.runTopup('default');
      const attempts = await ledger.topupHistory('default', null);
      expect(attempts.map(({ status }) => status)).toEqual(['succeeded']);
      expect((await ledger.topup('default')).usedThisMonthCents).toBe(CENTS);
    });
    expect(place.fake.books().map(({ paid }) => paid)).toEqual([CENTS]);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
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
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    await settled(place);
  });

  it('C0: before anything was reserved, leaves nothing behind', async () => {
    const place = await open('c0');
    place.lock();
    const victim = place.start(TOPUP);
    await sleep(600);
    await kill(victim);
    place.unlock();
    expect(place.fake.log.slice(template.requests.length).filter(({ method }) => method === 'POST')).toEqual(
      [],
    );
    await place.must(SYNC);
    expect(await place.available()).toBe(BEFORE);
    await place.must(TOPUP);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
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
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    expect(place.fake.books()).toHaveLength(1);
    await settled(place);
  });

  it('C8: and forgotten by a ledger that was restored, is booked again without a charge', async () => {
    const place = await open('c8');
    await place.must(TOPUP);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    // The copy that was made before knows nothing of the payment.
    for (const end of ['', '-wal', '-shm']) fs.rmSync(`${place.file}${end}`, { force: true });
    fs.copyFileSync(template.file, place.file);
    expect(await place.available()).toBe(BEFORE);
    await place.must(SYNC);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
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
    expect(await place.available()).toBe(BEFORE - 10);
    await place.must(SYNC);
    expect(await place.available()).toBe(BEFORE - 10 + BOUGHT);
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
    expect(await place.available()).toBe(BEFORE + BOUGHT);
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
    expect(await place.available()).toBe(BEFORE + (stop.isPaid ? BOUGHT : 0));
    const purchases = await place.inside((ledger) => ledger.purchases('default', null));
    expect(purchases.map(({ status }) => status)).toEqual([stop.isPaid ? 'succeeded' : 'canceled']);
    await settled(place);
  });
});
