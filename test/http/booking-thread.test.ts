/** The thread that books for a server: what it answers is the ledger's answer, and its death loses nothing. */
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type BookingThread, startBookingThread } from '../../src/cli/serve/booking-thread.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { answerText, type DocumentRoute, type Errand } from '../../src/http/server/carry-out.ts';
import { credits, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { type Served, serve } from '../helpers/served.ts';

let t: TestLedger;
let thread: BookingThread;
let deaths: Error[];

beforeEach(async () => {
  t = testLedger({ plan: 'pro' });
  deaths = [];
  thread = await startBookingThread(
    { file: t.store.location },
    () => t.at,
    (error) => deaths.push(error),
  );
});
afterEach(async () => {
  vi.restoreAllMocks();
  await thread.close();
  await t.done();
});

const spend = (amount: string, key: string | null = null, more: Partial<Errand['acting']> = {}): Errand => ({
  route: 'spend',
  request: {
    account: 'default',
    access: { id: 'tok_1', role: 'admin', account: null },
    query: {},
    body: spendOf(amount),
    params: {},
    options: { key, dryRun: false },
  },
  acting: { actor: 'tok_1', now: null, ...more },
});

test('answers what the ledger answers, by its clock, and a key replays it', async () => {
  t.at += 5_000;
  const text = await thread.carryOut(spend('2', 'k'))!;
  const route = ROUTES.find(({ name }) => name === 'spend') as DocumentRoute;
  const own = await t.ledger.spend('default', spendOf('2'), { key: 'k' });
  expect(own).toMatchObject({ replayed: true, at: t.at, credits: credits('2') });
  expect(JSON.parse(text)).toEqual({ ...JSON.parse(answerText(route, own)), replayed: false });
  expect(JSON.parse(await thread.carryOut(spend('1', null, { now: t.at + 60_000 }))!).at).toBe(
    new Date(t.at + 60_000).toISOString(),
  );
});

test('refuses as the ledger does, with code, hint and details', async () => {
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => expect.unreachable(),
      (error) => ({ ...error, message: error.message, hint: error.hint }),
    );
  expect(await refusal(thread.carryOut(spend('1000000'))!)).toEqual(
    await refusal(t.ledger.spend('default', spendOf('1000000'))),
  );
});

test('many at once: each gets its own answer, and what does not fit is refused', async () => {
  const { available } = await t.ledger.balance('default');
  const each = credits('10');
  const fits = Math.floor(available / each);
  const ends = await Promise.allSettled(
    Array.from({ length: fits + 7 }, () => thread.carryOut(spend('10'))!),
  );
  const booked = ends
    .filter((end) => end.status === 'fulfilled')
    .map(({ value }) => JSON.parse(value).receipt);
  expect(new Set(booked).size).toBe(fits);
  expect(
    ends.filter((end) => end.status === 'rejected' && end.reason.code === 'insufficient_credits'),
  ).toHaveLength(7);
});

test('a defect is told with its trace, and the next request is answered', async () => {
  await expect(thread.carryOut({ ...spend('1'), route: 'nothing' })).rejects.toMatchObject({
    message: expect.any(String),
    stack: expect.stringContaining('ledger-thread'),
  });
  expect(JSON.parse(await thread.carryOut(spend('1'))!).credits).toBe(1);
});

test('an end answers first what was asked', async () => {
  const asked = [thread.carryOut(spend('1'))!, thread.carryOut(spend('1'))!];
  await thread.close();
  expect(await Promise.all(asked)).toHaveLength(2);
  expect(thread.carryOut(spend('1'))).toBeUndefined();
  expect(deaths).toEqual([]);
});

test('when it dies, what it had not answered is unknown, its key settles it, and the server goes on alone', async () => {
  const posted = vi.spyOn(Worker.prototype, 'postMessage');
  const served: Served = await serve(t, { elsewhere: (errand) => thread.carryOut(errand) });
  const token = await served.token('spend');
  const ask = (key: string) =>
    fetch(`${served.url}/v1/spends`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
      body: '{"credits":3}',
    });
  expect((await ask('before')).status).toBe(200);
  posted.mockImplementation(function (this: Worker) {
    void this.terminate();
  });
  const cut = await ask('cut');
  expect([cut.status, ((await cut.json()) as { code: string }).code]).toEqual([503, 'remote_unreachable']);
  expect(deaths).toHaveLength(1);
  const again = await ask('cut');
  expect([again.status, ((await again.json()) as { credits: number }).credits]).toEqual([200, 3]);
  expect((await ask('before')).status).toBe(200);
  const entries = await t.ledger.log('default', { since: null, until: null, kind: 'spent', limit: null });
  expect(entries).toHaveLength(2);
  await served.stop();
});

test('a ledger that cannot be opened is told at the start', async () => {
  await expect(
    startBookingThread(
      { file: `${t.store.location}.none` },
      () => t.at,
      () => {},
    ),
  ).rejects.toMatchObject({ message: expect.stringContaining('.none') });
});
