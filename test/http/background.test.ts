/** What a server does by itself: sweeps that may meet, and looks behind writes that never harm one another. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Background } from '../../src/http/server/background.ts';
import type { ServerDeps } from '../../src/http/server/deps.ts';
import { createLog } from '../../src/http/server/log.ts';
import { Metrics } from '../../src/http/server/metrics.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import { credits, localDeps, sha256, type TestLedger, testLedger } from '../helpers/ledger.ts';

let t: TestLedger;
let log: string[];

beforeEach(() => {
  t = testLedger();
  log = [];
});
afterEach(() => t.done());

const deps = (more: Partial<ServerDeps> = {}): ServerDeps => ({
  version: '0.0.0',
  mode: 'test',
  ledger: ({ actor }) => new LocalLedger({ ...localDeps(t), actor }),
  tokenByNo: async () => undefined,
  ready: async () => {},
  sha256,
  clock: () => t.at,
  log: createLog({ write: (text) => log.push(text) }, { quiet: false, clock: () => t.at }),
  ...more,
});

const holdOf = (amount: string) => ({
  amount: credits(amount),
  call: null,
  tags: { activity: null, session: null, run: null },
  ttlMs: 60_000,
  note: null,
});

test('sweeps of several nodes at once book what lapsed once', async () => {
  await t.ledger.hold('default', holdOf('5'));
  t.at += 120_000;
  const nodes = Array.from({ length: 3 }, () => {
    const metrics = new Metrics();
    const node = new Background(deps());
    node.start(metrics);
    return { node, metrics };
  });
  await Promise.all(nodes.map(({ node }) => node.sweep()));
  const entries = await t.ledger.log('default', { since: null, until: null, kind: 'returned', limit: null });
  expect(entries).toHaveLength(1);
  const gauges = { residentBytes: 0, loopLagSeconds: 0, ready: true };
  const lapsed = nodes.map(({ metrics }) =>
    Number(/event="holds_lapsed"\} (\d+)/.exec(metrics.text(gauges))?.[1] ?? 0),
  );
  expect(lapsed.reduce((sum, each) => sum + each, 0)).toBe(1);
  await Promise.all(nodes.map(({ node }) => node.stop()));
});

test('a ledger that is busy is logged, and the next work goes on', async () => {
  let minutes = 0;
  const background = new Background(
    deps({
      ledger: () => {
        throw new Error('busy, password=hunter2');
      },
      hooks: {
        everyMinute: async () => {
          minutes += 1;
        },
      },
    }),
  );
  await background.sweep();
  expect(minutes).toBe(1);
  expect(log.join('')).toMatch(/sweep failed/);
  expect(log.join('')).not.toContain('hunter2');
  await background.stop();
});

test('an account that is written to many times is looked at once, and after the end not at all', async () => {
  const seen: string[] = [];
  const background = new Background(
    deps({
      hooks: {
        afterWrite: async (account) => {
          seen.push(account);
          await sleep(5);
        },
      },
    }),
  );
  for (let index = 0; index < 10; index++) background.touched('a');
  background.touched('b');
  await sleep(40);
  expect(seen).toEqual(['a', 'b']);
  background.touched('a');
  await background.stop();
  background.touched('c');
  await sleep(10);
  expect(seen).toEqual(['a', 'b', 'a']);
});
