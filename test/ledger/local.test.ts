/** The ledger as a service, on every engine, and what holds for a file alone. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../contract/engines.ts';
import { ledgerContract } from '../contract/ledger.ts';
import { spendOf, testLedger } from '../helpers/ledger.ts';

describe.each(ENGINES)('on $name', ledgerContract);

describe('a ledger on disk', () => {
  it('is made 0600 with its side files, with full durability on every connection', async () => {
    const t = testLedger({ plan: 'pro' });
    await t.ledger.spend('default', spendOf('1'));
    for (const name of fs.readdirSync(path.dirname(t.file))) {
      expect(fs.statSync(path.join(path.dirname(t.file), name)).mode & 0o777, name).toBe(0o600);
    }
    const { store } = t.reopen();
    const db = (store as unknown as { db: import('better-sqlite3').Database }).db;
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    await t.done();
  });
});
