/**
 * Many spends in one request, one JSON object a line. They are booked in groups as they come, and answered line by line in
 * their own order; what is wrong with one line refuses that line alone. An answer that was cut off is safe to ask for
 * again: every line carries its own key.
 */
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { invalid, isLedgerError, type LedgerError } from '../../core/errors.ts';
import type { ItemResult, LedgerService, SpendItem } from '../../ledger/service.ts';
import type { Route } from '../route.ts';
import { decode } from '../wire/check.ts';
import type { Answer, Report } from './answer.ts';
import { errorLine, LINES_TYPE, NO_QUERY } from './answer.ts';
import { requireAccount, requireRecent } from './authenticate.ts';
import { BODY_LIMIT, parseJson } from './body.ts';
import type { ServerDeps } from './deps.ts';
import type { Admitted } from './exchange.ts';
import { redact } from './log.ts';

/** Lines in one transaction; more in a dry run, where lines of one group alone see what earlier ones would have done. */
const GROUP = { booked: 256, dry: 1_024 } as const;

type Batch = Extract<Route, { readonly kind: 'batch' }>;

/** A line as read: an item, or why it is none. */
type Read = { readonly item: SpendItem } | { readonly error: LedgerError };

interface Line {
  readonly account: string | undefined;
  readonly key: string;
  readonly input: SpendItem['input'];
}

export function answerBatch(
  incoming: IncomingMessage,
  route: Batch,
  admitted: Admitted,
  deps: ServerDeps,
  { report, touched }: { readonly report: Report; readonly touched: (account: string) => void },
): Answer {
  decode(NO_QUERY, admitted.query, 'query');
  const ledger = deps.ledger(admitted.acting);
  const readLine = (text: string): Read => {
    try {
      const { account, key, input } = decode(route.item, parseJson(text), 'line') as Line;
      requireRecent(admitted.access, input.at, deps.clock());
      const own = account === undefined ? admitted.account : requireAccount(admitted.access, account);
      return { item: { account: own, key, input } };
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      return { error };
    }
  };
  return { type: LINES_TYPE, body: answers(incoming, ledger, readLine) };

  async function* answers(
    from: IncomingMessage,
    to: LedgerService,
    read: (text: string) => Read,
  ): AsyncGenerator<string> {
    try {
      const dryRun = admitted.options.dryRun === true;
      for await (const group of groupsOf(linesOf(from), dryRun ? GROUP.dry : GROUP.booked)) {
        const results = await book(to, group.map(read), dryRun);
        if (!dryRun && admitted.options.topup !== false) {
          for (const result of results) if (result.status === 'booked') touched(result.receipt.account);
        }
        yield results.map((result) => `${JSON.stringify(z.encode(route.line, result as never))}\n`).join('');
      }
      yield '{"end":{}}\n';
    } catch (error) {
      report('batch failed', { route: route.name, error: redact(String(error)) });
      yield errorLine(error);
    }
  }
}

async function book(ledger: LedgerService, lines: readonly Read[], dryRun: boolean): Promise<ItemResult[]> {
  const items = lines.flatMap((line) => ('item' in line ? [line.item] : []));
  const booked = (items.length === 0 ? [] : await ledger.spendMany(items, { dryRun }))[Symbol.iterator]();
  return lines.map((line) =>
    'error' in line ? { status: 'refused', error: line.error } : (booked.next().value as ItemResult),
  );
}

async function* groupsOf(lines: AsyncIterable<string[]>, most: number): AsyncGenerator<string[]> {
  let group: string[] = [];
  for await (const some of lines) {
    for (const line of some) {
      group.push(line);
      if (group.length < most) continue;
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

/** Lines of a body, as many as came together; empty ones are left out. */
async function* linesOf(incoming: IncomingMessage): AsyncGenerator<string[]> {
  let rest = '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const read = (part?: Buffer): string => {
    try {
      return decoder.decode(part, { stream: part !== undefined });
    } catch {
      throw invalid('the body is not valid UTF-8');
    }
  };
  for await (const part of incoming as AsyncIterable<Buffer>) {
    const lines = (rest + read(part)).split('\n');
    rest = lines.pop()!;
    if (rest.length > BODY_LIMIT) throw invalid(`a line is longer than ${BODY_LIMIT} characters`);
    yield lines.filter((line) => line.trim() !== '');
  }
  rest += read();
  if (rest.trim() !== '') yield [rest];
}
