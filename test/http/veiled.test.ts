/** Where the ledger lies is the server's own business: no answer says it, the log does. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerDeps } from '../../src/http/server/deps.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import { outcomeUnknown, postgresRefusal } from '../../src/store/postgres-errors.ts';
import { sqliteRefusal, unreadable } from '../../src/store/sqlite-errors.ts';
import { localDeps, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { type Served, serve } from '../helpers/served.ts';

const PLACE = 'postgres://keeper@10.1.2.3:42077/books';
const FILE = '/srv/accounts/main.db';
const TELLING = /10\.1\.2\.3|42077|keeper|books|srv|main\.db|postgres/;

let t: TestLedger;
let served: Served;

beforeEach(() => {
  t = testLedger({ plan: 'pro' });
});
afterEach(async () => {
  await served.stop();
  await t.done();
});

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const refused = failure('ECONNREFUSED', 'connect ECONNREFUSED 10.1.2.3:42077');

/** A ledger at a place, of which the named methods fail. */
function failing(place: string, methods: Readonly<Record<string, unknown>>): Partial<ServerDeps> {
  const ledger: ServerDeps['ledger'] = ({ actor }) =>
    Object.assign(new LocalLedger({ ...localDeps(t), actor }), {
      info: { location: place, mode: 'test' as const },
      ...methods,
    });
  return { ledger };
}

const rejecting = (error: unknown) => async () => {
  throw error;
};

const REFUSALS = [
  ['a server that is away', PLACE, postgresRefusal(refused, PLACE), 503, 'remote_unreachable'],
  ['a lost commit', PLACE, outcomeUnknown(PLACE), 503, 'remote_unreachable'],
  [
    'a login',
    PLACE,
    postgresRefusal(failure('28P01', 'password authentication failed for user "keeper"'), PLACE),
    503,
    'remote_unreachable',
  ],
  ['a lock', PLACE, postgresRefusal(failure('55P03', 'lock timeout'), PLACE), 503, 'ledger_busy'],
  ['a locked file', FILE, sqliteRefusal(failure('SQLITE_BUSY', 'locked'), FILE), 503, 'ledger_busy'],
  ['a full disk', FILE, sqliteRefusal(failure('SQLITE_FULL', 'full'), FILE), 507, 'disk_full'],
  ['a damaged file', FILE, unreadable(FILE, `${FILE} is malformed`), 500, 'ledger_unreadable'],
] as const;

describe.each(REFUSALS)('%s', (_name, place, error, status, code) => {
  test('is answered without the place, and logged with it', async () => {
    served = await serve(t, failing(place, { balance: rejecting(error), spendMany: rejecting(error) }));
    const headers = { authorization: `Bearer ${await served.token('admin')}` };
    const response = await fetch(`${served.url}/v1/balance`, { headers });
    const text = await response.text();
    expect(text).not.toMatch(TELLING);
    expect(text).toContain("the server's ledger");
    const problem = JSON.parse(text);
    expect([response.status, problem.code]).toEqual([status, code]);
    const init = { method: 'POST', headers, body: '{"credits":1,"key":"k"}\n' };
    const batch = await (await fetch(`${served.url}/v1/spends/batch`, init)).text();
    expect(JSON.parse(batch).error).toMatchObject({ code, message: problem.detail });
    expect(batch).not.toMatch(TELLING);
    await served.stop();
    expect(served.log.join('')).toContain(JSON.stringify((error as Error).message).slice(1, -1));
  });
});

test('whoever sends the form of a token does not learn it from the look for one', async () => {
  const tokenByNo = rejecting(postgresRefusal(refused, PLACE));
  served = await serve(t, { ...failing(PLACE, {}), tokenByNo });
  const headers = { authorization: `Bearer ${await served.token('read')}` };
  const response = await fetch(`${served.url}/v1/balance`, { headers });
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    type: 'about:blank',
    title: 'remote_unreachable',
    status: 503,
    code: 'remote_unreachable',
    detail: "the server's ledger cannot be reached",
    hint: 'nothing was written; try again when the server is back',
    details: { outcome: 'nothing_written' },
  });
  await served.stop();
  expect(served.log.join('')).toContain('connect ECONNREFUSED 10.1.2.3:42077');
});

test('nor does who sends a webhook, reads lines or sweeps many accounts', async () => {
  const error = postgresRefusal(refused, PLACE);
  const sums = { accounts: 1, expired: 0, lots: [], holds: [], receipt: null, dryRun: false };
  const wired = failing(PLACE, {
    async *exportRows() {
      yield [];
      throw error;
    },
    expire: async () => ({ ...sums, failed: [{ account: 'default', error }] }),
  });
  served = await serve(t, { ...wired, hooks: { webhook: rejecting(error) } });
  const headers = { authorization: `Bearer ${await served.token('admin')}` };
  const post = { method: 'POST', headers };
  for (const [path, init] of [
    ['/v1/webhooks/stripe', post],
    ['/v1/export/usage', { headers }],
    ['/v1/ledger/expire', post],
  ] as const) {
    const text = await (await fetch(`${served.url}${path}`, init)).text();
    expect(text, path).toContain("the server's ledger cannot be reached");
    expect(text, path).not.toMatch(TELLING);
  }
});
