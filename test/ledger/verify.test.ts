/**
 * What `verify` finds where the file is sound but its history breaks a rule, as a program with a bug would leave it;
 * what saved heads find; damaged files; long accounts. Random histories stand in `verify-histories.test.ts`.
 */
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ZERO } from '../../src/core/credits.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { grantLot } from '../../src/core/ledger/grant-lot.ts';
import { enterCycle } from '../../src/core/ledger/grants.ts';
import { planState } from '../../src/core/ledger/plan-change.ts';
import { sweep } from '../../src/core/ledger/sweep.ts';
import { CHECKS } from '../../src/core/verify/faults.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import type { AccountDump, LedgerDump, Pages, Store } from '../../src/ledger/store.ts';
import { BUGS, book } from '../helpers/broken-rules.ts';
import { credits, DAY, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { richLedger } from '../helpers/rich-ledger.ts';
import {
  failed,
  findings,
  Original,
  reseal,
  scratch,
  serviceOver,
  verifyFile,
  withDb,
} from '../helpers/tamper.ts';

const NO_TAGS = { activity: null, session: null, run: null };

/** Ledgers that a test breaks: removed without a look. */
let broken: TestLedger[] = [];
/** Ledgers that must be sound at the end. */
let sound: TestLedger[] = [];
afterEach(async () => {
  const all = { broken, sound };
  broken = [];
  sound = [];
  for (const each of all.sound) await each.done();
  for (const each of all.broken) {
    await each.done().catch((error: Error) => {
      if (!error.message.startsWith('verify found faults')) throw error;
    });
  }
});

async function make(): Promise<TestLedger> {
  const t = testLedger({ plan: 'pro' });
  const gift = {
    source: 'purchased',
    amount: credits('500'),
    expires: null,
    priority: 50,
    note: null,
  } as const;
  await t.ledger.grant('default', gift);
  return t;
}

describe('a rule broken by whoever wrote', () => {
  let whole: TestLedger;
  let original: Original;
  beforeAll(async () => {
    whole = await make();
    original = new Original(whole);
  });
  afterAll(() => whole.done());

  it.each(BUGS)('%s: %s', async (_name, checks, says, work) => {
    const t = scratch(original);
    try {
      await work(t);
      const view = await t.ledger.verify();
      expect(failed(view), findings(view).join('\n')).toEqual(checks);
      expect(
        findings(view).some((line) => line.includes(says)),
        findings(view).join('\n'),
      ).toBe(true);
    } finally {
      await t.done();
    }
  });
});

describe('books of before', () => {
  it('may have ended the cycles of a plan that gave no credits for a time', async () => {
    const t = await make();
    sound.push(t);
    await t.ledger.definePlan({ plan: 'pro', monthly: credits('0'), priceCents: 1_200, from: null });
    t.at = Date.UTC(2026, 2, 5);
    await book(t, (booking) => {
      sweep(booking);
      booking.account = { ...booking.account, anchorAt: null, cycleStart: null, cycleEnd: null };
      booking.close('plan_change', { credits: ZERO, detail: { plan: planState(booking) } });
    });
    expect(findings(await t.ledger.verify())).toEqual([]);
    await t.ledger.definePlan({ plan: 'pro', monthly: credits('1000'), priceCents: 1_200, from: null });
    const set = await t.ledger.setPlan('default', { plan: 'pro', mode: null });
    expect(set.receipt).toMatchObject({ credits: credits('1000'), available: credits('1550') });
  });

  it('may count a period without credits as missed, and no more than there were', async () => {
    const findingsOf = async (missed: number) => {
      const t = await make();
      broken.push(t);
      const define = (monthly: string, from: number) =>
        t.ledger.definePlan({ plan: 'pro', monthly: credits(monthly), priceCents: 1_200, from });
      await define('1000', Date.UTC(2026, 2, 15));
      await define('0', Date.UTC(2026, 1, 1));
      t.at = Date.UTC(2026, 4, 5);
      await book(t, (booking) => {
        sweep(booking);
        const at = [Date.UTC(2026, 3, 30, 12), Date.UTC(2026, 4, 31, 12)] as const;
        const { plan, ...facts } = enterCycle(booking, 'pro', ...at);
        const lot = grantLot(booking, { source: 'monthly', amount: credits('1000'), ...facts });
        booking.close('rollover', { credits: credits('1000'), detail: { lot, plan, missed } });
      });
      return findings(await t.ledger.verify());
    };
    // Between the January cycle and the one of 30 April lie one of February without credits and one of March.
    expect(await findingsOf(1)).toEqual([]);
    expect(await findingsOf(2)).toEqual([]);
    expect((await findingsOf(0)).join()).toContain('cycles were missed');
    expect((await findingsOf(3)).join()).toContain('cycles were missed');
  });
});

describe('the answer', () => {
  it('counts accounts and entries, lists every check once and gives the end of every chain', async () => {
    const t = await richLedger();
    sound.push(t);
    const view = await t.ledger.verify();
    expect(view).toMatchObject({ ok: true, accounts: 4, entries: 71 });
    expect(view.checks).toEqual(
      CHECKS.filter((id) => id !== 'heads').map((id) => ({ id, ok: true, detail: [] })),
    );
    expect(Object.keys(view.heads)).toEqual(['@ledger', 'default', 'poor', 'acme', 'closed']);
    const head = withDb(t.file, (db) =>
      db.prepare("SELECT receipt_seq AS seq, lower(hex(head)) AS hash FROM account WHERE id = 'poor'").get(),
    );
    expect(view.heads.poor).toEqual(head);
    const again = await t.ledger.verify({ heads: view.heads });
    expect(again.checks.at(-1)).toEqual({ id: 'heads', ok: true, detail: [] });
  });

  it('was asked of every kind of receipt, entry and end of a hold that there is without payments', async () => {
    const t = await richLedger();
    sound.push(t);
    const all = (sql: string): unknown[] => withDb(t.file, (db) => db.prepare(sql).pluck().all());
    expect(all('SELECT DISTINCT kind FROM receipt ORDER BY 1').join(' ')).toBe(
      'expire grant hold plan_change release revoke rollover setting settle spend',
    );
    expect(all('SELECT DISTINCT kind FROM entry ORDER BY 1').join(' ')).toBe(
      'expired granted held owed repaid returned revoked spent',
    );
    expect(all('SELECT DISTINCT status FROM hold ORDER BY 1').join(' ')).toBe('lapsed open released settled');
  });

  it('shows 20 examples of a check at most, and of every bad account some', async () => {
    const t = testLedger();
    broken.push(t);
    for (const account of ['a', 'b', 'c']) {
      await t.ledger.openAccount({ account, plan: 'free', zone: 'UTC', anchorAt: null });
      for (let count = 0; count < 15; count += 1) await t.ledger.spend(account, spendOf('1'));
    }
    const view = await new Original(t).changed((db) => db.exec('UPDATE entry SET at = at + 1'));
    const lines = view.checks.find(({ id }) => id === 'sequence')!.detail;
    expect(lines).toHaveLength(20);
    expect(lines.filter((line) => line.includes('of account a:'))).toHaveLength(10);
    expect(lines.some((line) => line.includes('of account b:'))).toBe(true);
  });

  it('is the same whatever the size of a page, and where every page must be waited for', async () => {
    const t = await richLedger();
    sound.push(t);
    const view = await t.ledger.verify();
    for (const size of [1, 2, 7]) expect(await repaged(t, size).verify()).toEqual(view);
  });

  it('tells how far it is', async () => {
    const t = await richLedger();
    sound.push(t);
    const told: [number, number][] = [];
    await t.ledger.verify({ onProgress: (done, of) => told.push([done, of]) });
    expect(told.at(-1)).toEqual([4, 4]);
  });

  it('is of one moment while others write', async () => {
    const t = await make();
    sound.push(t);
    const { ledger } = t.reopen();
    let isDone = false;
    const writing = (async () => {
      for (let count = 0; !isDone && count < 500; count += 1) {
        await ledger.spend('default', spendOf('0.1'));
        if (count % 10 === 0) await ledger.setModel(rateOf(count));
      }
    })();
    for (let round = 0; round < 5; round += 1) {
      const view = await t.ledger.verify();
      expect(findings(view)).toEqual([]);
    }
    isDone = true;
    await writing;
  });
});

/** The same ledger over a store that gives its rows in pages of another size, as a server far away would. */
function repaged({ store, at }: TestLedger, size: number): LocalLedger {
  async function* paged<Row>(pages: Pages<Row>): AsyncGenerator<Row[]> {
    for await (const page of pages) {
      for (let from = 0; from < page.length; from += size) yield page.slice(from, from + size);
      yield [];
    }
  }
  const accounts = async function* (dump: LedgerDump): AsyncGenerator<AccountDump> {
    for await (const account of dump.accounts()) {
      yield {
        ...account,
        receipts: () => paged(account.receipts()),
        entries: () => paged(account.entries()),
        usages: () => paged(account.usages()),
        lots: () => paged(account.lots()),
        holds: () => paged(account.holds()),
        usageSums: () => paged(account.usageSums()),
      };
    }
  };
  const far: Store = Object.create(store, {
    inspect: { value: () => store.inspect() },
    dump: {
      value: async () => {
        const dump = store.dump();
        return { ...dump, accounts: () => accounts(dump) };
      },
    },
  });
  return serviceOver(far, () => at);
}

const rateOf = (input: number) => ({
  model: 'haiku',
  name: null,
  provider: null,
  input: String(input),
  output: '1',
  cacheRead: null,
  cacheWrite: null,
  from: null,
});

describe('heads of an earlier run', () => {
  it('find an end that was cut off, and an account that is gone', async () => {
    const t = await make();
    sound.push(t);
    const before = new Original(t);
    await t.ledger.spend('default', spendOf('1'));
    await t.ledger.openAccount({ account: 'new', plan: 'free', zone: 'UTC', anchorAt: null });
    await t.ledger.setModel(rateOf(1));
    const { heads } = await t.ledger.verify();
    // The file as it was before is sound in itself: by its own words nothing is missing.
    expect(findings(await verifyFile(before.file))).toEqual([]);
    expect(findings(await verifyFile(before.file, { heads }))).toEqual([
      'heads: account @ledger: its chain ends at receipt 1, the saved heads have 2: its end was cut off',
      'heads: account default: its chain ends at receipt 4, the saved heads have 5: its end was cut off',
      'heads: account new: it is missing, the saved heads have 2 receipts of it',
    ]);
    const earlier = (await verifyFile(before.file)).heads;
    expect(findings(await t.ledger.verify({ heads: earlier }))).toEqual([]);
  });

  it('find a history that was written again with a chain of its own', async () => {
    const t = await make();
    sound.push(t);
    await t.ledger.spend('default', spendOf('1', { note: 'as it was' }));
    const { heads } = await t.ledger.verify();
    await t.ledger.spend('default', spendOf('2'));
    const rewrite = (db: Parameters<typeof reseal>[0]): void => {
      db.exec("UPDATE receipt SET note = 'as somebody likes it' WHERE note = 'as it was'");
      reseal(db, 1);
    };
    const original = new Original(t);
    expect(findings(await original.changed(rewrite))).toEqual([]);
    const view = await original.changed(rewrite, { heads });
    expect(failed(view)).toEqual(['heads']);
    expect(findings(view)[0]).toMatch(
      /receipt rcp_\w+_5 of account default: its hash is \w+…, the saved heads say/,
    );
  });
});

describe('a damaged file', () => {
  /** First byte of a leaf page of a clustered table: a damaged one above the leaves hides every account behind it. */
  const LEAF = 0x0a;

  /** Overwrites every leaf page that holds a text. */
  function damage(file: string, text: string): number {
    const bytes = fs.readFileSync(file);
    let pages = 0;
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
      const page = at - (at % 4096);
      if (bytes[page] !== LEAF) continue;
      bytes.fill(0xff, page, page + 4096);
      pages += 1;
    }
    fs.writeFileSync(file, bytes);
    return pages;
  }

  it('is named, and the other accounts are read', async () => {
    const t = testLedger();
    sound.push(t);
    // Pages are shared by neighbours: the one in between keeps the two apart.
    for (const account of ['first', 'between', 'second']) {
      await t.ledger.openAccount({ account, plan: 'free', zone: 'UTC', anchorAt: null });
      const note = `${account} `.repeat(100);
      for (let count = 0; count < 40; count += 1) await t.ledger.spend(account, spendOf('1', { note }));
    }
    const file = new Original(t).copy();
    expect(damage(file, 'first first first')).toBeGreaterThan(0);
    const view = await verifyFile(file);
    expect(view.ok).toBe(false);
    const lines = findings(view);
    expect(
      lines.some((line) => line.startsWith('storage: account first:')),
      lines.join('\n'),
    ).toBe(true);
    expect(lines.filter((line) => line.includes('account second'))).toEqual([]);
    expect(view.heads.second).toEqual((await t.ledger.verify()).heads.second);
  });

  it('never makes it throw anything but that it cannot be read', async () => {
    const t = await richLedger();
    sound.push(t);
    const original = new Original(t);
    const size = fs.statSync(original.file).size;
    let views = 0;
    for (let page = 1; page < size / 4096; page += 1) {
      const file = original.copy();
      const bytes = fs.readFileSync(file);
      bytes.fill(page % 2 === 0 ? 0xff : 0, page * 4096, (page + 1) * 4096);
      fs.writeFileSync(file, bytes);
      const result = await verifyFile(file).catch((error: unknown) => error);
      if (isLedgerError(result)) expect(result.code).toBe('ledger_unreadable');
      else {
        expect(result, `page ${page}`).toMatchObject({ ok: false });
        views += 1;
      }
      fs.rmSync(file);
    }
    expect(views).toBeGreaterThan(10);
  });

  it('is ledger_unreadable where it is no database at all', async () => {
    const t = await make();
    sound.push(t);
    const file = new Original(t).copy();
    fs.writeFileSync(file, 'no database');
    await expect(verifyFile(file)).rejects.toMatchObject({ code: 'ledger_unreadable' });
  });
});

describe('an account with more than a page of everything', () => {
  it('is read to the end, with strays in between', async () => {
    const t = testLedger();
    sound.push(t);
    const gift = {
      source: 'promotional',
      amount: credits('3'),
      expires: null,
      priority: 50,
      note: null,
    } as const;
    const hold = { amount: credits('1'), call: null, tags: NO_TAGS, ttlMs: 1_000, note: null };
    const many = 1_010;
    await Promise.all(Array.from({ length: many }, () => t.ledger.grant('default', gift)));
    await Promise.all(Array.from({ length: many }, () => t.ledger.hold('default', hold)));
    const items = Array.from({ length: many }, (_, index) => ({
      account: 'default',
      key: `key ${index}`,
      input: spendOf('1.5'),
    }));
    await t.ledger.spendMany(items);
    t.at += DAY;
    await t.ledger.expire('default', null);
    const view = await t.ledger.verify();
    expect(view).toMatchObject({ ok: true, accounts: 1 });
    const original = new Original(t);
    const changed = await original.changed((db) => {
      db.exec('DELETE FROM lot WHERE account = 1 AND no = 1005');
      db.exec('UPDATE entry SET receipt = 3 WHERE account = 1 AND seq = 1001');
      db.exec("UPDATE hold SET status = 'settled' WHERE account = 1 AND no = (SELECT max(no) FROM hold)");
      db.exec('DELETE FROM usage WHERE account = 1 AND receipt = (SELECT max(receipt) FROM usage)');
    });
    const lines = findings(changed).map((line) => line.replace(/_[0-9a-f]{8}_/g, '_'));
    expect(lines.slice(0, -1)).toEqual([
      'ledger_total: the lots of the ledger together: granted is 3077, the entries say 3080',
      'ledger_total: the lots of the ledger together: available is 1562, the entries say 1565',
      'projection: lot lot_1005 of account default: is missing',
      'projection: hold hold_2022 of account default: status is settled, the entries say lapsed',
      'usage: usage of rcp_3032 of account default: is missing',
      'sequence: entry 1001 of account default: receipt is 3, it lies in 1002',
    ]);
    expect(lines.at(-1)).toMatch(/^chain: receipt rcp_3032 of account default: its hash is /);
  });
});
