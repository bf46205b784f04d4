import { afterEach, expect, test } from 'vitest';
import { accessTokenNo } from '../../src/ledger/access-tokens.ts';
import { accessTokens, DAY, NOON, sha256, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { tokenSecret } from '../helpers/token-secret.ts';

let t: TestLedger;
afterEach(() => t.done());

test.for([
  ['any', undefined],
  ['one full of underscores', () => '_'.repeat(20) + 'a'.repeat(23)],
] as const)('a token is shown once and kept as its hash: %s', async ([, secret]) => {
  t = testLedger();
  const tokens = accessTokens(t, secret);
  const made = await tokens.create({ role: 'spend', account: 'default' });
  expect(made).toMatchObject({ role: 'spend', account: 'default', madeAt: NOON, endedAt: null });
  expect(made.receipt).toMatchObject({ kind: 'setting', account: '@ledger', replayed: false });
  const no = accessTokenNo(made.token!)!;
  expect(made.id).toBe(`tok_${no}`);
  expect(await t.store.accessTokens(no)).toEqual([
    { no, hash: sha256(made.token!), role: 'spend', account: 'default', madeAt: NOON, endedAt: null },
  ]);
  const { db } = t.store as unknown as { db: import('better-sqlite3').Database };
  expect(db.serialize().includes(tokenSecret(made.token!))).toBe(false);
});

test('a known key shows no token again and makes none', async () => {
  t = testLedger();
  const tokens = accessTokens(t);
  const first = await tokens.create({ role: 'read', account: null }, { key: 'k' });
  const again = await tokens.create({ role: 'read', account: null }, { key: 'k' });
  expect([again.id, again.token, again.receipt!.replayed]).toEqual([first.id, null, true]);
  await expect(tokens.create({ role: 'admin', account: null }, { key: 'k' })).rejects.toMatchObject({
    code: 'key_reused',
  });
  expect(await tokens.list()).toHaveLength(1);
});

test('a dry run makes nothing; an account must be there', async () => {
  t = testLedger();
  const tokens = accessTokens(t);
  const dry = await tokens.create({ role: 'admin', account: null }, { dryRun: true });
  expect([dry.id, dry.token, dry.receipt!.receipt]).toEqual([null, null, null]);
  await expect(tokens.create({ role: 'read', account: 'nobody' })).rejects.toMatchObject({
    code: 'unknown_account',
  });
  expect(await tokens.list()).toEqual([]);
});

test('a revoked token stays revoked; the second time nothing is booked', async () => {
  t = testLedger();
  const tokens = accessTokens(t);
  const { id } = await tokens.create({ role: 'admin', account: null });
  t.at += DAY;
  expect((await tokens.revoke(id!)).endedAt).toBe(NOON + DAY);
  const again = await tokens.revoke(id!);
  expect([again.receipt, again.endedAt]).toEqual([null, NOON + DAY]);
  for (const unknown of ['tok_9', 'tok_0', 'tok_x', '', id!.replace('tok', 'lot')]) {
    await expect(tokens.revoke(unknown)).rejects.toMatchObject({ code: 'unknown_token' });
  }
});
