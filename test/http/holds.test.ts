/** Holds over HTTP that do not say how much may be answered: reserved for as the command line reserves for them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestLedger, testLedger } from '../helpers/ledger.ts';
import { type Served, serve } from '../helpers/served.ts';

let t: TestLedger;
let served: Served;
let headers: Record<string, string>;

beforeEach(async () => {
  t = testLedger({ plan: 'pro' });
  served = await serve(t);
  headers = { authorization: `Bearer ${await served.token('spend')}` };
});
afterEach(async () => {
  await served.stop();
  await t.done();
});

type Held = { readonly receipt: string; readonly credits: number; readonly replayed: boolean };

async function hold(body: object, more: Record<string, string> = {}): Promise<Held> {
  const init = { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) };
  const response = await fetch(`${served.url}/v1/holds`, init);
  expect(response.status).toBe(200);
  return (await response.json()) as Held;
}

test.each([
  ['haiku', 4_096],
  ['sonnet', 16_384],
])('%s is held for %i output tokens where nobody says how many', async (model, most) => {
  const call = { model, inputTokens: 5 };
  const { credits } = await hold(call);
  expect(credits).toBe((await hold({ ...call, maxOutputTokens: most })).credits);
  expect(credits).toBeGreaterThan((await hold({ ...call, maxOutputTokens: most - 1 })).credits);
});

test('what is said counts, also none; an amount is an amount', async () => {
  expect((await hold({ model: 'haiku', inputTokens: 5 })).credits).toBe(5.12125);
  expect((await hold({ model: 'haiku', inputTokens: 5, maxOutputTokens: 0 })).credits).toBe(0.00125);
  expect((await hold({ credits: 2 })).credits).toBe(2);
});

test('under one key it is one request with the number and without it, whoever sends it', async () => {
  const key = { 'idempotency-key': 'k' };
  const tags = { activity: null, session: null, run: null };
  const facts = { cachedTokens: 0, cacheWriteTokens: 0, toolCalls: 0, provider: null, noByok: false };
  const call = { model: 'claude-haiku', inputTokens: 5, outputTokens: 4_096, ...facts, ...tags };
  const input = { amount: null, call, tags, ttlMs: 600_000, note: null };
  const { receipt } = await t.ledger.hold('default', input, { key: 'k' });
  for (const more of [{}, { maxOutputTokens: 4_096 }]) {
    const again = await hold({ model: 'haiku', inputTokens: 5, ...more }, key);
    expect(again).toMatchObject({ receipt, replayed: true });
  }
});
