/** Every route with every kind of token, made from the table of routes: a new route is covered by itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../src/http/route.ts';
import { API, ROUTES } from '../../src/http/routes.ts';
import { ACCESS_ROLES, type AccessRole } from '../../src/ledger/access-tokens.ts';
import { accessTokens, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { type Served, serve } from '../helpers/served.ts';

let t: TestLedger;
let served: Served;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  t = testLedger({ plan: 'pro' });
  await t.ledger.openAccount({ account: 'other', plan: 'free', zone: 'UTC', anchorAt: null });
  served = await serve(t);
  for (const role of ACCESS_ROLES) {
    tokens[role] = await served.token(role);
    tokens[`${role} of default`] = await served.token(role, 'default');
  }
  const ended = await accessTokens(t).create({ role: 'admin', account: null });
  await accessTokens(t).revoke(ended.id!);
  tokens.revoked = ended.token!;
  tokens.forged = tokens.admin!.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'));
  tokens['of another ledger'] = `credits_1_${'x'.repeat(43)}`;
  tokens.malformed = 'credits_1';
});
afterAll(async () => {
  await served.stop();
  await t.done();
});

interface Asked {
  readonly token?: string | undefined;
  readonly account?: string;
  readonly headers?: Record<string, string>;
}

/** Asks a route for nothing that could be carried out: what an admitted request gets is a refusal of its body. */
async function ask(route: Route, { token, account, headers = {} }: Asked) {
  const path = route.path.replace(/:\w+/g, 'nothing_aaaa_1');
  const query = account === undefined ? '' : `?account=${account}`;
  const response = await fetch(`${served.url}${API}${path}${query}`, {
    method: route.method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(route.method === 'GET' ? {} : { body: '[' }),
  });
  const text = await response.text();
  return { status: response.status, text, type: response.headers.get('content-type') };
}

const rank = (role: AccessRole): number => ACCESS_ROLES.indexOf(role);
const rows = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);

describe.each(rows)('%s', (_name, route) => {
  test.each([undefined, 'revoked', 'forged', 'of another ledger', 'malformed'])(
    'is closed to the token %s',
    async (kind) => {
      const { status, text } = await ask(route, { token: kind === undefined ? undefined : tokens[kind] });
      expect([status, JSON.parse(text).code]).toEqual([401, 'unauthenticated']);
    },
  );

  test.each(ACCESS_ROLES)('asks for its role: %s', async (role) => {
    const { status, text } = await ask(route, { token: tokens[role] });
    if (rank(role) < rank(route.role)) {
      expect([status, JSON.parse(text).code]).toEqual([403, 'forbidden']);
    } else expect(status).not.toBe(403);
    expect([401, 429, 500]).not.toContain(status);
  });

  test.each(ACCESS_ROLES)('keeps a %s token of one account to its own', async (role) => {
    const token = tokens[`${role} of default`];
    const isAllowed = rank(role) >= rank(route.role) && route.scope !== 'ledger';
    expect((await ask(route, { token })).status === 403).toBe(!isAllowed);
    if (route.scope !== 'account') return;
    expect((await ask(route, { token, account: 'default' })).status === 403).toBe(!isAllowed);
    for (const account of ['other', 'nobody', '@ledger', '']) {
      expect((await ask(route, { token, account })).status).not.toBe(200);
    }
    expect((await ask(route, { token, account: 'other' })).status).toBe(403);
  });

  test('lets an admin alone set the clock', async () => {
    for (const role of ACCESS_ROLES) {
      const headers = { 'credits-now': '2026-02-01T00:00:00Z' };
      const { status } = await ask(route, { token: tokens[role], headers });
      expect(status === 403).toBe(role !== 'admin');
    }
  });
});

test('names are unique, and no two routes share a method and path', () => {
  expect(new Set(ROUTES.map(({ name }) => name)).size).toBe(ROUTES.length);
  expect(new Set(ROUTES.map(({ method, path }) => `${method} ${path}`)).size).toBe(ROUTES.length);
});

test('only writes of a receipt take a key, and only they may have one made up', () => {
  for (const { name, writes, books, mayInventKey, method } of ROUTES) {
    if (books === true) expect([name, writes]).toEqual([name, true]);
    if (mayInventKey === true) expect([name, books]).toEqual([name, true]);
    if (method === 'GET') expect([name, writes]).toEqual([name, undefined]);
  }
});

test('a spend token books calls of the last 24 hours, an admin older ones too', async () => {
  const at = new Date(t.at - 25 * 3_600_000).toISOString();
  const line = JSON.stringify({ credits: 1, key: 'old', at });
  const send = async (token: string, path: string, body: string) => {
    const response = await fetch(`${served.url}${API}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    return response.text();
  };
  const body = JSON.stringify({ credits: 1, at });
  expect(JSON.parse(await send(tokens.spend!, '/spends', body)).code).toBe('forbidden');
  expect(JSON.parse((await send(tokens.spend!, '/spends/batch', line)).split('\n')[0]!)).toMatchObject({
    status: 'refused',
    error: { code: 'forbidden' },
  });
  expect(JSON.parse(await send(tokens.admin!, '/spends', body)).kind).toBe('spend');
});

test('a batch line for another account is refused by itself', async () => {
  const remote = await served.open(tokens['spend of default']!);
  const { spendOf } = await import('../helpers/ledger.ts');
  const results = await remote.spendMany([
    { account: 'default', key: 'a', input: spendOf('1') },
    { account: 'other', key: 'b', input: spendOf('1') },
  ]);
  expect(results.map((each) => (each.status === 'refused' ? each.error.code : each.status))).toEqual([
    'booked',
    'forbidden',
  ]);
});
