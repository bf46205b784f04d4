/** The jobs to copy in examples/ops: systemd takes the units, the commands exist, and the backup script does what it says. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { programSettings } from '../src/cli/main.ts';
import { parseLine } from '../src/cli/program.ts';
import { commandLine, temporaryFolder } from './helpers/cli-line.ts';
import { PROGRAM } from './helpers/processes.ts';

const folder = path.resolve(import.meta.dirname, '../examples/ops');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const units = readdirSync(path.join(folder, 'systemd')).sort();
const names = COMMANDS.flatMap(({ commands }) => commands.map(({ name }) => name));

/** Refuses a line that the program does not know. */
function expectKnown(line: string): void {
  const argv = line.split(' ');
  if (!names.some((name) => name !== '' && `${line} `.startsWith(`${name} `))) {
    process.stderr.write(`ops: this version has no \`credits ${line}\` yet, its line is not checked\n`);
    return;
  }
  expect(parseLine(programSettings(80, argv), argv)).toMatchObject({ flags: { quiet: true } });
}

describe('systemd units', () => {
  it('are six pairs of a service and its timer', () => {
    const jobs = ['audit', 'backup', 'expire', 'rollover', 'sync', 'topup'];
    expect(units).toEqual(jobs.flatMap((job) => [`credits-${job}.service`, `credits-${job}.timer`]));
  });

  it.each(units.filter((name) => name.endsWith('.service')))('%s runs a command that there is', (name) => {
    const text = read(`systemd/${name}`);
    const [, program, line] = /^ExecStart=(\/\S+)(?: (.*))?$/m.exec(text)!;
    if (program!.endsWith('/credits')) expectKnown(line!);
    else expect(readdirSync(folder)).toContain(path.basename(program!));
    expect(text).toMatch(/^Type=oneshot$/m);
    // A payment whose outcome is not known must not look like a success.
    expect(/^SuccessExitStatus=75$/m.test(text)).toBe(!name.includes('topup'));
    expect(text).not.toMatch(/^RemainAfterExit/m);
    expect(/^PrivateNetwork=yes$/m.test(text)).toBe(!/topup|sync|audit/.test(name));
  });

  it.each(units.filter((name) => name.endsWith('.timer')))('%s catches up what it missed', (name) => {
    expect(read(`systemd/${name}`)).toMatch(/^Persistent=true$/m);
  });

  it('are taken by systemd', () => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      process.stderr.write('ops: systemd-analyze is not here, the units are not verified\n');
      return;
    }
    const copy = temporaryFolder();
    for (const name of units) {
      // What is installed elsewhere is not what is judged here.
      const text = read(`systemd/${name}`)
        .replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true')
        .replace(/^Documentation=.*\n/m, '');
      writeFileSync(path.join(copy, name), text);
    }
    for (const name of units) {
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', path.join(copy, name)], {
        encoding: 'utf8',
      });
      const own = stderr.split('\n').filter((line) => line.includes('credits-'));
      expect([name, status, own]).toEqual([name, 0, []]);
      const calendar = /^OnCalendar=(.*)$/m.exec(read(`systemd/${name}`))?.[1];
      if (calendar === undefined) continue;
      expect(spawnSync('systemd-analyze', ['calendar', calendar]).status).toBe(0);
    }
  });
});

describe('the crontab', () => {
  const lines = read('crontab')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const jobs = lines.filter((line) => /^[\d*]/.test(line));

  it('names everything that cron does not know', () => {
    const settings = lines.filter((line) => !jobs.includes(line));
    expect(settings.map((line) => line.split('=')[0])).toEqual([
      'PATH',
      'CREDITS_DB',
      'CREDITS_BACKUPS',
      'XDG_CONFIG_HOME',
      'MAILTO',
    ]);
    const settingsOf = (from: readonly string[]) => from.filter((line) => /^(?:CREDITS_|XDG_)/.test(line));
    expect(settingsOf(settings)).toEqual(settingsOf(read('credits.env').split('\n')));
  });

  it('runs what the units run, by the same names', () => {
    const inTable = jobs.map((line) => {
      const [, lock, command] = /\/([a-z]+)\.lock (.*)$/.exec(line)!;
      return [lock, command];
    });
    const inUnits = units
      .filter((name) => name.endsWith('.service'))
      .map((name) => [
        /^credits-([a-z]+)\./.exec(name)![1],
        /^ExecStart=\/usr\/local\/bin\/(.*)$/m.exec(read(`systemd/${name}`))![1],
      ]);
    expect(inTable.sort()).toEqual(inUnits.sort());
    // The guide has every one, and switches every timer on.
    for (const [name, command] of inUnits) {
      expect(read('README.md')).toContain(`| \`${command!.replace(/ -q$/, '')}\` |`);
      expect(read('README.md')).toMatch(new RegExp(`enable --now .*credits-${name}\\.timer`));
    }
  });

  it('has a line of each job, each with a lock of its own', () => {
    expect(jobs).toHaveLength(6);
    const locks = jobs.map((line) => {
      const [, lock, command] = /^(?:[\d*/]+ ){4}[\d*/]+ +flock -n -E 0 (\/\S+\.lock) (.*)$/.exec(line) ?? [];
      const credits = /(?:^|exec )credits ([^']*)/.exec(command!)?.[1];
      if (credits !== undefined) expectKnown(credits);
      // cron takes a per cent sign for a line feed.
      expect(line).not.toContain('%');
      return lock;
    });
    expect(new Set(locks).size).toBe(6);
  });
});

describe('the key of the jobs that pay', () => {
  it('is read by the program itself from the file that the guide installs', async () => {
    const etc = temporaryFolder();
    mkdirSync(path.join(etc, 'credits'));
    const [, mode, file] = /install -o credits -g credits -m (\d+) stripe\.env (\S+)/.exec(
      read('README.md'),
    )!;
    const folderOf = /^XDG_CONFIG_HOME=(.*)$/m.exec(read('credits.env'))![1]!;
    const place = path.join(etc, path.relative(folderOf, file!));
    const credits = commandLine(temporaryFolder());
    await credits(['init']);
    const env = { XDG_CONFIG_HOME: etc };
    const put = (text: string): void => writeFileSync(place, text, { mode: Number.parseInt(mode!, 8) });
    put(read('stripe.env'));
    expect((await credits(['topup', 'run', '--all', '-q'], { env })).code).toBe(0);
    // A live key in a test ledger is refused: so it was read.
    put(read('stripe.env').replace(/^#STRIPE_SECRET_KEY=.*/m, 'STRIPE_SECRET_KEY=rk_live_x'));
    expect((await credits(['payments', 'sync', '-q', '--json'], { env })).failure().code).toBe(
      'mode_mismatch',
    );
    const uses = ['crontab', ...units.map((name) => `systemd/${name}`)].map(read);
    expect(uses.filter((text) => /^[^#]*stripe\.env/m.test(text))).toEqual([]);
  });
});

describe('credits-backup', () => {
  const home = temporaryFolder();
  const script = path.join(folder, 'credits-backup');
  const program = path.join(home, 'credits');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(program, 0o755);
  /** As cron runs it: nothing in the environment but what the table says, and no HOME. */
  const run = (argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    spawnSync('/bin/sh', [script, ...argv], {
      encoding: 'utf8',
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', CREDITS: program, CREDITS_DB: path.join(home, 'ledger.db'), ...more },
    });

  it('makes a copy that verifies, and keeps the newest', async () => {
    const credits = commandLine(home);
    const db = ['--db', path.join(home, 'ledger.db')];
    await credits(['init', ...db]);
    const backups = path.join(home, 'backups');
    mkdirSync(backups);
    const old = ['20260101T000000Z', '20260102T000000Z', '20260103T000000Z'].map((at) => `ledger-${at}.db`);
    for (const name of [...old, 'mine.db']) writeFileSync(path.join(backups, name), '');
    const end = run([backups, '2']);
    expect([end.status, end.stdout, end.stderr]).toEqual([0, '', '']);
    const left = readdirSync(backups).sort();
    expect(left).toEqual([old[2], expect.stringMatching(/^ledger-2\d{7}T\d{6}Z\.db$/), 'mine.db']);
    expect(statSync(path.join(backups, left[1]!)).mode & 0o777).toBe(0o600);
    const verified = await credits(['verify', '--db', path.join(backups, left[1]!), '--json']);
    expect(verified.json()).toMatchObject({ ok: true });
  });

  it('keeps what does not verify under another name, removes nothing, and says 7', () => {
    const backups = path.join(home, 'bad');
    mkdirSync(backups);
    writeFileSync(path.join(backups, 'ledger-20260101T000000Z.db'), '');
    const fake = path.join(home, 'fake');
    writeFileSync(fake, '#!/bin/sh\ncase $1 in backup) : >"$2" ;; *) exit 7 ;; esac\n');
    chmodSync(fake, 0o755);
    const end = run([], { CREDITS: fake, CREDITS_BACKUPS: backups });
    expect([end.status, end.stderr]).toEqual([7, expect.stringMatching(/\.db\.bad does not verify\n$/)]);
    expect(readdirSync(backups).sort()).toEqual([
      'ledger-20260101T000000Z.db',
      expect.stringMatching(/^ledger-.*\.db\.bad$/),
    ]);
  });

  it.each([
    [[], 2],
    [['/tmp', '0'], 2],
    [['/tmp', 'all'], 2],
  ])('mistakes end it before anything happens: %j', (argv, code) => {
    const { status, stdout } = run(argv);
    expect([status, stdout]).toEqual([code, '']);
  });

  it('ends as the backup does', () => {
    const end = run([path.join(home, 'none')], { CREDITS_DB: path.join(home, 'gone.db') });
    expect([end.status, end.stderr]).toEqual([2, expect.stringMatching(/there is no ledger/)]);
    expect(readdirSync(path.join(home, 'none'))).toEqual([]);
  });

  it('is what a shell takes without a question', () => {
    const end = spawnSync('shellcheck', [script], { encoding: 'utf8' });
    if (end.error === undefined) expect([end.status, end.stdout]).toEqual([0, '']);
    else process.stderr.write('ops: shellcheck is not here, the script is not checked\n');
    expect(statSync(script).mode & 0o111).toBe(0o111);
  });
});
