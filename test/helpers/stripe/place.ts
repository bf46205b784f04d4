/** A ledger file whose top-up is due, and the fake Stripe that it pays with, for tests of real processes. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { wire } from '../../../src/cli/wire.ts';
import type { WireOptions } from '../../../src/cli/wire-types.ts';
import type { LedgerService } from '../../../src/ledger/service.ts';
import { credits } from '../ledger.ts';
import { type Ended, type Running, runProgram, startProgram } from '../processes.ts';
import { type FakeStripe, type LogLine, startFakeStripe, TEST_KEY } from './fake.ts';
import type { FaultFacts, FaultPoint } from './faults.ts';
import { replayRequests } from './replay.ts';

/** Credits there are before: below the threshold of 100. */
export const BEFORE = 90;
/** What a top-up buys, and for how much. */
export const BOUGHT = 500;
export const CENTS = 500;
/** Secret of the webhooks that a server of this ledger takes. */
export const WEBHOOK_SECRET = 'whsec_place';

/** A ledger file and the fake that it pays with. */
export class Place {
  readonly file: string;
  readonly fake: FakeStripe;
  readonly env: Readonly<Record<string, string>>;
  #locked: Database.Database | undefined;

  constructor(file: string, fake: FakeStripe) {
    this.file = file;
    this.fake = fake;
    this.env = {
      CREDITS_DB: file,
      STRIPE_SECRET_KEY: TEST_KEY,
      STRIPE_API_BASE: fake.url,
      STRIPE_WEBHOOK_SECRET: `whsec_next,${WEBHOOK_SECRET}`,
    };
  }

  start = (argv: readonly string[]): Running => startProgram(argv, { env: this.env, input: '' });
  run = (argv: readonly string[]): Promise<Ended> => runProgram(argv, { env: this.env });

  /** @throws Error when it does not end with 0 */
  async must(argv: readonly string[]): Promise<void> {
    const end = await this.run(argv);
    if (end.code !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(end)}`);
  }

  /** What this process opens the ledger with, as the program does. */
  get options(): WireOptions {
    const { file: db, env } = this;
    return { db, remote: null, now: null, clock: Date.now, random: randomBytes, readOnly: false, env };
  }

  /** The ledger in this process: starting another for every look takes its time. */
  async inside<T>(look: (ledger: LedgerService) => Promise<T>): Promise<T> {
    const ledger = await wire.open(this.options);
    try {
      return await look(ledger);
    } finally {
      await ledger.close();
    }
  }

  /** Credits there are, of 1. */
  available = (): Promise<number> =>
    this.inside(async (ledger) => (await ledger.balance('default')).available / 1e6);

  fault(end: string, facts: Pick<FaultFacts, 'at' | 'does' | 'skip'>): FaultPoint {
    return this.fake.fault({ method: 'POST', path: end, ...facts });
  }

  /** Nobody else can commit anything. */
  lock(): void {
    this.#locked = new Database(this.file);
    this.#locked.exec('BEGIN IMMEDIATE');
  }

  unlock(): void {
    this.#locked?.close();
    this.#locked = undefined;
  }
}

/** A ledger to copy, and the requests that the fake has seen for it. */
export interface Template {
  readonly file: string;
  readonly requests: readonly LogLine[];
}

/** Makes a ledger with a saved card and a top-up that is due. */
export async function makeTemplate(folder: string): Promise<Template> {
  const fake = await startFakeStripe({ startAt: Date.now() });
  const place = new Place(path.join(folder, 'template.db'), fake);
  const account = { account: 'default', plan: 'free', zone: 'UTC', anchorAt: null };
  await wire.create(place.options, { mode: 'test', account });
  await place.inside(async (ledger) => {
    await ledger.addCard('default', 'pm_card_visa');
    const gift = {
      source: 'promotional',
      amount: credits('40'),
      expires: null,
      priority: 50,
      note: null,
    } as const;
    await ledger.grant('default', gift);
    const policy = { threshold: credits('100'), amount: credits(String(BOUGHT)), limitCents: 5_000 };
    await ledger.setTopup('default', { ...policy, enabled: true });
  });
  if (fake.books().length > 0) throw new Error('the template was charged');
  await fake.close();
  // What is still in the log of the database goes into its file.
  const db = new Database(place.file);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  return { file: place.file, requests: [...fake.log] };
}

/** A copy with a fake of its own. */
export async function openPlace(template: Template, folder: string, name: string): Promise<Place> {
  const file = path.join(folder, `${name.replace(/\W+/g, '-')}.db`);
  fs.copyFileSync(template.file, file);
  const fake = await startFakeStripe({ startAt: Date.now() });
  await replayRequests(fake, template.requests);
  return new Place(file, fake);
}
