/**
 * Backups while other processes write: every one is whole, verifies, and holds what was acknowledged before it began. Ten
 * rounds; forty with CREDITS_TORTURE=long.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { commandLine } from '../helpers/cli-line.ts';
import { NOON, spendOf, testLedger } from '../helpers/ledger.ts';
import { LONG, newFolder, PATIENCE, runProgram, startProgram, workshop } from '../helpers/processes.ts';
import type { Task } from './worker.ts';

const ROUNDS = LONG ? 40 : 10;
const folder = newFolder();
/** What changes nothing while others write needs no process of its own. */
const line = commandLine(folder);
const shop = workshop<Task>('test/torture/worker.ts');
afterAll(() => {
  shop.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const receiptsIn = (file: string): number => {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare('SELECT count(*) FROM receipt').pluck().get() as number;
  } finally {
    db.close();
  }
};

describe('backup under writers', () => {
  it(`${ROUNDS} of ${ROUNDS} restore and verify, none older than its beginning`, {
    // The hot writers of the long version make a ledger that takes longer to verify with every round.
    timeout: LONG ? PATIENCE : 300_000,
  }, async () => {
    const t = testLedger({ plan: 'team' });
    const writers = await Promise.all(
      ['a', 'b'].map(async (name) => {
        const worker = shop.hire();
        await worker.ready();
        const common = { file: t.file, at: NOON, name };
        if (LONG) worker.start({ role: 'write', ...common, journal: path.join(folder, name) });
        // At a pace: verifying what hot writers write in that time takes longer than all the rest.
        else
          worker.start({
            role: 'race',
            what: 'spend',
            tries: 1e6,
            amount: '0.000001',
            everyMs: 4,
            ...common,
          });
        return worker;
      }),
    );
    const failures: unknown[] = [];
    const sizes: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = receiptsIn(t.file);
      const file = path.join(folder, `backup-${round}.db`);
      const made = await runProgram(['backup', file, '--db', t.file, '--json']);
      const target = path.join(folder, `restored-${round}.db`);
      const back = await line(['restore', file, '--db', target, '--json']);
      const mode = fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
      const after = back.code === 0 ? receiptsIn(target) : -1;
      sizes.push(after);
      if (made.code !== 0 || back.code !== 0 || after < before || (mode & 0o777) !== 0o600) {
        failures.push({ round, made, back, before, after, mode });
      }
      fs.rmSync(file, { force: true });
      fs.rmSync(target, { force: true });
    }
    for (const worker of writers) worker.kill('SIGKILL');
    await Promise.all(writers.map((worker) => worker.ended));
    expect(failures).toEqual([]);
    // They did write meanwhile.
    expect(sizes.at(-1)).toBeGreaterThan(sizes[0]!);
    await t.done();
  });
});

describe('restore, killed while it replaces a ledger', () => {
  it('leaves the old ledger or the new one, and the old one in a file when it is the new', {
    timeout: 120_000,
  }, async () => {
    const t = testLedger({ plan: 'team' });
    const spends = Array.from({ length: 1_000 }, (_, no) => ({
      account: 'default',
      key: `k-${no}`,
      input: spendOf('0.01', { note: 'a note' }),
    }));
    const headOf = async (file: string): Promise<unknown> => {
      const end = await line(['verify', '--db', file, '--json']);
      return end.code === 0 ? end.json().heads.default.hash : end.stderr;
    };
    const target = path.join(folder, 'killed.db');
    const older = path.join(folder, 'older.db');
    await line(['backup', older, '--db', t.file]);
    await t.ledger.spendMany(spends);
    const newer = path.join(folder, 'newer.db');
    await line(['backup', newer, '--db', t.file]);
    const heads = { older: await headOf(older), newer: await headOf(newer) };
    const seen = new Set<unknown>();
    const rounds = LONG ? 60 : 6;
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of fs.readdirSync(folder))
        if (name.startsWith('killed.db')) fs.rmSync(path.join(folder, name));
      await line(['restore', newer, '--db', target]);
      const running = startProgram(['restore', older, '--db', target, '--yes', '--json']);
      const isReplacing = (): boolean =>
        fs.readdirSync(folder).some((name) => name.startsWith('killed.db.replaced-'));
      while (!isReplacing() && running.child.exitCode === null) await sleep(1);
      // From the beginning of replacing to its end; the last one is let live.
      await sleep((600 * (round - 1)) / rounds);
      if (round < rounds) running.kill('SIGKILL');
      await running.ended;
      const head = await headOf(target);
      expect([heads.older, heads.newer]).toContain(head);
      seen.add(head);
      const kept = fs.readdirSync(folder).find((name) => /^killed\.db\.replaced-[^.-]*$/.test(name));
      if (head === heads.older) expect(await headOf(path.join(folder, kept!))).toBe(heads.newer);
    }
    expect(seen).toContain(heads.older);
    await t.done();
  });
});

/** A file system of a size; null where none may be mounted. */
function smallDisk(size: string): string | null {
  const disk = path.join(folder, 'disk');
  fs.mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], { stdio: 'pipe' });
    return disk;
  } catch {
    return null;
  }
}

/** Fills a disk but for some bytes. */
function fill(disk: string, left: number): void {
  const filler = path.join(disk, 'filler');
  fs.rmSync(filler, { force: true });
  const { bavail, bsize } = fs.statfsSync(disk);
  fs.writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

describe('no space', () => {
  it('refuses and leaves nothing, at every step of a backup and a restore', {
    timeout: 60_000,
  }, async (context) => {
    const disk = smallDisk('2m');
    if (disk === null) {
      process.stderr.write('backup: no tmpfs can be mounted here, the full disk is skipped\n');
      context.skip();
      return;
    }
    const filesIn = (): string[] => fs.readdirSync(disk).filter((name) => !/-(?:wal|shm)$/.test(name));
    /** Gives more and more room until it passes. @returns how often it was refused */
    const untilItFits = async (argv: string[], intact: () => void): Promise<number> => {
      for (let refused = 0; ; refused += 1) {
        fill(disk, refused * 36_000);
        const end = await line(argv);
        if (end.code === 0) return refused;
        expect([argv[0], end.code, end.stdout, end.failure().code]).toEqual([argv[0], 75, '', 'disk_full']);
        intact();
      }
    };
    const t = testLedger();
    try {
      const backup = path.join(disk, 'backup.db');
      const refusedBackups = await untilItFits(['backup', backup, '--db', t.file, '--json'], () =>
        expect(filesIn()).toEqual(['filler']),
      );
      expect(refusedBackups).toBeGreaterThan(2);
      fs.rmSync(backup);
      fs.rmSync(path.join(disk, 'filler'));
      const target = path.join(disk, 'ledger.db');
      expect((await line(['init', '--db', target])).code).toBe(0);
      const before = receiptsIn(target);
      await t.ledger.spend('default', spendOf('1'));
      const refusedRestores = await untilItFits(
        ['restore', t.file, '--db', target, '--json', '--yes'],
        () => {
          expect(receiptsIn(target)).toBe(before);
          expect(filesIn()).toEqual(['filler', 'ledger.db']);
        },
      );
      // More than the copy alone takes: it was refused while replacing, too.
      expect(refusedRestores).toBeGreaterThan(refusedBackups);
      expect(receiptsIn(target)).toBe(before + 1);
      expect((await line(['verify', '--db', target])).code).toBe(0);
      await t.done();
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
