/** `credits accounts list` on more accounts than are read at once: the same list, made page by page. */
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { UTC_RULES } from '../../src/core/zones.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { openSqlite } from '../../src/store/sqlite-open.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { sha256 } from '../helpers/ledger.ts';

const MANY = 2_001;
const AT = Date.UTC(2026, 0, 1);

const home = temporaryFolder();
const line = commandLine(home);
const db = path.join(home, 'ledger.db');
const argv = ['accounts', 'list', '--db', db];

beforeAll(async () => {
  expect((await line(['init', '--db', db, '--now', '2026-01-01'])).code).toBe(0);
  let tags = 0;
  const store = openSqlite(db, 'write', { sha256, random: () => 0.5, newTag: () => `tag${++tags}` });
  const ids = Array.from({ length: MANY - 1 }, (_, no) => `user-${no}`);
  await store.openAccounts(
    ids.map((account) =>
      openWork({ account, plan: 'pro', zone: 'UTC', anchorAt: null }, AT, UTC_RULES, false),
    ),
  );
  await store.close();
  // The only debt is on the second page: a call may take more than its hold held.
  const hold = ['hold', '1', '-a', 'user-1999', '--db', db, '--json', '--now', '2026-01-02'];
  const { hold: id } = (await line(hold)).json();
  const settled = await line([
    'settle',
    id,
    '--credits',
    '5000',
    '-a',
    'user-1999',
    '--db',
    db,
    '--now',
    '2026-01-02',
  ]);
  expect(settled.code).toBe(0);
});

test('as JSON it is one document of all of them, by id', async () => {
  const end = await line([...argv, '--json']);
  const { schema, accounts } = end.json();
  expect([end.code, schema, accounts.length]).toEqual([0, 'credits.accounts/v1', MANY]);
  const ids = accounts.map(({ account }: { account: string }) => account);
  expect(ids).toEqual([...new Set(ids)].sort());
  expect(accounts.find(({ account }: { account: string }) => account === 'user-1999').debt).toBeGreaterThan(
    0,
  );
});

test('as text it is one table: one heading, columns as wide as the widest cell of any page', async () => {
  const { stdout } = await line(argv);
  const lines = stdout.split('\n');
  expect(lines).toHaveLength(MANY + 3);
  expect(lines[0]).toMatch(/^Account +Plan +Available +Held +Debt +Cycle ends +Created$/);
  expect(lines.slice(-2)).toEqual(['2,001 accounts', '']);
  const created = lines[0]!.indexOf('Created');
  const crooked = lines.slice(1, -2).filter((text) => !/^ {3}\S/.test(text.slice(created - 3)));
  expect(crooked).toEqual([]);
  expect(lines.filter((text) => text.startsWith('Account '))).toHaveLength(1);
});
