/** `credits init`: makes a ledger and its first account. Source: contract 2, 6, 9 (mode). */
import { defaultCatalogue } from '../../catalog/index.ts';
import { PLANS } from '../../catalog/plans.ts';
import { toJsonCredits } from '../../core/credits.ts';
import { isLedgerError, LedgerError } from '../../core/errors.ts';
import { decideOpen } from '../../core/ledger/accounts.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { safeLocation } from '../globals.ts';
import { flagOption } from '../read-input.ts';
import { credits } from '../render/amounts.ts';
import { balanceHeading } from '../render/balance.ts';
import { styleFor } from '../render/style.ts';
import { accountJson } from '../wire-json.ts';
import type { InitInput, InitView } from '../wire-types.ts';
import { terms } from './plan.ts';
import { type Opening, readOpening, requireZone } from './read-opening.ts';

export interface InitRequest extends Opening {
  readonly live: boolean;
}

export const init: CommandModule<InitRequest> = {
  parse: (input) => ({ ...readOpening(input), live: flagOption(input, 'live') }),

  async run(context, request) {
    const given = await requireZone(context, request.zone);
    await refuseExisting(context);
    const answers = context.terminal.canAsk ? await ask(context, request) : request;
    const mode = request.live ? 'live' : 'test';
    const zone = answers.zone === request.zone ? given : await requireZone(context, answers.zone);
    const account = {
      account: context.account,
      plan: answers.plan ?? 'free',
      zone,
      anchorAt: request.anchorAt,
    };
    if (context.globals.dryRun) return wouldMake(context, { mode, account });
    return made(context, await context.createLedger({ mode, account }));
  },
};

/**
 * Before any question; the making itself looks again. An empty or half-made file is no ledger.
 * @throws LedgerError `ledger_exists`, `ledger_unreadable` (something else lies there)
 */
async function refuseExisting(context: Context): Promise<void> {
  const db = safeLocation(context.globals.db);
  const is = await occupant(context);
  if (is === 'damaged') {
    throw new LedgerError(
      'ledger_unreadable',
      `${db} cannot be read as a ledger: it is damaged or no ledger`,
      {
        hint: 'choose another place with --db, or restore a backup',
      },
    );
  }
  if (is !== 'ledger') return;
  throw new LedgerError('ledger_exists', `there is a ledger at ${db} already`, {
    hint: '`credits accounts create ID` adds an account to it; --db names another place',
  });
}

/** What lies at the place. What cannot be written is left to the making, which says what it is. */
async function occupant(context: Context): Promise<'nothing' | 'blank' | 'damaged' | 'ledger'> {
  try {
    return (await (await context.files()).occupant()).is;
  } catch (error) {
    if (isLedgerError(error) && error.code === 'ledger_read_only' && !context.globals.dryRun)
      return 'nothing';
    throw error;
  }
}

/** Offers plan and zone where they were not given. */
async function ask(context: Context, request: InitRequest): Promise<Opening> {
  const { askChoice, askText } = await import('../prompts.ts');
  const choices = PLANS.map((row) => ({ value: row.id, name: `${row.name}: ${terms(row)}` }));
  const plan = request.plan ?? (await askChoice('Plan', choices, 'free', context.signal));
  if (request.zone !== null) return { ...request, plan };
  const rules = await context.zones('');
  const zone = await askText(
    'Time zone of the account',
    'UTC',
    (text) => rules.isZone(text) || 'a name of the IANA database, such as Europe/Berlin',
    context.signal,
  );
  return { ...request, plan, zone };
}

/** @throws LedgerError `unknown_plan`, `invalid_argument`: what the making would refuse */
async function wouldMake(context: Context, { mode, account }: InitInput) {
  const db = safeLocation(context.globals.db);
  const plans = { catalogue: defaultCatalogue(), zones: await context.zones(account.zone) };
  const facts = { ...account, id: account.account, no: 1, tag: '', head: '' };
  const { plan } = decideOpen(facts, context.now(), plans).state.account;
  return {
    schema: 'credits.init/v1',
    json: () => ({
      ledger: db,
      account: account.account,
      mode,
      plan,
      timezone: account.zone,
      dryRun: true,
    }),
    text: () =>
      `Dry run: a ${mode} ledger at ${db}, with account ${account.account} on plan ${plan} (${account.zone}).\nNothing was made.`,
  };
}

function made(context: Context, { info, account }: InitView) {
  return {
    schema: 'credits.init/v1',
    json: () => ({
      ledger: info.location,
      account: account.account,
      mode: info.mode,
      plan: account.plan,
      timezone: account.zone,
      available: toJsonCredits(account.available),
      cycle: accountJson(account).cycle,
      dryRun: false,
    }),
    async text() {
      const style = await styleFor(context, account.zone, Math.max(account.createdAt, context.now()));
      const heading = balanceHeading({ ...account, closed: false }, style);
      return [
        `Made a ${info.mode} ledger at ${info.location}.`,
        heading,
        style.paint.bold(`${credits(account.available)} available`),
      ].join('\n');
    },
  };
}
