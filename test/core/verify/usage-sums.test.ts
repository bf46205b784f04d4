/** Sums of usage compared while they are being made: with little room kept, in any order of times. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Microcredits } from '../../../src/core/credits.ts';
import { blankAccount } from '../../../src/core/ledger/accounts.ts';
import { bareUsage } from '../../../src/core/ledger/spend.ts';
import type { Usage } from '../../../src/core/types.ts';
import { Faults } from '../../../src/core/verify/faults.ts';
import { PriceHistory } from '../../../src/core/verify/prices.ts';
import { AuditState } from '../../../src/core/verify/state.ts';
import type { UsageSumRow } from '../../../src/core/verify/stored.ts';
import { LedgerTotals } from '../../../src/core/verify/totals.ts';
import { UsageSumsAudit } from '../../../src/core/verify/usage-sums.ts';
import { UTC_RULES } from '../../../src/core/zones.ts';

const SEED = 20_260_131;
const QUARTER = 900_000;
const UNTIL = 1_024;
const NO_TAGS = { activity: null, session: null, run: null };

/** Slot, model, credits and list price of one call; the list price may be beyond what a sum of numbers can hold. */
const callArb = fc.record({
  slot: fc.nat({ max: 12 }),
  model: fc.constantFrom(null, 'one', 'two'),
  credits: fc.nat({ max: 1_000 }),
  list: fc.constantFrom(null, 5, Number.MAX_SAFE_INTEGER),
});
type Call = typeof callArb extends fc.Arbitrary<infer T> ? T : never;

const usageOf = ({ slot, model, credits, list }: Call, index: number): Usage => ({
  ...bareUsage(credits as Microcredits, NO_TAGS, slot * QUARTER + index),
  receipt: 3 * (index + 1),
  model,
  provider: model === null ? null : 'somebody',
  inputTokens: 7,
  listCredits: list as Microcredits | null,
});

/** The sums as a naive loop makes them, by time. */
function sumsOf(usages: readonly Usage[]): UsageSumRow[] {
  const rows = new Map<string, UsageSumRow>();
  for (const usage of usages) {
    const slot = Math.floor(usage.at / QUARTER);
    const [model, provider] = [usage.model ?? '', usage.provider ?? ''];
    const old = rows.get(`${slot} ${model}`);
    rows.set(`${slot} ${model}`, {
      slot,
      model,
      provider,
      calls: (old?.calls ?? 0) + 1,
      inputTokens: (old?.inputTokens ?? 0n) + 7n,
      outputTokens: 0n,
      credits: (old?.credits ?? 0n) + BigInt(usage.credits),
      listCredits: (old?.listCredits ?? 0n) + BigInt(usage.listCredits ?? 0),
      unpriced: (old?.unpriced ?? 0) + (usage.listCredits === null ? 1 : 0),
      firstReceipt: old?.firstReceipt ?? usage.receipt,
      lastReceipt: usage.receipt,
    });
  }
  return [...rows.values()].sort((a, b) => a.slot - b.slot || (a.model < b.model ? -1 : 1));
}

/** What is found when rows are handed over as soon as more than `kept` sums are held. */
function found(usages: readonly Usage[], rows: readonly UsageSumRow[], kept: number): string[] {
  const faults = new Faults();
  const facts = { no: 1, id: 'acme', tag: 'ab12', zone: 'UTC', head: '' };
  const account = { ...blankAccount(facts, 0), receiptSeq: UNTIL };
  const context = { faults, totals: new LedgerTotals(), prices: new PriceHistory(), zones: UTC_RULES };
  const state = new AuditState({ account, byokText: '{}', foldedUntil: UNTIL }, context);
  state.receiptSeq = UNTIL;
  const audit = new UsageSumsAudit(state, kept);
  const left = [...rows];
  for (const usage of usages) {
    audit.add(usage);
    if (!audit.isFull) continue;
    const { cutoff } = audit;
    while (left.length > 0 && left[0]!.slot < cutoff) audit.row(left.shift()!, usage.receipt);
    audit.rest();
  }
  for (const row of left) audit.row(row, Number.POSITIVE_INFINITY);
  audit.finish();
  return [...(faults.linesOf('projection') ?? [])];
}

test('nothing is found in sums that are right, whatever the order of times', () => {
  fc.assert(
    fc.property(fc.array(callArb, { maxLength: 120, size: 'max' }), fc.nat({ max: 8 }), (calls, kept) => {
      const usages = calls.map(usageOf);
      expect(found(usages, sumsOf(usages), kept)).toEqual([]);
    }),
    { seed: SEED, numRuns: 400 },
  );
});

test('one sum that is wrong, missing or too many is named, and no other', () => {
  fc.assert(
    fc.property(
      fc.array(callArb, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.nat({ max: 8 }),
      fc.nat(),
      fc.constantFrom('calls', 'credits', 'listCredits', 'unpriced', 'firstReceipt', 'gone', 'extra'),
      (calls, kept, which, what) => {
        const usages = calls.map(usageOf);
        const rows = sumsOf(usages);
        const at = which % rows.length;
        const row = rows[at]!;
        if (what === 'gone') rows.splice(at, 1);
        else if (what === 'extra') rows.push({ ...row, slot: 99 });
        else {
          const value = row[what];
          rows[at] = { ...row, [what]: typeof value === 'bigint' ? value + 1n : value + 1 };
        }
        const lines = found(usages, rows, kept);
        expect(lines).toHaveLength(1);
        expect(lines[0]).toMatch(/^usage_rollup of account acme, 1970-01-0/);
      },
    ),
    { seed: SEED, numRuns: 400 },
  );
});

test('usage behind what has been folded is in no sum', () => {
  const late = { ...usageOf({ slot: 1, model: 'one', credits: 1, list: null }, 0), receipt: UNTIL + 1 };
  expect(found([late], [], 0)).toEqual([]);
});
