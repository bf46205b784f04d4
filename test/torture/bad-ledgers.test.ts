/** Whatever lies where the ledger should be: one clear refusal with its code, no stack trace, and nothing touched. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { REFUSALS, type RefusalCode } from '../../src/core/errors.ts';
import { openSqlite } from '../../src/store/sqlite-open.ts';
import { commandLine } from '../helpers/cli-line.ts';
import { NOON, sha256 } from '../helpers/ledger.ts';
import { type Ended, failureOf, newFolder, PATIENCE, runProgram } from '../helpers/processes.ts';
import { workerOptions } from '../helpers/worker-ledger.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const folder = newFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));
const line = commandLine(folder);

/** A sound ledger with some history, in one file. */
const sound = path.join(folder, 'sound.db');
beforeAll(async () => {
  const now = ['--db', sound, '--now', new Date(NOON).toISOString(), '--quiet'];
  expect((await line(['init', '--plan', 'pro', ...now])).code).toBe(0);
  for (let no = 0; no < 40; no += 1) {
    const spend = ['spend', '1', '--note', 'n'.repeat(900), ...now];
    expect((await line(spend)).code).toBe(0);
  }
});

/** One pixel, as an image program writes it. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Changes a copy of the sound ledger by SQL. */
function changed(file: string, sql: string): void {
  fs.copyFileSync(sound, file);
  const db = new Database(file);
  db.pragma('journal_mode = DELETE');
  db.exec(sql);
  db.close();
}

/** Overwrites one page of a copy of the sound ledger: the first of the account table. */
function damaged(file: string): void {
  fs.copyFileSync(sound, file);
  const db = new Database(file);
  const root = db
    .prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'account'`)
    .pluck()
    .get() as number;
  const size = db.pragma('page_size', { simple: true }) as number;
  db.close();
  const open = fs.openSync(file, 'r+');
  fs.writeSync(open, Buffer.alloc(size, 0xa5), 0, size, (root - 1) * size);
  fs.closeSync(open);
}

function truncated(file: string): void {
  fs.copyFileSync(sound, file);
  fs.truncateSync(file, 50_000);
}

interface Case {
  readonly what: string;
  /** Puts it at the path. */
  readonly make: (file: string) => void;
  readonly read: RefusalCode | null;
  readonly write: RefusalCode | null;
  /** Either is right where something that is no ledger is in the way. */
  readonly init: readonly (RefusalCode | null)[];
}

const NOT_OURS = {
  read: 'ledger_unreadable',
  write: 'ledger_unreadable',
  init: ['ledger_unreadable', 'ledger_exists'],
} as const;
const NOTHING = { read: 'no_ledger', write: 'no_ledger', init: [null] } as const;

const CASES: readonly Case[] = [
  { what: 'a folder', make: (file) => fs.mkdirSync(file), ...NOT_OURS },
  { what: 'an image', make: (file) => fs.writeFileSync(file, PNG), ...NOT_OURS },
  {
    what: 'a text',
    make: (file) => fs.writeFileSync(file, 'Dear diary, today I spent 3 credits.\n'),
    ...NOT_OURS,
  },
  { what: 'a byte', make: (file) => fs.writeFileSync(file, 'x'), ...NOT_OURS },
  {
    what: 'a database of another program',
    make: (file) => new Database(file).exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)').close(),
    ...NOT_OURS,
  },
  { what: 'a truncated ledger', make: truncated, ...NOT_OURS },
  {
    what: 'a ledger of one page',
    make: (file) => fs.writeFileSync(file, fs.readFileSync(sound).subarray(0, 4096)),
    ...NOT_OURS,
  },
  { what: 'a ledger with a damaged page', make: damaged, ...NOT_OURS },
  {
    what: 'a ledger of a newer version',
    make: (file) => changed(file, 'PRAGMA user_version = 99'),
    read: 'ledger_newer',
    write: 'ledger_newer',
    init: ['ledger_newer', 'ledger_exists'],
  },
  {
    what: 'a read-only ledger',
    make: (file) => {
      fs.copyFileSync(sound, file);
      fs.chmodSync(file, 0o444);
    },
    read: null,
    write: 'ledger_read_only',
    init: ['ledger_exists'],
  },
  {
    what: 'a pipe',
    make: (file) => execFileSync('mkfifo', [file]),
    ...NOT_OURS,
  },
  {
    what: 'links in a circle',
    make: (file) => fs.symlinkSync(path.basename(file), file),
    read: 'ledger_unreadable',
    write: 'ledger_unreadable',
    init: ['ledger_unreadable'],
  },
  {
    what: 'a link to a ledger',
    make: (file) => {
      fs.copyFileSync(sound, `${file}.target`);
      fs.symlinkSync(`${file}.target`, file);
    },
    read: null,
    write: null,
    init: ['ledger_exists'],
  },
  { what: 'a link to nothing', make: (file) => fs.symlinkSync(`${file}.target`, file), ...NOTHING },
  { what: 'nothing', make: () => {}, ...NOTHING },
];

/** A hash of the bytes, through links; of the names in a folder; null for anything else. */
function bytesOf(file: string): string | null {
  if (!fs.existsSync(file)) return null;
  const facts = fs.statSync(file);
  if (facts.isFile()) return sha256(fs.readFileSync(file).toString('latin1'));
  return facts.isDirectory() ? fs.readdirSync(file).join() : null;
}

/** Commands of each kind. */
const READS = [['balance'], ['log'], ['holds'], ['accounts'], ['cycle']];
const WRITES = [
  ['spend', '1'],
  ['hold', '1'],
  ['grant', '1', '--source', 'promotional'],
  ['cycle', 'rollover', '--all'],
  ['plan', 'set', 'team'],
];

function expectEnd(
  end: Pick<Ended, 'stdout' | 'stderr'> & { code: number | null },
  code: RefusalCode | null,
) {
  if (code === null) {
    expect([end.code, end.stderr]).toEqual([0, '']);
    return;
  }
  const { error } = JSON.parse(end.stderr);
  expect([end.code, end.stdout, error.code]).toEqual([REFUSALS[code].exit, '', code]);
  expect(end.stderr).not.toMatch(/\n.+\n|\bat .+:\d+:\d+/);
}

describe.each(CASES)('$what', ({ what, make, read, write, init }) => {
  const name = what.replaceAll(' ', '-');
  const common = (file: string) => ['--db', file, '--json', '--quiet', '--now', new Date(NOON).toISOString()];

  it.each([
    ['reads', READS, read],
    ['writes', WRITES, write],
  ] as const)('under %s', async (kind, commands, code) => {
    const file = path.join(folder, `${name}-${kind}`);
    make(file);
    for (const command of commands) {
      const before = bytesOf(file);
      expectEnd(await line([...command, ...common(file)]), code);
      if (code !== null || kind === 'reads') expect(bytesOf(file), command.join(' ')).toBe(before);
    }
  });

  it('under init', async () => {
    const file = path.join(folder, `${name}-init`);
    make(file);
    const before = bytesOf(file);
    const end = await line(['init', ...common(file)]);
    const code = end.code === 0 ? null : end.failure().code;
    expect(init).toContain(code);
    expectEnd(end, code);
    if (code !== null) expect(bytesOf(file)).toBe(before);
    else expect((await line(['balance', ...common(file)])).json().available).toBe(50);
  });
});

describe('the path itself', () => {
  const at = (file: string) => ['--db', file, '--json'];

  it('below a file is refused, in a folder that is not there is none yet', async () => {
    const below = path.join(sound, 'ledger.db');
    for (const command of [['balance'], ['spend', '1'], ['init']]) {
      expectEnd(await line([...command, ...at(below)]), 'ledger_unreadable');
    }
    const deep = path.join(folder, 'not', 'there', 'ledger.db');
    expectEnd(await line(['balance', ...at(deep)]), 'no_ledger');
    expectEnd(await line(['spend', '1', ...at(deep)]), 'no_ledger');
    expect(fs.existsSync(path.join(folder, 'not'))).toBe(false);
    expectEnd(await line(['init', ...at(deep)]), null);
    expect(fs.statSync(path.join(folder, 'not')).mode & 0o777).toBe(0o700);
  });

  it('too long, or ending in white space (which the driver would trim), is refused', async () => {
    for (const file of [path.join(folder, `${'long'.repeat(100)}.db`), `${sound} `]) {
      for (const command of [['balance'], ['spend', '1'], ['init']]) {
        expectEnd(await line([...command, ...at(file)]), 'ledger_unreadable');
      }
    }
    expect(fs.existsSync(`${sound} `)).toBe(false);
  });

  it('of a device is refused', async () => {
    for (const command of [['balance'], ['spend', '1']]) {
      expectEnd(await line([...command, ...at('/dev/null')]), 'ledger_unreadable');
    }
  });
});

describe('a network file system', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('is refused, also behind a link', async () => {
    const link = path.join(folder, 'network-link.db');
    fs.symlinkSync(sound, link);
    const real = fs.statfsSync;
    // NFS at the other end of the link; the link itself lies in an ordinary folder.
    const onNetwork = (file: fs.PathLike) => [link, sound].includes(String(file));
    const facts = (file: fs.PathLike) => ({ ...real(file), ...(onNetwork(file) ? { type: 0x6969 } : {}) });
    vi.spyOn(fs, 'statfsSync').mockImplementation(facts as typeof fs.statfsSync);
    for (const file of [link, sound]) {
      const end = await line(['balance', '--db', file, '--json']);
      expectEnd(end, 'ledger_unreadable');
      expect(end.failure().message).toMatch(/network file system \(NFS\)/);
    }
  });
});

describe('what a process left that died while it made a ledger', () => {
  /** A file that is being filled, with the journal that takes it back to nothing. */
  function halfMade(file: string): void {
    const db = new Database(`${file}.making`);
    db.pragma('journal_mode = DELETE');
    db.pragma('cache_size = 2');
    db.exec('BEGIN; CREATE TABLE t (a)');
    const insert = db.prepare('INSERT INTO t VALUES (?)');
    for (let no = 0; no < 100; no += 1) insert.run('x'.repeat(1_000));
    fs.copyFileSync(`${file}.making`, file);
    fs.copyFileSync(`${file}.making-journal`, `${file}-journal`);
    db.exec('ROLLBACK');
    db.close();
  }

  it('counts as nothing, for a reader too', async () => {
    const file = path.join(folder, 'half.db');
    halfMade(file);
    expect(fs.statSync(file).size).toBeGreaterThan(10_000);
    expect(() => openSqlite(file, 'read', workerOptions())).toThrow(
      expect.objectContaining({ code: 'no_ledger' }),
    );
  });

  it('counts as nothing when it is a database without content', async () => {
    const file = path.join(folder, 'blank.db');
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.close();
    expect(fs.statSync(file).size).toBeGreaterThan(0);
    for (const command of [['balance'], ['spend', '1']]) {
      expectEnd(await line([...command, '--db', file, '--json']), 'no_ledger');
    }
  });
});

describe('a ledger that another process makes while this one looks', () => {
  const { pragma } = Database.prototype;
  afterEach(() => {
    Database.prototype.pragma = pragma;
  });

  it('is not there yet, and no database of another program', () => {
    const file = path.join(folder, 'in-the-making.db');
    new Database(file).exec('PRAGMA journal_mode = WAL').close();
    let made = false;
    Database.prototype.pragma = function (this: Database.Database, source, options) {
      const answer = pragma.call(this, source, options);
      if (source === 'application_id' && !made) {
        made = true;
        new Database(file).exec('PRAGMA application_id = 1129465156; CREATE TABLE t (a)').close();
      }
      return answer;
    };
    expect(() => openSqlite(file, 'read', workerOptions())).toThrow(
      expect.objectContaining({ code: 'no_ledger' }),
    );
    expect(made).toBe(true);
  });
});

describe('a refused init', () => {
  it('leaves no file, so that the next one works', async () => {
    const file = path.join(folder, 'refused.db');
    const refused = await line(['init', '--plan', 'nosuch', '--db', file, '--json']);
    expectEnd(refused, 'unknown_plan');
    expect(fs.existsSync(file)).toBe(false);
    expectEnd(await line(['init', '--db', file, '--json']), null);
  });
});

/** Somebody whom modes hold back; undefined: ourselves. */
const user = process.getuid?.() === 0 ? 65_534 : undefined;

describe('as a user without rights', () => {
  const home = newFolder();
  const file = path.join(home, 'ledger.db');
  const run = (...argv: string[]) =>
    runProgram([...argv, '--db', file, '--json', '--quiet'], user === undefined ? {} : { uid: user });
  beforeAll(async () => {
    if (user !== undefined) fs.chownSync(home, user, user);
    expectEnd(await run('init'), null);
  });
  afterAll(() => {
    fs.chmodSync(home, 0o700);
    fs.rmSync(home, { recursive: true });
  });

  it('a ledger that was read while it was read-only can be written once it no longer is', async () => {
    fs.chmodSync(file, 0o400);
    expectEnd(await run('balance'), null);
    expectEnd(await run('spend', '1'), 'ledger_read_only');
    fs.chmodSync(file, 0o600);
    expectEnd(await run('spend', '1'), null);
  });

  it('a folder that cannot be written refuses reads and writes, and says why', async () => {
    fs.chmodSync(home, 0o500);
    for (const command of [['balance'], ['spend', '1']]) {
      const end = await run(...command);
      expectEnd(end, 'ledger_read_only');
      expect(failureOf(end).message).toMatch(/lies in a folder that cannot be written/);
    }
    fs.chmodSync(home, 0o700);
    expectEnd(await run('balance'), null);
  });

  it('a ledger of somebody else is refused', async () => {
    fs.chmodSync(file, 0o000);
    for (const command of [['balance'], ['spend', '1']]) {
      expect((await run(...command)).code).toBeOneOf([4, 7]);
    }
    fs.chmodSync(file, 0o600);
  });
});

describe('verify', () => {
  it.each([
    ['a damaged page', damaged],
    ['half of it missing', truncated],
  ])('of a ledger with %s is exit 7', async (what, make) => {
    const file = path.join(folder, `verify ${what}`);
    make(file);
    const before = bytesOf(file);
    const end = await line(['verify', '--db', file, '--json']);
    expect(end.code).toBe(7);
    expect(end.failure().code).toBeOneOf(['integrity_failure', 'ledger_unreadable']);
    expect(bytesOf(file)).toBe(before);
  });

  it('of the ledger that all these were copied from is fine', async () => {
    expectEnd(await line(['verify', '--db', sound, '--json']), null);
  });
});
