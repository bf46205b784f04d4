/**
 * A 30-day report of one busy account: `usage` by model, by day, and by both, over the same sums by scanning its rows.
 * Bar 500 at ten million calls: BENCH_CALLS=10000000. Without it there are fewer, and the ratio is what it is there.
 * Rows of usage are inserted as they would lie after that many spends, and folded by the ledger's own statements.
 */
import Database from 'better-sqlite3';
import { FOLD_EVERY } from '../src/core/usage.ts';
import type { UsageBy, UsageReport } from '../src/ledger/service.ts';
import { USAGE_SQL } from '../src/store/usage-sql.ts';
import { benchLedger, START } from './ledger.ts';
import { inFolder, report } from './lib.ts';

// Not a multiple of the step: some rows are in no stored sum, as in life.
const CALLS = Number(process.env.BENCH_CALLS ?? 1_500_000) + 700;
/** The bar is for this size: a scan grows with the calls, the sums do not. */
const IS_FULL = CALLS >= 10_000_000;
const DAYS = 30;
const DAY = 86_400_000;
const REPEATS = 15;
/** Not a midnight: the range cuts its first and last day. */
const NOW = START + 40 * DAY + 12_345_678;
const SINCE = NOW - DAYS * DAY;

const MODELS = [
  'claude-sonnet-4',
  'claude-haiku',
  'gpt-4o',
  'gpt-4o-mini',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
];
const list = (words: readonly string[]): string =>
  `CASE i % ${words.length} ${words.map((word, index) => `WHEN ${index} THEN '${word}'`).join(' ')} END`;

/** Spreads the calls evenly over the 30 days before now. */
function fill(file: string): { filled: number; folded: number } {
  const db = new Database(file);
  db.pragma('synchronous = OFF');
  db.pragma('foreign_keys = OFF');
  const account = db.prepare("SELECT no, receipt_seq FROM account WHERE id = 'default'").get() as {
    no: number;
    receipt_seq: number;
  };
  const first = account.receipt_seq + 1;
  let start = performance.now();
  db.exec(`BEGIN; WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${CALLS})
    INSERT INTO usage (account, receipt, at, model, provider, rate, input_tokens, cached_tokens, cache_write_tokens,
      output_tokens, tool_calls, activity, session, run, byok, credits, list_credits)
    SELECT ${account.no}, ${first} + i, ${SINCE} + i * ${DAYS * DAY} / ${CALLS}, ${list(MODELS)},
      ${list(['anthropic', 'anthropic', 'openai', 'openai', 'google', 'google'])}, 1, 1000 + i % 500, 0, 0, 300, 0,
      'chat', 's' || (i % 1000), NULL, 0, 625000 + i % 99, 625000 + i % 99 FROM n;
    UPDATE account SET receipt_seq = ${first + CALLS - 1}, last_at = ${NOW - 1} WHERE no = ${account.no}; COMMIT`);
  const filled = performance.now() - start;
  const fold = db.prepare(USAGE_SQL.foldUsage);
  const mark = db.prepare(USAGE_SQL.markFolded);
  start = performance.now();
  db.exec('BEGIN');
  let until = 0;
  for (; until + FOLD_EVERY <= first + CALLS - 1; until += FOLD_EVERY) {
    fold.run(account.no, until, until + FOLD_EVERY);
  }
  mark.run(account.no, until);
  db.exec('COMMIT');
  const folded = performance.now() - start;
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  return { filled, folded };
}

const SCANS = {
  model: 'model',
  day: `at / ${DAY}`,
  'model and day': `model, at / ${DAY}`,
} as const;

await inFolder(async (folder) => {
  const bench = await benchLedger(folder);
  const { filled, folded } = fill(bench.file);
  bench.at = NOW;
  console.log(
    `     ${CALLS.toLocaleString('en')} calls in ${(filled / 1_000).toFixed(1)} s; folding took ${((folded * 1_000) / CALLS).toFixed(2)} µs a call`,
  );
  const db = new Database(bench.file, { readonly: true });
  db.pragma('cache_size = -65536');
  for (const [name, columns] of Object.entries(SCANS)) {
    const scan =
      db.prepare(`SELECT count(*), sum(input_tokens), sum(output_tokens), sum(credits), sum(list_credits)
      FROM usage WHERE account = 1 AND at >= ? AND at < ? GROUP BY ${columns}`);
    const scanned: number[] = [];
    let sum = 0;
    for (let round = 0; round < 2; round++) {
      const start = performance.now();
      sum = (scan.raw(true).all(SINCE, NOW + 1) as number[][]).reduce((all, row) => all + row[3]!, 0);
      scanned.push(performance.now() - start);
    }
    const by = name.split(' ')[0] as UsageBy;
    const own: number[] = [];
    let answer: UsageReport | undefined;
    for (let round = 0; round < REPEATS; round++) {
      const start = performance.now();
      answer = await bench.ledger.usage('default', {
        by,
        since: null,
        until: null,
        trend: name === 'model and day',
      });
      own.push(performance.now() - start);
    }
    if (answer!.total.credits !== BigInt(sum) || answer!.total.calls !== CALLS)
      throw new Error('sums differ');
    // The least of both: on a machine that does other things too, the rest is waiting.
    const [slow, fast] = [Math.min(...scanned), Math.min(...own)];
    const times = `${fast.toFixed(1)} ms against ${slow.toFixed(0)} ms`;
    const what = `usage by ${name} over a scan`;
    if (IS_FULL) report(what, slow / fast, 500, true, times);
    else console.log(`     ${what}: ${(slow / fast).toFixed(0)} ×   ${times}`);
  }
  db.close();
  await bench.ledger.close();
});
