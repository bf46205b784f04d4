/**
 * Spends of 64 concurrent HTTP clients over bare durable INSERTs. Bar 6. The server is the built program in a process of
 * its own; each client keeps one connection and waits for an answer before it asks again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { UTC_RULES } from '../src/core/zones.ts';
import { createAccessTokens } from '../src/ledger/access-tokens.ts';
import { floorSeconds } from './floor.ts';
import { benchLedger } from './ledger.ts';
import { inFolder, median, report } from './lib.ts';

const CLIENTS = 64;
const ROUNDS = 5;
const EACH = 20_000;
const FLOOR = 1_000;

/** Makes a ledger and a token for it. */
async function prepare(folder: string): Promise<{ file: string; token: string }> {
  const bench = await benchLedger(folder);
  const deps = {
    store: bench.store,
    zones: UTC_RULES,
    loadZones: async () => UTC_RULES,
    sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
    now: () => bench.at,
    wall: () => bench.at,
    actor: 'bench',
  };
  const tokens = createAccessTokens(deps, () => randomBytes(32).toString('base64url'));
  const { token } = await tokens.create({ role: 'spend', account: null });
  await bench.ledger.close();
  return { file: bench.file, token: token! };
}

/** Starts the server. @returns its port */
function serve(file: string): Promise<{ child: ChildProcess; port: number }> {
  const program = path.resolve(import.meta.dirname, '../bin/credits.js');
  const argv = [program, 'serve', '--db', file, '--port', '0', '--rate-limit', '0', '-q', '--json'];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout!.once('data', (line: Buffer) => {
      resolve({ child, port: Number(new URL(JSON.parse(String(line)).url).port) });
    });
  });
}

/** One client on one connection. Hands out each request's time, ms. */
class Client {
  readonly #socket: net.Socket;
  #resolve: (() => void) | undefined;
  #text = '';

  constructor(port: number) {
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (part: string) => {
      this.#text += part;
      const head = this.#text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(this.#text)![1]);
      if (this.#text.length < head + 4 + length) return;
      if (!this.#text.startsWith('HTTP/1.1 200')) throw new Error(this.#text);
      this.#text = '';
      this.#resolve!();
    });
  }

  ask(request: string): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

let sent = 0;

function request(token: string): string {
  sent += 1;
  const body = JSON.stringify({ model: 'haiku', inputTokens: 1_000 + (sent % 500), outputTokens: 300 });
  return [
    'POST /v1/spends HTTP/1.1',
    'host: 127.0.0.1',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `idempotency-key: k${sent}`,
    `content-length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

async function load(
  clients: readonly Client[],
  token: string,
  n: number,
): Promise<{ seconds: number; times: number[] }> {
  const times: number[] = [];
  let left = n;
  const start = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) {
        const asked = performance.now();
        await client.ask(request(token));
        times.push(performance.now() - asked);
      }
    }),
  );
  return { seconds: (performance.now() - start) / 1_000, times };
}

const at = (times: readonly number[], share: number): string =>
  `${[...times].sort((a, b) => a - b)[Math.floor(times.length * share)]!.toFixed(1)} ms`;

await inFolder(async (folder) => {
  const { file, token } = await prepare(folder);
  const { child, port } = await serve(file);
  const clients = Array.from({ length: CLIENTS }, () => new Client(port));
  try {
    await load(clients, token, EACH);
    const ratios: number[] = [];
    const rates: number[] = [];
    const floors: number[] = [];
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const floor = FLOOR / floorSeconds(path.join(folder, 'floor.db'), FLOOR);
      const own = await load(clients, token, EACH);
      floors.push(floor);
      rates.push(EACH / own.seconds);
      ratios.push(EACH / own.seconds / floor);
      times.push(...own.times);
    }
    const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en')}/s`;
    report(
      `spends of ${CLIENTS} HTTP clients over one durable INSERT each`,
      median(ratios),
      6,
      true,
      `${perSecond(median(rates))} against ${perSecond(median(floors))}, p50 ${at(times, 0.5)}, p99 ${at(times, 0.99)}`,
    );
  } finally {
    for (const client of clients) client.close();
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
});
