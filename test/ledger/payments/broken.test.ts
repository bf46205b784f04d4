/** What `verify` says of money rules that whoever wrote has broken: chains are sound, what they tell is not allowed. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Microcredits, ZERO } from '../../../src/core/credits.ts';
import { Booking } from '../../../src/core/ledger/booking.ts';
import { grantLot } from '../../../src/core/ledger/grant-lot.ts';
import { walletDetail } from '../../../src/core/ledger/topup.ts';
import { type Attempt, applyChange, type Wallet, type WalletChange } from '../../../src/core/wallet.ts';
import { credits } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';

let t: PayingLedger;
afterEach(() => t.done().catch((error: Error) => expect(error.message).toContain('verify found faults')));

type Breach = (booking: Booking, wallet: Wallet) => WalletChange;

/** Writes what a breach makes, as a program with a bug would. @returns what `verify` finds */
async function written(breach: Breach, hold: number | null = null): Promise<string[]> {
  const purchases = await t.ledger.purchases('default', 1);
  const attempt = purchases.length === 0 ? null : Number(purchases[0]!.purchase.split('_')[2]);
  const [result] = await t.store.execute([
    {
      account: 'default',
      now: t.at,
      loads: { hold, wallet: { attempt } },
      dryRun: false,
      decide: ({ state, wallet }) => {
        const booking = new Booking(state, t.at);
        const change = breach(booking, wallet);
        applyChange(wallet, change);
        return { ...booking.done(), swept: null, change: null, wallet: change };
      },
    },
  ]);
  if (!result!.ok) throw result!.error;
  const { checks } = await t.ledger.verify();
  return checks.flatMap(({ id, detail }) => detail.map((line) => `${id}: ${line.replace(/^.*?: /, '')}`));
}

const only = (wallet: Wallet): Attempt => [...wallet.attempts.values()].at(-1)!;

const setting = (booking: Booking, change: WalletChange): WalletChange => {
  booking.close('setting', { credits: ZERO, detail: walletDetail(change) });
  return change;
};

async function paid(limitCents: number | null = 500): Promise<void> {
  t = payingLedger();
  await t.ledger.addCard('default', 'pm_card_visa');
  const policy = { threshold: credits('100'), amount: credits('500'), limitCents };
  await t.ledger.setTopup('default', { ...policy, enabled: true });
  await t.ledger.runTopup('default');
  expect((await t.ledger.verify()).ok).toBe(true);
}

/** Another attempt like the last, reserved now. */
const another = (booking: Booking, wallet: Wallet, more: Partial<Attempt> = {}): Attempt => ({
  ...only(wallet),
  no: booking.next,
  status: 'reserved',
  reservedAt: booking.at,
  intent: null,
  lot: null,
  changedBy: booking.next,
  ...more,
});

const BREACHES: readonly (readonly [string, string, Breach])[] = [
  [
    'a top-up that is not below, and over the limit',
    'takes the month to 1000 cents',
    (booking, wallet) => setting(booking, { attempts: [another(booking, wallet)] }),
  ],
  [
    'a top-up that is not below the threshold',
    'which is not below',
    (booking, wallet) => setting(booking, { attempts: [another(booking, wallet)] }),
  ],
  [
    'a top-up while another is under way',
    'tops up while another top-up is under way',
    (booking, wallet) => {
      setting(booking, { attempts: [another(booking, wallet)] });
      // The row of the first could not be written beside it: the index stands before it.
      return setting(booking, { attempts: [another(booking, wallet)] });
    },
  ],
  [
    'a top-up that is switched off',
    'tops up although it is off',
    (booking, wallet) => {
      const policy = { ...wallet.policy!, enabled: false };
      setting(booking, { policy });
      return { policy, ...setting(booking, { attempts: [another(booking, wallet)] }) };
    },
  ],
  [
    'success without credits',
    'does not grant them',
    (booking, wallet) => {
      const first = another(booking, wallet, { kind: 'manual' });
      setting(booking, { attempts: [first] });
      const lot = booking.next;
      return setting(booking, {
        attempts: [{ ...first, status: 'succeeded', lot, intent: 'pi_x', changedBy: lot }],
      });
    },
  ],
  [
    'credits a second time for one payment',
    'a second time',
    (booking, wallet) => {
      const first = another(booking, wallet, { kind: 'manual' });
      setting(booking, { attempts: [first] });
      const lot = grantLot(booking, { source: 'purchased', amount: first.credits });
      const done: Attempt = {
        ...first,
        status: 'succeeded',
        lot: booking.next,
        intent: only(wallet).intent,
        changedBy: booking.next,
      };
      booking.close('grant', { credits: first.credits, detail: { lot, attempt: done } });
      // The row itself could not be written beside the first: the index stands before it.
      return { attempts: [{ ...done, intent: 'pi_other' }] };
    },
  ],
  [
    'more credits than were paid for',
    'does not grant them',
    (booking, wallet) => {
      const first = another(booking, wallet, { kind: 'manual' });
      setting(booking, { attempts: [first] });
      const amount = (first.credits + 1) as Microcredits;
      const lot = grantLot(booking, { source: 'purchased', amount });
      const done: Attempt = {
        ...first,
        status: 'succeeded',
        lot: booking.next,
        intent: 'pi_x',
        changedBy: booking.next,
      };
      booking.close('grant', { credits: amount, detail: { lot, attempt: done } });
      return { attempts: [done] };
    },
  ],
  [
    'a payment that comes back from the dead',
    'from succeeded to processing',
    (booking, wallet) =>
      setting(booking, {
        attempts: [{ ...only(wallet), status: 'processing', lot: null, changedBy: booking.next }],
      }),
  ],
  [
    'another price than was reserved',
    'it was reserved with',
    (booking, wallet) =>
      setting(booking, { attempts: [{ ...only(wallet), amountCents: 1, changedBy: booking.next }] }),
  ],
  [
    'credits taken back that nobody gave back',
    'more than went back',
    (booking, wallet) => {
      const before = only(wallet);
      booking.move('revoked', 'available', 'revoked', credits('10'), before.lot);
      const attempt = { ...before, clawed: credits('10'), changedBy: booking.next };
      booking.close('clawback', { credits: credits('10'), detail: walletDetail({ attempts: [attempt] }) });
      return { attempts: [attempt] };
    },
  ],
  [
    'taken from welcome credits',
    'by the rules it is',
    (booking, wallet) => {
      const before = only(wallet);
      const welcome = [...booking.lots.values()].find(({ source }) => source === 'welcome')!;
      booking.move('revoked', 'available', 'revoked', credits('10'), welcome.no);
      const attempt: Attempt = {
        ...before,
        clawed: credits('10'),
        returns: { re_1: { status: 'succeeded', cents: 10 } },
        changedBy: booking.next,
      };
      booking.close('clawback', { credits: credits('10'), detail: walletDetail({ attempts: [attempt] }) });
      return { attempts: [attempt] };
    },
  ],
  [
    'a policy that goes on after three declines',
    'after 4 declines in a row',
    (booking, wallet) => {
      const policy = { ...wallet.policy!, strikes: 4 };
      booking.close('setting', { credits: ZERO, detail: walletDetail({ policy }) });
      return {};
    },
  ],
];

describe('verify finds', () => {
  test.each(BREACHES)('%s', async (_, text, breach) => {
    await paid();
    const found = await written(breach);
    expect(found.join('\n')).toContain(text);
  });

  /** Bought 500 of which a hold has 100, revoked, disputed: 400 by hand and a debt of 100. */
  async function revokedAndDisputed(): Promise<{ readonly lot: number; readonly hold: number }> {
    t = payingLedger();
    const words = { call: null, tags: { activity: null, session: null, run: null }, note: null };
    await t.ledger.addCard('default', 'pm_card_createDispute');
    await t.ledger.spend('default', { ...words, amount: credits('50'), at: null });
    await t.ledger.buy('default', { package: '500', maxChargeCents: null, checkout: false });
    const { hold } = await t.ledger.hold('default', { ...words, amount: credits('100'), ttlMs: 60_000 });
    const { lots } = await t.ledger.balance('default');
    const { lot } = lots.find(({ source }) => source === 'purchased')!;
    await t.ledger.revoke('default', { lot, note: null });
    await t.ledger.syncPayments();
    expect((await t.ledger.verify()).ok).toBe(true);
    return { lot: Number(lot.split('_')[2]), hold: Number(hold!.split('_')[2]) };
  }

  test('a held part that goes by hand although it is owed', async () => {
    const { lot, hold: no } = await revokedAndDisputed();
    const found = await written((booking) => {
      const hold = booking.holds.get(no)!;
      booking.move('returned', 'held', 'available', credits('100'), lot);
      booking.move('revoked', 'available', 'revoked', credits('100'), lot);
      booking.putHold({ ...hold, status: 'released', resolvedBy: booking.next });
      booking.close('release', { credits: credits('100'), detail: { hold: no, released: credits('100') } });
      return {};
    }, no);
    expect(found.join('\n')).toContain('takes 600 of payment');
  });

  test.each([
    ['elsewhere', { elsewhere: credits('1') }],
    ['lots', { lots: [1] }],
  ])('%s that no receipt says', async (field, more) => {
    await revokedAndDisputed();
    const found = await written((booking, wallet) =>
      setting(booking, { attempts: [{ ...only(wallet), ...more, changedBy: booking.next }] }),
    );
    expect(found.join('\n')).toContain(`payment: ${field} is`);
  });

  test('nothing in what the ledger itself does', async () => {
    await paid(null);
    await t.ledger.buy('default', { package: '500', maxChargeCents: null, checkout: false });
    expect((await t.ledger.verify()).ok).toBe(true);
  });
});
