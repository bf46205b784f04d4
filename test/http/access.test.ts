/** Every route with every kind of token, made from the table of routes: a new route is covered by itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../src/http/route.ts';
import { API, ROUTES } from '../../src/http/routes.ts';
import { ACCESS_ROLES, type AccessRole } from '../../src/ledger/access-tokens.ts';
import { accessTokens, credits, type TestLedger, testLedger } from '../helpers/ledger.ts';
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

describe('things of another account', () => {
  /** One of each kind on the account `other`, and a body that would be carried out. */
  const THINGS: Readonly<Record<string, { readonly body: object; readonly make: () => Promise<string> }>> = {
    hold: {
      body: { credits: 0.5 },
      make: async () => {
        const tags = { activity: null, session: null, run: null };
        const facts = { amount: credits('1'), call: null, tags, ttlMs: 3_600_000, note: null };
        return (await t.ledger.hold('other', facts)).hold!;
      },
    },
    lot: {
      body: {},
      make: async () => {
        const facts = { amount: credits('5'), expires: null, priority: 50, note: null };
        return (await t.ledger.grant('other', { ...facts, source: 'promotional' })).lot!;
      },
    },
    purchase: {
      body: {},
      make: async () => {
        const own = await served.open(tokens.admin!);
        await own.addCard('other', 'pm_card_visa');
        const input = { package: '500', maxChargeCents: null, checkout: false };
        return (await own.buy('other', input)).purchase!;
      },
    },
  };
  const wordOf = ({ path }: Route): string | undefined => /:(\w+)/.exec(path)?.[1];
  const named = ROUTES.filter((route) => route.scope === 'account' && wordOf(route) !== undefined);

  test.each(named.map((route) => [route.name, route] as const))(
    '%s does not tell a scoped token that there is one',
    async (_name, route) => {
      const word = wordOf(route)!;
      const { body, make } = THINGS[word]!;
      const id = await make();
      const askFor = async (thing: string, token: string, account?: string) => {
        const path = route.path.replace(`:${word}`, thing);
        const query = account === undefined ? '' : `?account=${account}`;
        const response = await fetch(`${served.url}${API}${path}${query}`, {
          method: route.method,
          headers: { authorization: `Bearer ${token}` },
          ...(route.method === 'GET' ? {} : { body: JSON.stringify(route.name === 'release' ? {} : body) }),
        });
        return [response.status, (await response.text()).replaceAll(thing, 'IT')] as const;
      };
      const before = await t.ledger.verify();
      const nobodys = id.replace(/\d+$/, '99');
      for (const role of ACCESS_ROLES.slice(rank(route.role))) {
        const token = tokens[`${role} of default`]!;
        const real = await askFor(id, token);
        expect([role, real[0]]).toEqual([role, 404]);
        expect(JSON.parse(real[1]).code).toBe(`unknown_${word}`);
        // Neither by another answer than for what never was, nor for another account's tag.
        expect(await askFor(nobodys, token)).toEqual(real);
        expect(await askFor(id.replace(/_\w+_/, '_zzzz_'), token)).toEqual(real);
        expect((await askFor(id, token, 'other'))[0]).toBe(403);
        expect(await askFor(id, token, 'nobody')).toEqual(await askFor(id, token, 'other'));
      }
      expect((await t.ledger.verify()).heads).toEqual(before.heads);
      // It is there: who may see the account may have it.
      expect((await askFor(id, tokens.admin!, 'other'))[0]).toBe(200);
    },
  );
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
