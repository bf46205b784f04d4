/**
 * `credits completion SHELL`: the script that a shell loads; and the hidden `credits complete -- WORDS` that the script
 * asks at every press of the key. Neither needs a ledger; the second never fails.
 */
import { defaultCatalogue } from '../../catalog/index.ts';
import { PROVIDERS } from '../../catalog/providers.ts';
import type { Catalogue } from '../../core/catalogue.ts';
import { invalid } from '../../core/errors.ts';
import type { LedgerService } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { complete, type Dynamic, type Lookup, type Offer, renderCompletion, targetOf } from '../complete.ts';
import type { Context } from '../context.ts';
import { credits, showCredits } from '../render/amounts.ts';
import { COMPLETION_SCRIPTS, type Shell } from '../render/completion-scripts.ts';
import { HELP_TOPICS } from '../render/help-topics.ts';
import { profileNames } from '../settings.ts';
import { COMMANDS } from './index.ts';

/** `credits completion SHELL` */
export const completion: CommandModule<Shell> = {
  parse({ args }) {
    const shells = Object.keys(COMPLETION_SCRIPTS) as Shell[];
    const shell = shells.find((name) => name === args[0]?.toLowerCase());
    if (shell === undefined) {
      throw invalid(`no completion for ${JSON.stringify(args[0])}`, `it is there for ${shells.join(', ')}`);
    }
    return shell;
  },
  async run(_, shell) {
    const script = COMPLETION_SCRIPTS[shell];
    return { schema: 'credits.text/v1', json: () => ({ text: script }), text: () => script, verbatim: true };
  },
};

/** `credits complete -- WORDS` */
export const completeWords: CommandModule<readonly string[]> = {
  parse: ({ args }) => args,
  async run(context, words) {
    const topics = HELP_TOPICS.map(({ name }) => name);
    const found = await complete(COMMANDS, topics, words, lookupIn(context, words));
    return {
      schema: 'credits.completion/v1',
      json: () => found,
      text: () => renderCompletion(found),
      verbatim: true,
    };
  },
};

/** Most names of one kind that are offered. */
const LIMIT = 200;

/** Looks names up in the ledger where there is one, else among the built-in ones. A failure offers nothing. */
function lookupIn(context: Context, words: readonly string[]): Lookup {
  const { account, isOther } = targetOf(words);
  // A press of a key must neither wait for a network nor offer the ids of another ledger.
  const { db, remote } = context.globals;
  const isBlind = isOther || remote !== null || /^postgres(?:ql)?:/i.test(db);
  return async (kind) => {
    if (kind === 'settings')
      return profileNames(context.env).map((value) => ({ value, description: 'profile' }));
    try {
      const service = isBlind ? null : await context.serviceIfAny();
      if (isOfLedger(kind)) {
        return service === null ? [] : await idsOf(kind, service, account ?? context.account);
      }
      return namesOf(kind, service === null ? defaultCatalogue() : await service.catalogue(), context);
    } catch {
      return [];
    }
  };
}

/** Kinds of ids that a ledger makes. */
type LedgerId = 'account' | 'lot' | 'hold' | 'purchase';

const isOfLedger = (kind: Dynamic): kind is LedgerId =>
  kind === 'account' || kind === 'lot' || kind === 'hold' || kind === 'purchase';

async function idsOf(kind: LedgerId, service: LedgerService, account: string): Promise<readonly Offer[]> {
  switch (kind) {
    case 'account': {
      const accounts = await service.accounts({ limit: LIMIT });
      return accounts.map(({ account: value, plan }) => ({ value, description: plan }));
    }
    case 'lot': {
      const { lots } = await service.balance(account);
      return lots.slice(0, LIMIT).map((lot) => ({
        value: lot.lot,
        description: `${lot.source}, ${showCredits(lot.available)} available`,
      }));
    }
    case 'hold': {
      const holds = await service.holds(account, false);
      return holds.slice(0, LIMIT).map((each) => ({ value: each.hold, description: credits(each.credits) }));
    }
    case 'purchase': {
      const purchases = await service.purchases(account, LIMIT);
      return purchases.map((each) => ({
        value: each.purchase,
        description: `${credits(each.credits)}, ${each.status}`,
      }));
    }
  }
}

function namesOf(
  kind: Exclude<Dynamic, LedgerId | 'settings'>,
  catalogue: Catalogue,
  context: Context,
): readonly Offer[] {
  switch (kind) {
    case 'model':
      return catalogue.rows.models.flatMap(({ id, name, aliases }) =>
        [id, ...aliases].map((value) => ({ value, description: name })),
      );
    case 'provider': {
      const names = new Map<string, string>(PROVIDERS.map(({ id, name }) => [id, name]));
      for (const id of catalogue.providers()) if (!names.has(id)) names.set(id, '');
      return [...names].map(([value, description]) => ({ value, description }));
    }
    case 'plan':
      return catalogue.plansAt(context.now()).map(({ id, monthly }) => ({
        value: id,
        description: `${credits(monthly)} a month`,
      }));
    case 'package':
      return catalogue.packagesAt(context.now()).map((each) => ({
        value: each.id,
        description: credits(each.credits),
      }));
  }
}
