/** Lines as a server sends them, against what its description says of them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { LedgerError } from '../../src/core/errors.ts';
import { openApiText } from '../../src/http/openapi.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import { localDeps, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { type Served, serve } from '../helpers/served.ts';

type Json = Record<string, unknown>;

const LINES = 'application/x-ndjson';
const document = JSON.parse(openApiText('1.2.3'));

/** A schema in which every reference stands written out. */
function inlined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inlined);
  if (typeof value !== 'object' || value === null) return value;
  const { $ref } = value as Json;
  if (typeof $ref !== 'string')
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, inlined(v)]));
  return inlined(
    $ref
      .slice(2)
      .split('/')
      .reduce((at, word) => at[word], document),
  );
}

function linesSchema(method: string, path: string): z.ZodType {
  const { schema } = document.paths[path][method].responses['200'].content[LINES];
  return z.fromJSONSchema(inlined(schema) as never);
}

let t: TestLedger;
let served: Served;
let headers: Record<string, string>;

beforeEach(() => {
  t = testLedger({ plan: 'pro' });
});
afterEach(async () => {
  await served.stop();
  await t.done();
});

async function linesOf(method: string, path: string, body?: string): Promise<Json[]> {
  const init = { method: method.toUpperCase(), headers, ...(body === undefined ? {} : { body }) };
  const text = await (await fetch(`${served.url}${path}`, init)).text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const ROUTES = [
  ['get', '/v1/export/usage', undefined, 2],
  ['get', '/v1/export/entries', undefined, 2],
  ['get', '/v1/ledger/export/lots', undefined, 2],
  ['get', '/v1/ledger/export', undefined, 3],
  ['post', '/v1/spends/batch', '{"credits":1,"key":"a"}\n{"credits":1}\n', 3],
  ['post', '/v1/ledger/verify', '{}', 2],
  ['post', '/v1/ledger/expire', undefined, 2],
] as const;

describe.each(ROUTES)('%s %s', (method, path, body, least) => {
  test('each line is one that is described', async () => {
    served = await serve(t);
    headers = { authorization: `Bearer ${await served.token('admin')}`, accept: LINES };
    await t.ledger.spend('default', spendOf('1'));
    const schema = linesSchema(method, path);
    const lines = await linesOf(method, path, body);
    expect(lines.length).toBeGreaterThanOrEqual(least);
    expect(lines.at(-1)).toEqual({ end: {} });
    for (const line of lines) expect([line, schema.safeParse(line).success]).toEqual([line, true]);
    // The rows of a whole ledger are described as any object.
    if (path !== '/v1/ledger/export') expect(schema.safeParse({ begin: {} }).success).toBe(false);
  });
});

test('an error as the last line is described too', async () => {
  const own = localDeps(t);
  served = await serve(t, {
    ledger: () =>
      Object.assign(new LocalLedger(own), {
        async *exportRows() {
          yield [];
          throw new LedgerError('ledger_busy', 'busy', { hint: 'later' });
        },
      }),
  });
  headers = { authorization: `Bearer ${await served.token('admin')}` };
  const [line] = await linesOf('get', '/v1/export/usage');
  expect(line).toEqual({ error: { code: 'ledger_busy', message: 'busy', hint: 'later' } });
  expect(linesSchema('get', '/v1/export/usage').safeParse(line).success).toBe(true);
});

test.each(['/healthz', '/readyz', '/metrics'])('%s answers with the type that is described', async (path) => {
  served = await serve(t);
  const [type] = (await fetch(`${served.url}${path}`)).headers.get('content-type')!.split(';');
  expect(Object.keys(document.paths[path].get.responses['200'].content)).toEqual([type]);
});
