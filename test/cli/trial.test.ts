/** Spends that are only tried come out as they do when they are booked, however they are cut into parts. */
import { describe, expect, test } from 'vitest';
import { Trial, type TrialOptions } from '../../src/cli/trial.ts';
import type { ItemResult, LedgerService, SpendItem } from '../../src/ledger/service.ts';
import { ENGINES, type Engine, ledgersOn } from '../contract/engines.ts';
import { SERVED_ENGINES } from '../contract/served-engines.ts';
import { type AnyTestLedger, callOf, callSpend, credits, spendOf } from '../helpers/ledger.ts';
import { seeded } from '../helpers/processes.ts';

/** Where each list costs tens of round trips, fewer of them. */
const seedsOn = ({ name }: Engine): number => (name === 'SQLite' ? 12 : 3);
const LINES = 70;
const OPTIONS: TrialOptions = { prefix: 'tried', remembers: () => true, part: 7 };

const outcome = (result: ItemResult) =>
  result.status === 'refused' ? result.error.code : [result.status, result.receipt.credits];

/** Accounts that are short, in debt, on an own key, closed, and one that is not there. */
async function fill({ ledger }: AnyTestLedger): Promise<string[]> {
  const open = { plan: 'free', zone: 'UTC', anchorAt: null };
  for (const account of ['short', 'own', 'gone', 'owing']) await ledger.openAccount({ account, ...open });
  await ledger.grant('default', {
    source: 'purchased',
    amount: credits('30'),
    expires: null,
    priority: 100,
    note: null,
  });
  await ledger.changeByok('own', { action: 'add', provider: 'anthropic', env: null });
  await ledger.closeAccount('gone');
  const held = { amount: credits('1'), call: null, tags: NO_TAGS, ttlMs: 60_000, note: null };
  const { hold } = await ledger.hold('owing', held);
  await ledger.settle('owing', { hold: hold!, amount: credits('90'), call: null, tags: NO_TAGS, note: null });
  return ['default', 'short', 'own', 'gone', 'owing', 'nobody'];
}

const NO_TAGS = { activity: null, session: null, run: null };

function randomItems(accounts: readonly string[], random: () => number): SpendItem[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const items: SpendItem[] = [];
  for (let line = 0; line < LINES; line++) {
    const inputs = [
      spendOf((random() * 15).toFixed(6)),
      callSpend(callOf('haiku', Math.floor(random() * 9_000), 100)),
      callSpend(callOf('gpt-4o', Math.floor(random() * 900), 10)),
      callSpend(callOf('haiku', 0, 0)),
      callSpend(callOf('no-such-model', 1, 1)),
    ];
    const account = random() < 0.6 ? pick(accounts.slice(0, 2)) : pick(accounts);
    const fresh = { account, key: `line ${line}`, input: pick(inputs) };
    const known = items.length === 0 ? fresh : pick(items);
    const kind = random();
    items.push(
      kind < 0.7 ? fresh : kind < 0.85 ? known : { ...fresh, account: known.account, key: known.key },
    );
  }
  return items;
}

describe.each([...ENGINES, ...SERVED_ENGINES] satisfies Engine[])('on $name', (engine) => {
  const make = ledgersOn(engine);

  test(`${seedsOn(engine)} random lists of ${LINES} spends`, async () => {
    for (let seed = 1; seed <= seedsOn(engine); seed++) {
      const t = await make();
      const random = seeded(seed);
      const accounts = await fill(t);
      const items = randomItems(accounts, random);
      const before = await t.ledger.accounts();
      const trial = new Trial(t.ledger, OPTIONS);
      const tried: ItemResult[] = [];
      for (let from = 0; from < items.length; ) {
        const to = from + 1 + Math.floor(random() * 20);
        tried.push(...(await trial.spendMany(items.slice(from, to))));
        from = to;
      }
      expect(await t.ledger.accounts()).toEqual(before);
      const booked = await t.ledger.spendMany(items);
      expect(tried.map(outcome), `seed ${seed}`).toEqual(booked.map(outcome));
    }
  });
});

describe('when others spend meanwhile', () => {
  const make = ledgersOn(ENGINES[0]!);

  test('what is left is all that there is', async () => {
    const t = await make();
    const trial = new Trial(t.ledger, OPTIONS);
    const item = (no: number, amount: string): SpendItem => ({
      account: 'default',
      key: `line ${no}`,
      input: spendOf(amount),
    });
    expect((await trial.spendMany([item(1, '40')]))[0]!.status).toBe('booked');
    await t.ledger.spend('default', spendOf('30'));
    const [second, third] = await trial.spendMany([item(2, '5'), item(3, '0.000001')]);
    expect([second!, third!].map(outcome)).toEqual(['insufficient_credits', 'insufficient_credits']);
  });

  test('a part is not tried for ever', async () => {
    const t = await make();
    let asked = 0;
    const ledger: Pick<LedgerService, 'spendMany'> = {
      async spendMany(items, options) {
        asked += 1;
        const [first] = await t.ledger.spendMany(items.slice(0, 1), options);
        if (asked > 1) await t.ledger.spend('default', spendOf('10'));
        return [first!, ...(await t.ledger.spendMany(items.slice(1), options))];
      },
    };
    const trial = new Trial(ledger, OPTIONS);
    await trial.spendMany([{ account: 'default', key: 'a', input: spendOf('45') }]);
    await t.ledger.spend('default', spendOf('10'));
    await trial.spendMany([{ account: 'default', key: 'b', input: spendOf('1') }]);
    expect(asked).toBe(4);
  });
});

test('what an account can hold is taken in pieces that a spend may have', async () => {
  const sent: SpendItem[][] = [];
  const booked = (item: SpendItem): ItemResult => ({
    status: 'booked',
    receipt: { credits: item.input.amount } as never,
  });
  const ledger: Pick<LedgerService, 'spendMany'> = {
    async spendMany(items) {
      sent.push([...items]);
      return items.map(booked);
    },
  };
  const trial = new Trial(ledger, { prefix: 'tried', remembers: () => false });
  const most = spendOf('1000000000');
  for (const key of ['a', 'b', 'c']) await trial.spendMany([{ account: 'rich', key, input: most }]);
  expect(sent.map((items) => items.map(({ key }) => key))).toEqual([
    ['a'],
    ['tried:0', 'b'],
    ['tried:0', 'tried:1', 'c'],
  ]);
});
