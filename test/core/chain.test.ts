import { expect, test } from 'vitest';
import { detailText, genesisText, receiptText } from '../../src/core/chain.ts';
import type { Microcredits } from '../../src/core/credits.ts';
import type { Booked } from '../../src/core/types.ts';

const micro = (amount: number): Microcredits => amount as Microcredits;

const BOOKED: Booked = {
  receipt: {
    seq: 3,
    kind: 'spend',
    at: 1_000,
    key: 'k',
    request: 'r',
    credits: micro(5),
    available: micro(6),
    debt: micro(7),
    entryFirst: 2,
    entryCount: 1,
    note: 'n',
    detail: { lot: 1 },
  },
  entries: [
    {
      seq: 2,
      receipt: 3,
      at: 1_000,
      kind: 'spent',
      lot: 1,
      from: 'available',
      to: 'spent',
      amount: micro(5),
      available: micro(6),
    },
  ],
  usage: {
    receipt: 3,
    at: 900,
    model: 'm',
    provider: 'p',
    rate: 4,
    inputTokens: 10,
    cachedTokens: 1,
    cacheWriteTokens: 2,
    outputTokens: 3,
    toolCalls: 4,
    activity: 'a',
    session: 's',
    run: 'u',
    byok: false,
    credits: micro(5),
    listCredits: micro(5),
  },
};

/** What another value of the same type looks like. */
const other = (value: unknown): unknown =>
  typeof value === 'number'
    ? value + 1
    : typeof value === 'boolean'
      ? !value
      : typeof value === 'string'
        ? `${value}x`
        : { other: 1 };

test('every field changes the text that is hashed', () => {
  const text = receiptText('p', BOOKED);
  // Known from the number and length of the entries, or from the receipt that they stand in.
  const derived = new Set([
    'receipt.entryFirst',
    'receipt.entryCount',
    'entry.receipt',
    'entry.at',
    'usage.receipt',
  ]);
  const parts = { receipt: BOOKED.receipt, entry: BOOKED.entries[0]!, usage: BOOKED.usage! };
  const unseen: string[] = [];
  for (const [part, row] of Object.entries(parts)) {
    for (const [field, value] of Object.entries(row)) {
      const changed = { ...row, [field]: other(value) };
      const booked = {
        receipt: part === 'receipt' ? changed : BOOKED.receipt,
        entries: part === 'entry' ? [changed] : BOOKED.entries,
        usage: part === 'usage' ? changed : BOOKED.usage,
      } as Booked;
      if (receiptText('p', booked) === text) unseen.push(`${part}.${field}`);
    }
  }
  expect(new Set(unseen)).toEqual(derived);
  expect(receiptText('q', BOOKED)).not.toBe(text);
});

test('null, the text null and an absent usage or entry are told apart', () => {
  const withNote = (note: string | null) =>
    receiptText('p', { ...BOOKED, receipt: { ...BOOKED.receipt, note } });
  expect(new Set(['null', '', null].map(withNote)).size).toBe(3);
  const texts = [
    receiptText('p', BOOKED),
    receiptText('p', { ...BOOKED, usage: null }),
    receiptText('p', { ...BOOKED, entries: [] }),
    receiptText('p', { ...BOOKED, entries: [...BOOKED.entries, ...BOOKED.entries] }),
    receiptText('p', BOOKED, '{"lot": 1}'),
    receiptText('p', { ...BOOKED, receipt: { ...BOOKED.receipt, detail: null } }),
  ];
  expect(new Set(texts).size).toBe(texts.length);
});

test('two accounts never begin alike, and no receipt looks like a beginning', () => {
  const facts = { id: 'a', tag: 't', zone: 'UTC', createdAt: 1 };
  const texts = [
    genesisText(facts),
    genesisText({ ...facts, id: 'b' }),
    genesisText({ ...facts, tag: 'u' }),
    genesisText({ ...facts, zone: 'Europe/Berlin' }),
    genesisText({ ...facts, createdAt: 2 }),
    genesisText({ ...facts, id: 'a","t' }),
    receiptText('p', BOOKED),
  ];
  expect(new Set(texts).size).toBe(texts.length);
});

test('a detail is hashed as it is written', () => {
  expect(detailText(null)).toBeNull();
  expect(detailText({ b: 1, a: [2] })).toBe('{"b":1,"a":[2]}');
});
