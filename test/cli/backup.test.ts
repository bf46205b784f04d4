/** `backup`, `restore`, `export --what ledger` and `doctor` over a ledger in which everything has happened once. */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqliteSteps } from '../../migrations/index.ts';
import { APPLICATION_ID } from '../../src/store/sqlite-file.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { richLedger } from '../helpers/rich-ledger.ts';

const home = temporaryFolder();
const line = commandLine(home);
let rich: TestLedger;
/** The ledger's file: nothing writes to it after it was made. */
let db: string;
let heads: Record<string, unknown>;
const at = (name: string): string => path.join(home, name);
const modeOf = (file: string): number => fs.statSync(file).mode & 0o777;

async function headsOf(file: string): Promise<Record<string, unknown>> {
  const end = await line(['verify', '--json', '--db', file]);
  expect([end.code, end.stderr]).toEqual([0, '']);
  return end.json().heads;
}

/** Files in a folder, without those that a reader of a ledger leaves. */
const filesIn = (folder: string, start = ''): string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(start) && !/-(?:wal|shm)$/.test(name))
    .sort();

/** Every row of every table. */
function contentOf(file: string): Record<string, unknown[]> {
  const open = new Database(file, { readonly: true });
  try {
    const tables = open
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
      .pluck()
      .all() as string[];
    return Object.fromEntries(
      tables.map((name) => [name, open.prepare(`SELECT * FROM ${name}`).raw().all()]),
    );
  } finally {
    open.close();
  }
}

beforeAll(async () => {
  process.umask(0);
  rich = await richLedger();
  db = rich.file;
  heads = await headsOf(db);
  expect(Object.keys(heads).length).toBe(5);
});
afterAll(() => rich.done());

describe('backup', () => {
  test('copies everything into a file for its owner alone', async () => {
    const file = at('whole.db');
    const end = await line(['backup', file, '--json', '--db', db]);
    expect([end.code, end.stderr]).toEqual([0, '']);
    const { size } = fs.statSync(file);
    expect(end.json()).toMatchObject({
      schema: 'credits.backup/v1',
      file,
      bytes: size,
      accounts: 4,
      mode: 'test',
    });
    expect(modeOf(file)).toBe(0o600);
    expect(contentOf(file)).toEqual(contentOf(db));
    expect(fs.readdirSync(home).filter((name) => name.startsWith('whole.db'))).toEqual(['whole.db']);
  });

  test('never replaces a file, and needs a folder and a ledger', async () => {
    const taken = at('taken');
    fs.writeFileSync(taken, 'mine');
    for (const flags of [[], ['--yes']]) {
      const end = await line(['backup', taken, '--db', db, '--json', ...flags]);
      expect([end.code, end.stdout, end.failure().code]).toEqual([2, '', 'invalid_argument']);
    }
    expect(fs.readFileSync(taken, 'utf8')).toBe('mine');
    expect((await line(['backup', at('no/such/folder'), '--db', db, '--json'])).failure().code).toBe(
      'invalid_argument',
    );
    const none = await line(['backup', at('x.db'), '--db', at('none.db'), '--json']);
    expect([none.code, none.failure().code]).toEqual([2, 'no_ledger']);
    expect(fs.existsSync(at('x.db'))).toBe(false);
  });

  test('is refused with --remote', async () => {
    const end = await line(['backup', at('r.db'), '--remote', 'https://example.org', '--json']);
    expect([end.code, end.failure().code]).toEqual([2, 'invalid_argument']);
  });
});

describe('restore', () => {
  test('makes the ledger where none is, in a new folder', async () => {
    await line(['backup', at('a.db'), '--db', db]);
    const target = at('new/folder/ledger.db');
    const end = await line(['restore', at('a.db'), '--db', target, '--json']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(end.json()).toMatchObject({
      schema: 'credits.backup/v1',
      ledger: target,
      from: 'backup',
      kept: null,
    });
    expect([modeOf(target), modeOf(path.dirname(target))]).toEqual([0o600, 0o700]);
    expect(await headsOf(target)).toEqual(heads);
    expect(filesIn(path.dirname(target))).toEqual(['ledger.db']);
  });

  test('over a ledger it needs --yes, and keeps what was there', async () => {
    await line(['backup', at('b.db'), '--db', db]);
    const target = at('over/ledger.db');
    await line(['init', '--db', target]);
    await line(['spend', '7', '--db', target]);
    const before = await headsOf(target);
    const refused = await line(['restore', at('b.db'), '--db', target, '--json']);
    expect([refused.code, refused.stdout, refused.failure().code]).toEqual([2, '', 'confirmation_needed']);
    // A file that is not there is no reason to ask for anything.
    const gone = await line(['restore', at('gone.db'), '--db', target, '--json']);
    expect([gone.code, gone.failure()]).toMatchObject([
      2,
      { code: 'invalid_argument', message: expect.stringContaining('there is no such file') },
    ]);
    const dry = await line(['restore', at('b.db'), '--db', target, '--json', '-n']);
    expect([dry.code, dry.json().dryRun]).toEqual([0, true]);
    expect(await headsOf(target)).toEqual(before);
    expect(filesIn(path.dirname(target))).toEqual(['ledger.db']);
    const end = await line(['restore', at('b.db'), '--db', target, '--json', '--yes']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    const { kept } = end.json();
    expect(path.basename(kept)).toBe('ledger.db.replaced-20260311T120000Z');
    expect(filesIn(path.dirname(target))).toEqual(['ledger.db', path.basename(kept)]);
    expect(await headsOf(target)).toEqual(heads);
    expect(await headsOf(kept)).toEqual(before);
    expect([modeOf(target), modeOf(kept)]).toEqual([0o600, 0o600]);
    expect(contentOf(target)).toEqual(contentOf(db));
    // What was there is not in the new file's free pages.
    expect(fs.statSync(target).size).toBe(fs.statSync(at('b.db')).size);
    // And back again: the kept file is a backup itself.
    const back = await line(['restore', kept, '--db', target, '--json', '--yes']);
    expect(back.json().kept).toBe(`${kept}-2`);
    expect(await headsOf(target)).toEqual(before);
  });

  test('is refused while another process has the ledger open', async () => {
    await line(['backup', at('c.db'), '--db', db]);
    const target = at('busy.db');
    await line(['init', '--db', target]);
    const reader = new Database(target, { readonly: true });
    reader.prepare('SELECT * FROM ledger').get();
    const before = await headsOf(target);
    const end = await line(['restore', at('c.db'), '--db', target, '--json', '--yes']);
    reader.close();
    expect([end.code, end.stdout, end.failure().code]).toEqual([75, '', 'ledger_busy']);
    expect(await headsOf(target)).toEqual(before);
    expect(filesIn(home, 'busy.db.')).toEqual([]);
  }, 20_000);

  test('a backup that does not add up changes nothing', async () => {
    const file = at('bad.db');
    await line(['backup', file, '--db', db]);
    const open = new Database(file);
    open.exec('DROP TRIGGER receipt_no_update');
    open.exec("UPDATE receipt SET note = 'other' WHERE account = 1 AND seq = 4");
    open.close();
    const target = at('keeps.db');
    await line(['init', '--db', target]);
    const before = await headsOf(target);
    for (const where of [target, at('never.db')]) {
      const end = await line(['restore', file, '--db', where, '--json', '--yes']);
      expect([end.code, end.stdout, end.failure().code]).toEqual([7, '', 'integrity_failure']);
    }
    expect(await headsOf(target)).toEqual(before);
    expect([...filesIn(home, 'keeps.db.'), ...filesIn(home, 'never.db')]).toEqual([]);
    expect(fs.existsSync(at('never.db'))).toBe(false);
  });

  test('a backup of an older schema is migrated on the way', async () => {
    const old = new Database(at('old.db'));
    old.exec(sqliteSteps(0)[0]!);
    old.pragma(`application_id = ${APPLICATION_ID}`);
    old.pragma('user_version = 1');
    old.prepare('ATTACH ? AS new').run(db);
    const tables = old.prepare(`SELECT name FROM main.sqlite_schema WHERE type = 'table'`).pluck().all();
    for (const table of tables) {
      // Later steps add columns.
      const columns = old.prepare(`SELECT name FROM pragma_table_info('${table}', 'main')`).pluck().all();
      old.exec(`INSERT INTO main.${table} SELECT ${columns.join(', ')} FROM new.${table}`);
    }
    old.close();
    // A copy has the schema of what it copies.
    expect((await line(['backup', at('old-copy.db'), '--db', at('old.db')])).code).toBe(0);
    const target = at('migrated/ledger.db');
    const end = await line(['restore', at('old-copy.db'), '--db', target, '--json']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(contentOf(target)).toEqual(contentOf(db));
    expect(await headsOf(target)).toEqual(heads);
    expect(filesIn(path.dirname(target))).toEqual(['ledger.db']);
  });

  test('refuses what is no backup, what is newer, itself, and another program’s database', async () => {
    const code = async (file: string, target = at('fresh.db')): Promise<unknown> => {
      const end = await line(['restore', file, '--db', target, '--json', '--yes']);
      return [end.code, end.failure().code];
    };
    fs.writeFileSync(at('text'), 'no backup at all');
    expect(await code(at('text'))).toEqual([7, 'ledger_unreadable']);
    expect(await code(at('missing'))).toEqual([2, 'invalid_argument']);
    expect(await code(db, db)).toEqual([2, 'invalid_argument']);
    await line(['backup', at('newer.db'), '--db', db]);
    const open = new Database(at('newer.db'));
    open.pragma('user_version = 999');
    open.close();
    expect(await code(at('newer.db'))).toEqual([2, 'ledger_newer']);
    const foreign = new Database(at('foreign.db'));
    foreign.exec('CREATE TABLE precious (x)');
    foreign.close();
    expect(await code(db, at('foreign.db'))).toEqual([7, 'ledger_unreadable']);
    expect(await code(at('foreign.db'))).toEqual([7, 'ledger_unreadable']);
    expect(fs.existsSync(at('fresh.db'))).toBe(false);
  });

  test('over a damaged ledger: its files are kept under another name', async () => {
    const target = at('damaged.db');
    fs.writeFileSync(target, Buffer.alloc(8_192, 'x'));
    fs.writeFileSync(`${target}-wal`, 'its log');
    const end = await line(['restore', db, '--db', target, '--json', '--yes']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    const { kept } = end.json();
    expect(fs.readFileSync(kept)).toEqual(Buffer.alloc(8_192, 'x'));
    expect(fs.readFileSync(`${kept}-wal`, 'utf8')).toBe('its log');
    expect(await headsOf(target)).toEqual(heads);
  });
});

describe('an export of a whole ledger', () => {
  test('makes the same ledger again, row by row', async () => {
    const file = at('ledger.jsonl');
    const out = await line(['export', '--what', 'ledger', '-o', file, '--json', '--db', db]);
    expect([out.code, out.stderr, modeOf(file)]).toEqual([0, '', 0o600]);
    const printed = await line(['export', '--what', 'ledger', '--db', db]);
    expect(printed.stdout).toBe(fs.readFileSync(file, 'utf8'));
    const target = at('from-export.db');
    const end = await line(['restore', file, '--db', target, '--json']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(end.json()).toMatchObject({ from: 'export', accounts: 4, kept: null });
    expect(await headsOf(target)).toEqual(heads);
    expect(contentOf(target)).toEqual(contentOf(db));
    expect(modeOf(target)).toBe(0o600);
  });

  test('any change, or a cut, is refused', async () => {
    const { stdout } = await line(['export', '--what', 'ledger', '--db', db]);
    const lines = stdout.trimEnd().split('\n');
    const changed: Record<string, [lines: string[], code: string]> = {
      'a changed note': [lines.map((each) => each.replace('"a hold"', '"no hold"')), 'integrity_failure'],
      'a changed entry': [
        lines.map((each) => each.replace('"kind":"spent"', '"kind":"held"')),
        'integrity_failure',
      ],
      'a missing receipt': [lines.toSpliced(9, 1), 'integrity_failure'],
      'the last receipt of an account missing': [
        lines.toSpliced(lines.findIndex((each, no) => no > 2 && each.startsWith('{"account"')) - 1, 1),
        'integrity_failure',
      ],
      'an account missing': [
        lines
          .slice(
            0,
            lines.findLastIndex((each) => each.startsWith('{"account"')),
          )
          .concat(lines.at(-1)!),
        'integrity_failure',
      ],
      'the end missing': [lines.slice(0, -1), 'ledger_unreadable'],
      'half a line': [[...lines.slice(0, 20), lines[20]!.slice(0, 40)], 'ledger_unreadable'],
      'a foreign line': [lines.with(5, '{"hello":1}'), 'ledger_unreadable'],
      'a receipt without entries': [lines.with(8, '{"receipt":{"seq":1},"hash":""}'), 'ledger_unreadable'],
      'a newer one': [
        lines.with(0, lines[0]!.replace(/"schemaVersion":\d+/, '"schemaVersion":999')),
        'ledger_newer',
      ],
      nothing: [['{}'], 'ledger_unreadable'],
    };
    for (const [what, [text, code]] of Object.entries(changed)) {
      const file = at('changed.jsonl');
      fs.writeFileSync(file, `${text.join('\n')}\n`);
      const end = await line(['restore', file, '--db', at('of-changed.db'), '--json']);
      expect([what, end.stdout, end.failure().code]).toEqual([what, '', code]);
      expect(filesIn(home, 'of-changed.db')).toEqual([]);
    }
  });
});

describe('a long history', () => {
  test('comes back with its stored sums', async () => {
    const t = testLedger({ plan: 'team' });
    const spends = Array.from({ length: 1_100 }, (_, no) => ({
      account: 'default',
      key: `k-${no}`,
      input: spendOf('0.000003', { note: no === 7 ? 'two\nlines\u2028and a \u{1F4B0}' : null }),
    }));
    await t.ledger.spendMany(spends);
    await t.ledger.spendMany(spends.map((each) => ({ ...each, key: `${each.key}-again` })));
    await line(['export', '--what', 'ledger', '-o', at('long.jsonl'), '--db', t.file]);
    const target = at('long.db');
    const end = await line(['restore', at('long.jsonl'), '--db', target, '--json']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(contentOf(target)).toEqual(contentOf(t.file));
    // A key of then is a key of now.
    const again = await line(['spend', '0.000003', '--key', 'k-1', '--db', target, '--json']);
    expect(again.json()).toMatchObject({ replayed: true });
    await t.done();
  });
});

describe('doctor', () => {
  const levels = (end: { json: () => { checks: { id: string; level: string }[] } }): Record<string, string> =>
    Object.fromEntries(end.json().checks.map(({ id, level }) => [id, level]));

  test('a sound ledger', async () => {
    const target = at('sound/ledger.db');
    await line(['init', '--db', target]);
    const end = await line(['doctor', '--db', target, '--json']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(end.json()).toMatchObject({ schema: 'credits.doctor/v1', ok: true, ledger: target });
    const found = levels(end);
    delete found.space;
    expect(new Set(Object.values(found))).toEqual(new Set(['ok']));
    expect(Object.keys(found)).toEqual([
      ...[
        'ledger',
        'modes',
        'log',
        'leftovers',
        'durability',
        'schema',
        'integrity',
        'clock',
        'config',
        'node',
        'copies',
      ],
    ]);
    expect((await line(['doctor', '--db', target])).stdout).toContain('credits backup FILE');
  });

  test('modes, clock and keys are warnings', async () => {
    const target = at('warned/ledger.db');
    await line(['init', '--db', target]);
    await line(['spend', '1', '--db', target, '--now', '2026-03-13T12:00:00.001Z']);
    fs.writeFileSync(`${target}.restore-123`, '');
    fs.chmodSync(target, 0o644);
    fs.chmodSync(path.dirname(target), 0o777);
    const env = { STRIPE_SECRET_KEY: 'sk_live_canary' };
    const end = await line(['doctor', '--db', target, '--json'], { env });
    expect(end.code).toBe(0);
    expect(levels(end)).toMatchObject({
      modes: 'warn',
      leftovers: 'warn',
      clock: 'warn',
      payments: 'warn',
      integrity: 'ok',
    });
    expect(end.stdout).toContain('account default is ahead of the clock, MORE THAN 24 HOURS');
    expect(end.stdout).toMatch(/ledger\.db has mode 0644.*warned has mode 0777/);
    expect(end.stdout).not.toContain('canary');
  });

  /** The first page of a table. */
  const pageOf = (file: string, table: string): number => {
    const open = new Database(file);
    const page = open.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table);
    open.close();
    return page as number;
  };

  test('a damaged page fails with 7, after the answer', async () => {
    const target = at('pages.db');
    await line(['restore', db, '--db', target]);
    const page = pageOf(target, 'usage');
    const bytes = fs.readFileSync(target);
    bytes.fill(0x7f, 4_096 * (page - 1), 4_096 * page);
    fs.writeFileSync(target, bytes);
    const end = await line(['doctor', '--db', target, '--json']);
    expect([end.code, end.json().ok, end.failure().code]).toEqual([7, false, 'integrity_failure']);
  });

  test('without a ledger it says what it can, then no_ledger', async () => {
    const end = await line(['doctor', '--db', at('nowhere.db'), '--json']);
    expect([end.code, end.failure().code]).toEqual([2, 'no_ledger']);
    expect(levels(end)).toMatchObject({ ledger: 'warn', node: 'ok', copies: 'ok' });
  });

  test('what is no ledger', async () => {
    fs.writeFileSync(at('garbage.db'), 'garbage, and more of it');
    const end = await line(['doctor', '--db', at('garbage.db'), '--json']);
    expect([end.code, end.failure().code, levels(end).ledger]).toEqual([7, 'ledger_unreadable', 'fail']);
  });
});
