/**
 * The thread that books: a server's second one. It opens the ledger once more and carries out what is asked around every AI
 * call, so that a commit, which waits for the disk, never keeps the first thread from reading requests and writing
 * answers. Requests come and answers go in bundles: those of one bundle share a commit.
 */
import { hash } from 'node:crypto';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { isLedgerError } from '../../core/errors.ts';
import { ROUTES } from '../../http/routes.ts';
import { carryOut, type DocumentRoute } from '../../http/server/carry-out.ts';
import { LocalLedger } from '../../ledger/local.ts';
import { openSqlite } from '../../store/sqlite-open.ts';
import { processIo } from '../context.ts';
import { createZoneRules } from '../zone-rules.ts';
import type { Answered, Asked, ThreadStart } from './thread-messages.ts';

const routes = new Map(
  ROUTES.filter((route): route is DocumentRoute => route.kind === 'document').map((route) => [
    route.name,
    route,
  ]),
);

async function run(port: MessagePort, { file, busyBudgetMs }: ThreadStart): Promise<void> {
  const { random } = processIo(new AbortController().signal);
  const sha256 = (text: string): string => hash('sha256', text, 'hex');
  const store = openSqlite(file, 'write', {
    sha256,
    random: () => Buffer.from(random(4)).readUInt32BE() / 2 ** 32,
    // Accounts are opened by the first thread.
    newTag: () => {
      throw new Error('this thread opens no account');
    },
    ...(busyBudgetMs === undefined ? {} : { busyBudgetMs }),
  });
  const zones = createZoneRules();
  const own = { store, zones, loadZones: async () => zones, sha256 };
  let outbox: Answered[] = [];
  const send = (): void => {
    if (outbox.length > 0) port.postMessage(outbox);
    outbox = [];
  };
  const answer = (answered: Answered): void => {
    // Answers of one commit come together.
    if (outbox.push(answered) === 1) setImmediate(send);
  };
  const carry = async ({ id, errand: { route, request, acting }, at }: Asked): Promise<void> => {
    try {
      const ledger = new LocalLedger({
        ...own,
        actor: acting.actor,
        now: () => acting.now ?? at,
        wall: () => at,
      });
      answer({ id, text: await carryOut(ledger, routes.get(route)!, request) });
    } catch (error) {
      answer({ id, ...failureOf(error) });
    }
  };
  port.on('message', async (asked: readonly Asked[] | 'end') => {
    if (asked !== 'end') {
      for (const each of asked) void carry(each);
      return;
    }
    await store.close();
    send();
    port.close();
  });
  port.postMessage('ready');
}

function failureOf(error: unknown): Pick<Answered, 'refusal' | 'defect'> {
  if (isLedgerError(error)) {
    const { code, message, hint, details } = error;
    return {
      refusal: {
        code,
        message,
        ...(hint === undefined ? {} : { hint }),
        ...(details === undefined ? {} : { details }),
      },
    };
  }
  return { defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

// Nothing else imports this file; a test that lists the sources may.
if (parentPort !== null) void run(parentPort, workerData as ThreadStart);
