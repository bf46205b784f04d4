/**
 * Random bodies, headers, paths and queries with a valid token: whatever comes, an answer below 500, no stack, the ledger
 * sound. 1,500 requests; 100,000 with CREDITS_TORTURE=long. The seed is printed.
 *
 * Memory and lag are told by the long version and not judged: server, clients and generator share this process.
 * `test/torture/serve-hostile.test.ts` holds a server of its own to them.
 */

import http from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { API, ROUTES } from '../../src/http/routes.ts';
import { type TestLedger, testLedger } from '../helpers/ledger.ts';
import { LONG, PATIENCE } from '../helpers/processes.ts';
import { type Served, serve } from '../helpers/served.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const SEED = Number(process.env.SEED ?? 20_261_125);
const REQUESTS = LONG ? 100_000 : 1_500;
/** Requests that are under way at once. */
const WIDTH = 16;

let t: TestLedger;
let served: Served;
let tokens: string[];
const agent = new http.Agent({ keepAlive: true, maxSockets: WIDTH });

beforeAll(async () => {
  t = testLedger({ plan: 'team' });
  served = await serve(t);
  tokens = [await served.token('admin'), await served.token('spend'), await served.token('read', 'default')];
});
afterAll(async () => {
  agent.destroy();
  await served.stop();
  await t.done();
});

const WORDS = [
  ...[
    'credits',
    'model',
    'inputTokens',
    'outputTokens',
    'maxOutputTokens',
    'ttlMs',
    'source',
    'expires',
    'priority',
  ],
  ...[
    'note',
    'at',
    'key',
    'account',
    'plan',
    'mode',
    'heads',
    'models',
    'alias',
    'provider',
    'action',
    'env',
    'threshold',
  ],
  ...[
    'amount',
    'limitCents',
    'enabled',
    'package',
    'priceCents',
    'from',
    'tiers',
    'timezone',
    '__proto__',
    'constructor',
  ],
];
const VALUES = [
  ...[
    'haiku',
    'gpt-4o',
    'promotional',
    'purchased',
    'never',
    '30d',
    'default',
    'team',
    'rollover',
    'openai',
    '2026-02-01',
  ],
  ...[
    '2026-02-01T00:00:00Z',
    '1',
    '0.5',
    'true',
    '\u0000',
    '\ud800',
    '../..',
    'x'.repeat(300),
    'hold_x_1',
    '@ledger',
  ],
];

const scalar = fc.oneof(
  fc.constantFrom<unknown>(...VALUES),
  fc.constantFrom<unknown>(0, -0, 1, -1, 0.1, 1e-7, 1e21, 2 ** 53, 1e9, 1e9 + 1, 0.000001, null, true, false),
  fc.double(),
  fc.string({ unit: 'binary' }),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...WORDS), scalar, { maxKeys: 3 }) },
);
const object = fc.dictionary(fc.constantFrom(...WORDS), value, { maxKeys: 6 });
const body = fc.oneof(
  { weight: 8, arbitrary: object.map((each) => JSON.stringify(each)) },
  {
    weight: 2,
    arbitrary: fc
      .array(object, { maxLength: 3 })
      .map((all) => all.map((each) => `${JSON.stringify(each)}\n`).join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '',
      '{}',
      '{"credits":0.5}',
      '{"model":"haiku","inputTokens":10,"outputTokens":5}',
      '{"credits":1,"source":"promotional"}',
      '{"credits":1,"key":"k"}\n{"credits":2,"key":"l"}\n',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '[',
      '[[[[',
      '"',
      'null',
      '{"credits":1e999}',
      `{"note":"${'y'.repeat(70_000)}"}`,
    ),
  },
);
const header = fc.stringMatching(/^[\x21-\x7e\x80-\xff]{1,40}$/);
const someHeaders = fc.record(
  {
    'idempotency-key': header,
    'content-type': fc.constantFrom('application/json', 'text/plain', 'application/x-ndjson', 'x'),
    accept: fc.constantFrom('*/*', 'application/x-ndjson', 'text/html'),
    'credits-now': fc.oneof(fc.constantFrom('2026-02-01', '9999-12-31', '0000-01-01', 'now'), header),
    'content-encoding': fc.constantFrom('gzip', 'identity'),
    'x-forwarded-for': header,
  },
  { requiredKeys: [] },
);
const someQuery = fc.dictionary(
  fc.constantFrom(
    'account',
    'dryRun',
    'asOf',
    'all',
    'limit',
    'since',
    'until',
    'by',
    'days',
    'kind',
    'after',
    'x',
  ),
  fc.oneof(fc.constantFrom(...VALUES.filter((text) => text.isWellFormed())), fc.nat().map(String)),
  { maxKeys: 3 },
);
const mostlyNone = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | Record<string, never>> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: some });
const headers = mostlyNone(someHeaders);
const query = mostlyNone(someQuery);

const request = fc.record({
  route: fc.constantFrom(...ROUTES),
  token: fc.nat({ max: 2 }),
  segment: fc.oneof(
    fc.constantFrom('hold_x_1', 'lot_x_2', '500', '%00', '%zz', '..%2f', 'a b'),
    fc.string({ maxLength: 8 }),
  ),
  query,
  headers,
  body,
});

type Request = typeof request extends fc.Arbitrary<infer R> ? R : never;

function ask(each: Request): Promise<{ status: number; text: string }> {
  const { route } = each;
  const words = new URLSearchParams(each.query).toString();
  const segment = /^[\w%. -]*$/.test(each.segment)
    ? each.segment.replaceAll(' ', '%20')
    : encodeURIComponent(wellFormed(each.segment));
  const path = `${API}${route.path.replace(/:\w+/g, segment)}${words === '' ? '' : `?${words}`}`;
  return new Promise((resolve) => {
    const { hostname, port } = new URL(served.url);
    const sending = http.request(
      {
        hostname,
        port,
        path,
        method: route.method,
        agent,
        headers: {
          authorization: `Bearer ${tokens[each.token]}`,
          ...each.headers,
        } as http.OutgoingHttpHeaders,
      },
      (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode!, text }));
        response.on('error', () => resolve({ status: 0, text }));
      },
    );
    // A body that is too large is answered before it has been sent.
    sending.on('error', () => resolve({ status: 0, text: '' }));
    if (route.method === 'POST') sending.write(Buffer.from(each.body));
    sending.end();
  });
}

const wellFormed = (text: string): string => text.toWellFormed();

test(`whatever comes is answered below 500 (SEED=${SEED})`, async () => {
  const all = fc.sample(request, { numRuns: REQUESTS, seed: SEED });
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const statuses = new Map<number, number>();
  const wrong: unknown[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      while (next < all.length) {
        const each = all[next++]!;
        const { status, text } = await ask(each);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500 || /\n\s+at |TypeError|node:internal|\.ts:\d/.test(text)) {
          wrong.push({ ...each, route: each.route.name, status, text: text.slice(0, 300) });
        }
      }
    }),
  );
  lag.disable();
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(
    served.log
      .join('')
      .split('\n')
      .filter((line) => line.includes('"defect"'))
      .slice(0, 3),
  ).toEqual([]);
  // Enough of them were understood, and enough refused, for this to mean something.
  expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 50);
  expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 10);
  expect(statuses.get(0) ?? 0).toBeLessThan(REQUESTS / 10);
  expect((await fetch(`${served.url}/readyz`)).status).toBe(200);
  if (LONG) {
    const facts = {
      residentMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
      lagMs: lag.percentile(99) / 1e6,
    };
    process.stdout.write(`${REQUESTS} requests: ${JSON.stringify({ ...facts, statuses: [...statuses] })}\n`);
  }
});
