/**
 * A hold past its time to live counts nowhere: every command that reads shows the account without it from that instant on,
 * whether or not a sweep has booked it, and with it until the millisecond before. Source: contract 5.3, 5.5.
 */
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandLine, type Ended, type LineFacts, temporaryFolder } from '../helpers/cli-line.ts';
import { testDatabase } from '../helpers/postgres.ts';

const START = '2026-03-11T12:00:00.000Z';
const BEFORE = '2026-03-11T12:09:59.999Z';
const END = '2026-03-11T12:10:00.000Z';
const LATER = '2026-03-11T13:00:00.000Z';

/** 1,000 monthly and 50 welcome, of which an agent reserves all monthly and some of the welcome credits. */
const OPEN = { available: 30, held: 1_020 };
const LAPSED = { available: 1_050, held: 0 };

type Amounts = Partial<typeof OPEN>;
// biome-ignore lint/suspicious/noExplicitAny: a document of any schema
type Document = any;

const sum = (rows: readonly Document[], field: string): number =>
  rows.reduce((all, row) => all + row[field], 0);
const sumOf = (rows: readonly Document[]): Amounts => ({
  available: sum(rows, 'available'),
  held: sum(rows, 'held'),
});
const both = ({ available, held }: Document): Amounts => ({ available, held });
const lines = ({ stdout }: Ended): Document[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Every read, and what its answer says of the account. */
const READS: readonly (readonly [argv: string, amounts: (end: Ended) => Amounts])[] = [
  ['--json', (end) => both(end.json())],
  ['status --json', (end) => both(end.json())],
  ['balance --json', (end) => both(end.json())],
  ['balance --json', (end) => sumOf(end.json().sources)],
  ['balance --lots --json', (end) => sumOf(end.json().lots)],
  ['balance --total', (end) => ({ available: Number(end.stdout) })],
  ['accounts list --json', (end) => both(end.json().accounts[0])],
  ['accounts show default --json', (end) => both(end.json())],
  ['holds --json', (end) => ({ held: sum(end.json().holds, 'credits') })],
  [
    'holds --all --json',
    (end) => ({
      held: sum(
        end.json().holds.filter((hold: Document) => hold.status === 'open'),
        'credits',
      ),
    }),
  ],
  ['topup show --json', (end) => ({ available: end.json().available })],
  ['forecast --json', (end) => ({ available: end.json().available })],
  [
    'estimate -m haiku --input-tokens 9 --output-tokens 9 --json',
    (end) => ({ available: end.json().available }),
  ],
  [
    'statusline',
    ({ stdout }) => {
      const [, left, held] = /^credits ([\d,]+) of 1,050 (?:· ([\d,]+) held )?· resets/.exec(stdout)!;
      const number = (text = '0'): number => Number(text.replace(',', ''));
      return { available: number(left), held: number(held) };
    },
  ],
];

/** As much of it as an answer tells. */
const wanted = (amounts: Amounts, asked: Amounts): Amounts =>
  Object.fromEntries(Object.keys(asked).map((name) => [name, amounts[name as keyof Amounts]]));

describe.each(['SQLite', 'PostgreSQL'])('on %s', (engine) => {
  // A status line asks no network.
  const reads = engine === 'SQLite' ? READS : READS.filter(([argv]) => argv !== 'statusline');
  const home = temporaryFolder();
  const run = commandLine(home);
  let facts: LineFacts;
  const at = async (instant: string, argv: string): Promise<Ended> => {
    const end = await run([...argv.split(' '), '--now', instant], facts);
    expect([0, 3], end.stderr).toContain(end.code);
    return end;
  };
  const read = async (instant: string, [argv, amounts]: (typeof READS)[number]): Promise<Amounts> =>
    amounts(await at(instant, argv));

  beforeAll(async () => {
    const db = engine === 'SQLite' ? path.join(home, 'ledger.db') : (await testDatabase()).url;
    facts = { env: { CREDITS_DB: db }, stdin: '' };
    await at(START, 'init --plan pro');
    await at(START, 'hold 1020 --ttl 10m');
  });

  test.each(reads)('%s counts it until its end', async (...line) => {
    const found = await read(BEFORE, line);
    expect(found).toEqual(wanted(OPEN, found));
  });

  test.each(reads)('%s does not count it from its end on, before a sweep', async (...line) => {
    const found = await read(END, line);
    expect(found).toEqual(wanted(LAPSED, found));
  });

  test('checks go by the same', async () => {
    for (const argv of [
      'balance --min 1040',
      'estimate -m haiku --input-tokens 4000000 --output-tokens 0 --check',
    ]) {
      expect([(await at(BEFORE, argv)).code, (await at(END, argv)).code], argv).toEqual([3, 0]);
    }
  });

  test('a forecast counts on what it lets go', async () => {
    const unspent = async (instant: string) =>
      sum((await at(instant, 'forecast --json')).json().expiringUnspent, 'credits');
    expect([await unspent(BEFORE), await unspent(END)]).toEqual([0, 1_000]);
  });

  test('a hold is no usage, and an export holds what is booked', async () => {
    for (const instant of [BEFORE, END]) {
      const { total } = (await at(instant, 'usage --json')).json();
      expect(total).toMatchObject({ calls: 0, credits: 0 });
      expect(lines(await at(instant, 'export'))).toEqual([]);
      expect(sumOf(lines(await at(instant, 'export --what lots')))).toEqual(OPEN);
    }
  });

  test('a look back shows it as it was then', async () => {
    for (const [instant, amounts] of [
      [START, OPEN],
      [BEFORE, OPEN],
      [END, LAPSED],
    ] as const) {
      const found = both((await at(LATER, `balance --as-of ${instant} --json`)).json());
      expect(found, instant).toEqual(amounts);
    }
  });

  describe('swept', () => {
    beforeAll(() => at(END, 'expire --all'));

    test.each(reads)('%s says the same', async (...line) => {
      const found = await read(LATER, line);
      expect(found).toEqual(wanted(LAPSED, found));
    });

    test('so does an export, and a look back', async () => {
      expect(sumOf(lines(await at(END, 'export --what lots')))).toEqual(LAPSED);
      expect(lines(await at(END, 'export'))).toEqual([]);
      expect(both((await at(LATER, `balance --as-of ${BEFORE} --json`)).json())).toEqual(OPEN);
      expect(both((await at(LATER, `balance --as-of ${END} --json`)).json())).toEqual(LAPSED);
    });

    test('and the ledger is sound', async () => {
      expect((await at(LATER, 'verify --json')).json().ok).toBe(true);
    });
  });
});
