/**
 * How fast `verify` derives everything again: entries a second on a generated ledger, of one long account and many short
 * ones, with the share of SQLite's own `integrity_check`. The goal is 100,000 entries a second.
 *
 *   node bench/verify.ts [spends]     default 200,000
 */
import { hash } from 'node:crypto';
import { createZoneRules } from '../src/cli/zone-rules.ts';
import { verifyStore } from '../src/ledger/verify.ts';
import type { VerifyView } from '../src/ledger/verify-view.ts';
import { type BenchLedger, benchLedger, haikuCall } from './ledger.ts';
import { inFolder, timed } from './lib.ts';

const spends = Number(process.argv[2] ?? 200_000);
const BATCH = 1_000;
const SHORT_ACCOUNTS = Math.ceil(spends / 200);
const GOAL = 100_000;

/** Half of the spends on one account, the others on many; one in ten is a hold that is settled. */
async function fill(bench: BenchLedger): Promise<void> {
  for (let no = 0; no < SHORT_ACCOUNTS; no += 1) {
    await bench.ledger.openAccount({ account: `a${no}`, plan: 'pro', zone: 'UTC', anchorAt: null });
  }
  for (let from = 0; from < spends; from += BATCH) {
    bench.at += 1_000;
    const size = Math.min(BATCH, spends - from);
    const items = Array.from({ length: size }, (_, index) => ({
      account: index % 2 === 0 ? 'default' : `a${(from + index) % SHORT_ACCOUNTS}`,
      key: `key ${from + index}`,
      input: haikuCall(100 + (index % 900)),
    }));
    await bench.ledger.spendMany(items);
    await Promise.all(Array.from({ length: size / 20 }, () => holdAndSettle(bench)));
  }
}

async function holdAndSettle({ ledger }: BenchLedger): Promise<void> {
  const { call, tags } = haikuCall(500);
  const { hold } = await ledger.hold('default', { amount: null, call, tags, ttlMs: 60_000, note: null });
  const used = { ...call!, model: '', outputTokens: 100 };
  await ledger.settle('default', { hold: hold!, amount: null, call: used, tags, note: null });
}

const rate = (entries: number, seconds: number): string => Math.round(entries / seconds).toLocaleString('en');

await inFolder(async (folder) => {
  const bench = await benchLedger(folder);
  await fill(bench);
  const zones = createZoneRules();
  const deps = {
    store: bench.store,
    zones,
    loadZones: async () => zones,
    sha256: (text: string) => hash('sha256', text, 'hex'),
    now: () => bench.at,
    wall: () => bench.at,
    actor: 'bench',
  };
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round += 1) {
    let view: VerifyView | undefined;
    const file = await timed(() => bench.store.inspect());
    const whole = await timed(async () => {
      view = await verifyStore(deps, {});
    });
    const { entries, accounts, ok } = view!;
    if (!ok) throw new Error('the generated ledger does not add up');
    best = Math.min(best, whole.cpu / entries);
    process.stdout.write(
      `${entries.toLocaleString('en')} entries of ${accounts.toLocaleString('en')} accounts: ` +
        `${rate(entries, whole.wall)} entries/s, ${rate(entries, whole.cpu)} per CPU second ` +
        `(the file's own checks are ${Math.round((100 * file.cpu) / whole.cpu)} % of it)\n`,
    );
  }
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(
    `best ${rate(1, best)} per CPU second, goal ${GOAL.toLocaleString('en')}; peak memory ${peak} MB\n`,
  );
  await bench.store.close();
});
