/** Many senders of the same keys: what each was answered, and what all of them together must have been. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCredits } from '../../src/core/credits.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import type { ReceiptView } from '../../src/ledger/service.ts';
import { holdInput, spendInput } from './worker-ledger.ts';

/** What one sender sends: a write under each of so many keys. */
export interface Keys {
  /** Keys are `name-0` on; every sender has the same. */
  readonly name: string;
  readonly count: number;
  /** Credits of each write. */
  readonly amount: string;
  /** Number of the sender: each begins with another key of a block, so that each is the first with some. */
  readonly sender: number;
  /** When all begin, epoch ms: from then on the blocks follow each other at the same moments for all. */
  readonly from: number;
}

/** By key: the receipt without `replayed`, which stands beside it; null: `key_reused`. */
export interface KeyAnswers {
  readonly receipts: ({ readonly receipt: string; readonly replayed: boolean } | null)[];
  /** Anything else. */
  readonly errors: string[];
}

/** Keys that a sender sends at once. */
const BLOCK = 8;
/** From one block to the next, ms. Who is late does not wait. */
const PACE_MS = 4;

const wallClock = (): number => performance.timeOrigin + performance.now();
/** A moment that processes which are told of it now can meet. */
export const soon = (): number => wallClock() + 100;

/** A spend, a hold or a grant, by the key's number. */
function write(ledger: LocalLedger, amount: string, no: number, key: string): Promise<ReceiptView> {
  if (no % 3 === 0) return ledger.spend('default', spendInput(amount), { key });
  if (no % 3 === 1) return ledger.hold('default', holdInput(amount), { key });
  const grant = { source: 'promotional', expires: null, priority: 50, note: null } as const;
  return ledger.grant('default', { ...grant, amount: parseCredits(amount) }, { key });
}

export async function sendKeys(
  ledger: LocalLedger,
  { name, count, amount, sender, from }: Keys,
): Promise<KeyAnswers> {
  const answers = { receipts: [] as KeyAnswers['receipts'], errors: [] as string[] };
  for (let first = 0; first < count; first += BLOCK) {
    const pause = from + (first / BLOCK) * PACE_MS - wallClock();
    if (pause > 0) await sleep(pause);
    const block = Array.from({ length: BLOCK }, (_, no) => first + ((no + sender) % BLOCK));
    await Promise.all(
      block.map(async (no) => {
        try {
          const { replayed, ...receipt } = await write(ledger, amount, no, `${name}-${no}`);
          answers.receipts[no] = { receipt: JSON.stringify(receipt), replayed };
        } catch (error) {
          answers.receipts[no] = null;
          if (!isLedgerError(error) || error.code !== 'key_reused') answers.errors.push(String(error));
        }
      }),
    );
  }
  return answers;
}

/** How one key ended. */
export interface KeyEnd {
  /** Different receipts that were seen: one is right. */
  readonly receipts: number;
  /** Senders that got one which was not there before: one is right. */
  readonly booked: number;
  readonly replayed: number;
  readonly refused: number;
}

/** How each key ended, and how many of them each sender was the first with. */
export function endsOf(answers: readonly KeyAnswers[]): { ends: KeyEnd[]; firsts: number[] } {
  const keys = Math.max(...answers.map(({ receipts }) => receipts.length));
  const ends = Array.from({ length: keys }, (_, no): KeyEnd => {
    const all = answers.map(({ receipts }) => receipts[no]!);
    const got = all.filter((each) => each !== null);
    return {
      receipts: new Set(got.map(({ receipt }) => receipt)).size,
      booked: got.filter(({ replayed }) => !replayed).length,
      replayed: got.filter(({ replayed }) => replayed).length,
      refused: all.length - got.length,
    };
  });
  const firsts = answers.map(({ receipts }) => receipts.filter((each) => each?.replayed === false).length);
  return { ends, firsts };
}
