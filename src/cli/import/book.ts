/** Books the lines of an import in batches and keeps the tally. Source: contract 6 (`import`). */
import { add, type Microcredits, ZERO } from '../../core/credits.ts';
import { isLedgerError, LedgerError } from '../../core/errors.ts';
import type { LedgerService, SpendItem } from '../../ledger/service.ts';
import type { Context } from '../context.ts';
import type { Progress } from '../progress.ts';
import { count } from '../render/amounts.ts';
import { isLongBelow } from '../render/long-input.ts';
import { Trial } from '../trial.ts';
import type { ImportInput } from './input.ts';
import { readLines } from './lines.ts';
import { readSpendLine } from './spend-line.ts';

/**
 * Lines that go to the ledger together. Here few enough that what a batch makes is gone before it is collected twice
 * (docs/PERFORMANCE.md); over a network many, since each batch waits for its answer.
 */
const BATCH = { local: 256, remote: 1_000 } as const;

export interface RefusedLine {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

export interface Tally {
  /** Lines that hold something. */
  readonly read: number;
  readonly booked: number;
  readonly replayed: number;
  /** Credits booked by this run. */
  readonly credits: Microcredits;
  /** By line number. */
  readonly refused: readonly RefusedLine[];
  /** Calls booked by this run with a long input below a known price of the provider. */
  readonly longBelow: number;
  /** Accounts that this run booked on. */
  readonly accounts: ReadonlySet<string>;
}

interface Numbered {
  readonly line: number;
  readonly item: SpendItem;
}

/**
 * Reads and books every line.
 * @throws LedgerError when the ledger itself cannot go on (`ledger_busy`, `disk_full`, …): what was booked stays, and the
 *   same input again books the rest
 */
export async function bookLines(
  context: Context,
  ledger: LedgerService,
  input: ImportInput,
  progress: Progress,
): Promise<Tally> {
  const tally = {
    ...{ read: 0, booked: 0, replayed: 0, longBelow: 0 },
    credits: ZERO,
    refused: [] as RefusedLine[],
    accounts: new Set<string>(),
  };
  const { dryRun, remote } = context.globals;
  const most = remote === null ? BATCH.local : BATCH.remote;
  const prefix = `import:${input.hash.slice(0, 16)}`;
  const remembers = ({ key }: SpendItem): boolean => !key.startsWith(`${prefix}:`);
  const booker = dryRun ? new Trial(ledger, { prefix: `${prefix}:tried`, remembers }) : ledger;
  let batch: Numbered[] = [];

  const refuse = (line: number, error: unknown): void => {
    if (!isLedgerError(error)) throw error;
    tally.refused.push({ line, code: error.code, message: error.message });
  };

  const book = async (): Promise<void> => {
    if (context.signal.aborted) {
      const done = count(tally.booked + tally.replayed, 'line');
      context.warn(`stopped after ${done} booked; the same input again books the rest`);
      context.signal.throwIfAborted();
    }
    const items = batch.map(({ item }) => item);
    const results = await booker.spendMany(items).catch((error) => stopped(error, tally));
    for (const [index, result] of results.entries()) {
      if (result.status === 'refused') refuse(batch[index]!.line, result.error);
      else {
        tally[result.status] += 1;
        if (result.status !== 'booked') continue;
        const { credits, usage } = result.receipt;
        tally.credits = add(tally.credits, credits);
        tally.accounts.add(items[index]!.account);
        if (usage !== null && isLongBelow(usage)) tally.longBelow += 1;
      }
    }
    batch = [];
  };

  const { blocks, lineRead, bytes } = countedBytes(input);
  const tell = (done: number): void => progress.update(done, input.bytes, count(tally.read, 'line'));
  for (const { no, text, problem } of readLines(blocks)) {
    tally.read += 1;
    lineRead(text);
    try {
      if (problem !== null) throw new LedgerError('invalid_argument', problem);
      const defaults = { account: context.account, key: `${prefix}:${no}` };
      batch.push({ line: no, item: readSpendLine(text, defaults) });
    } catch (error) {
      refuse(no, error);
    }
    if (batch.length >= most) {
      await book();
      tell(bytes());
    }
  }
  if (batch.length > 0) await book();
  if (tally.read > 0) tell(input.bytes);
  return { ...tally, refused: tally.refused.sort((a, b) => a.line - b.line) };
}

/**
 * Blocks of an input, and about how many of its bytes have been read as lines: a text is at least as many bytes as it has
 * characters, and what no line tells (blank and unreadable ones) counts with its block.
 */
function countedBytes(input: ImportInput) {
  let inBlocks = 0;
  let inLines = 0;
  return {
    blocks: (function* (): Generator<Buffer> {
      for (const block of input.blocks()) {
        yield block;
        inBlocks += block.length;
        inLines = Math.max(inLines, inBlocks);
      }
    })(),
    lineRead: (text: string): void => {
      inLines += text.length + 1;
    },
    /** Never more than there are. */
    bytes: (): number => Math.min(inLines, input.bytes),
  };
}

/** The ledger's own refusal, with what had been booked by then. */
function stopped(error: unknown, { booked, replayed }: Tally): never {
  if (!isLedgerError(error)) throw error;
  throw new LedgerError(error.code, `${error.message} (${count(booked, 'line')} booked before)`, {
    hint: 'import the same input again: what is booked is not booked twice',
    details: { ...error.details, booked, replayed },
  });
}
