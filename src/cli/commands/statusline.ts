/**
 * `credits statusline`: one line for a shell's prompt or a coding agent's status bar. Reads alone, asks no network, and
 * always has something to say. Source: contract 6.
 */
import type { Catalogue } from '../../core/catalogue.ts';
import { ZERO } from '../../core/credits.ts';
import { isLedgerError } from '../../core/errors.ts';
import { callsWithin } from '../../core/estimate.ts';
import { priceCall } from '../../core/rates.ts';
import { DAY_MS } from '../../core/time.ts';
import type { BalanceView, LedgerService } from '../../ledger/service.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { renderStatusline, type StatuslineFacts } from '../render/statusline.ts';
import { styleFor } from '../render/style.ts';
import { cut, printable } from '../render/width.ts';
import { type ClientFacts, readClientFacts } from '../statusline/client-facts.ts';
import { readBriefly } from '../statusline/read-briefly.ts';

/** How long a client may take to say what it knows, ms. */
const WAIT_MS = 50;

export const statusline: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    // Listening first: the ledger is opened while the client writes.
    const said = context.stdinIsTerminal ? Promise.resolve('') : readBriefly(context.stdin(), WAIT_MS);
    try {
      return answer(await lineFor(context, said));
    } finally {
      await said;
    }
  },
  whenFailed: (error) => answer(shortFailure(error)),
};

const answer = (text: string): Result => ({
  schema: 'credits.text/v1',
  json: () => ({ text }),
  text: () => text,
  verbatim: true,
});

/** A few words about why there is no balance. */
function shortFailure(error: unknown): string {
  if (!isLedgerError(error)) return 'credits: not readable (`credits doctor`)';
  const words: Readonly<Record<string, string>> = {
    no_ledger: 'no ledger (`credits init`)',
    ledger_busy: 'busy',
    ledger_newer: 'the ledger needs a newer version',
    ledger_unreadable: 'the ledger cannot be read (`credits doctor`)',
  };
  return `credits: ${words[error.code] ?? cut(printable(error.message), 72)}`;
}

async function lineFor(context: Context, said: Promise<string>): Promise<string> {
  const { db, remote } = context.globals;
  if (remote !== null || /^postgres(?:ql)?:/i.test(db)) {
    return 'credits: a ledger behind a network is not asked from here';
  }
  const ledger = await context.service();
  const view = await ledger.balance(context.account);
  const client = readClientFacts(await said);
  return renderStatusline(view, await factsOf(context, ledger, view, client));
}

async function factsOf(
  context: Context,
  ledger: LedgerService,
  view: BalanceView,
  client: ClientFacts,
): Promise<StatuslineFacts> {
  const now = ledger.now();
  return {
    session: await sessionCredits(ledger, view.account, client, now),
    dollars: client.dollars,
    model: client.model === null ? null : modelFacts(await ledger.catalogue(), view, client, now),
    calendar: (await styleFor(context, view.zone, now)).calendar,
  };
}

/** What the conversation's calls were booked with; looks back no further than it is old, and a day at most. */
async function sessionCredits(
  ledger: LedgerService,
  account: string,
  { session, durationMs }: ClientFacts,
  now: number,
): Promise<bigint | null> {
  if (session === null) return null;
  const since = now - Math.min(durationMs ?? DAY_MS, DAY_MS);
  const { rows } = await ledger.usage(account, { by: 'session', since, until: null });
  return rows.find(({ key }) => key === session)?.credits ?? null;
}

function modelFacts(
  catalogue: Catalogue,
  { available, byok, debt }: BalanceView,
  { model, latest }: ClientFacts,
  now: number,
): StatuslineFacts['model'] {
  if (model === null) return null;
  const row = catalogue.findModel(model.id) ?? catalogue.findModel(model.name);
  if (row === undefined) return { name: model.name, rounds: null, byok: false };
  const rates = catalogue.rateAt(row.id, now)?.rates ?? null;
  const isKnown = latest !== null && rates !== null && debt === ZERO;
  const rounds = isKnown ? callsWithin(priceCall(rates, latest), available) : null;
  return { name: shortest([row.id, ...row.aliases]), rounds, byok: Object.hasOwn(byok, row.provider) };
}

const shortest = (names: readonly string[]): string =>
  names.reduce((best, name) => (name.length < best.length ? name : best));
