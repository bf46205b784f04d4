/**
 * Providers that an account pays with its own key. Only the name of an environment variable is stored, never a key.
 * Source: contract 5.10; 6 (`byok`).
 */
import { knownProvider } from '../catalog/providers.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { invalid, LedgerError } from '../core/errors.ts';
import type { Command } from '../core/ledger/commands.ts';
import { decide } from '../core/ledger/decide.ts';
import type { Account } from '../core/types.ts';
import { answerOf, contextOf, type LocalDeps, refuseFuture } from './local-deps.ts';
import { requireSameRequest } from './local-keys.ts';
import type { ByokInput, ByokView, WriteOptions } from './service.ts';
import type { Work } from './store.ts';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** Beginnings of keys that could be names of variables too. Source: the providers' and Stripe's own keys. */
const KEY = /^(?:AIza|(?:sk|pk|rk|gsk|xai|hf|r8|ghp)_[A-Za-z0-9_]{12})/;

/** The account's providers and the variables that hold their keys, by provider. */
export function byokRows(account: Pick<Account, 'byok'>): ByokView['providers'] {
  return Object.entries(account.byok)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([provider, env]) => ({ provider, env: env === '' ? null : env }));
}

/** @throws LedgerError `unknown_account` */
export async function readByok(deps: LocalDeps, id: string): Promise<ByokView> {
  const { account } = (await deps.store.read(id)).state;
  return { account: id, providers: byokRows(account), receipt: null };
}

/**
 * Adds or removes a provider. What is so already books nothing, unless a key was given.
 * @throws LedgerError `unknown_account`, `account_closed`, `unknown_provider`, `key_reused`, `invalid_argument`
 */
export async function changeByok(
  deps: LocalDeps,
  id: string,
  input: ByokInput,
  { key = null, dryRun = false }: WriteOptions,
): Promise<ByokView> {
  const provider = input.provider.toLowerCase();
  if (input.env !== null && (!VARIABLE.test(input.env) || KEY.test(input.env))) {
    throw invalid(
      '--env takes the name of an environment variable, never a key',
      'for example --env OPENAI_API_KEY',
    );
  }
  const now = deps.now();
  const request =
    key === null ? null : deps.sha256(JSON.stringify(['byok', input.action, provider, input.env]));
  const work: Work = {
    account: id,
    now,
    loads: { key },
    dryRun,
    decide: ({ state, replay, catalogue }) => {
      if (replay !== null) {
        requireSameRequest(replay, request, key);
        return { replay };
      }
      refuseFuture(deps.store.mode, now, deps.wall());
      const before = state.account.byok;
      const byok = changed(before, provider, input, catalogue);
      const same = JSON.stringify(byok) === JSON.stringify(before);
      if (same && key === null && state.account.closedAt === null) {
        return { state, booked: [], lots: new Set(), holds: new Set(), swept: null, change: null };
      }
      const detail = { byok, by: deps.actor };
      const command: Command = { type: 'setting', detail, byok, note: null };
      return decide(state, command, now, contextOf(deps, catalogue), { key, request });
    },
  };
  const [result] = await deps.store.execute([work]);
  if (!result!.ok) throw result!.error;
  const { decided } = result!;
  if ('replay' in decided) {
    const { account } = (await deps.store.read(id)).state;
    return { account: id, providers: byokRows(account), receipt: answerOf(decided, dryRun, account) };
  }
  const receipt = decided.booked.length === 0 ? null : answerOf(decided, dryRun);
  return { account: id, providers: byokRows(decided.state.account), receipt };
}

function changed(
  before: Account['byok'],
  provider: string,
  { action, env }: ByokInput,
  catalogue: Catalogue,
): Record<string, string> {
  const after = { ...before };
  if (action === 'remove') {
    if (!Object.hasOwn(before, provider)) throw unknownProvider(provider, Object.keys(before));
    delete after[provider];
    return after;
  }
  const known = knownProvider(provider) !== undefined || catalogue.providers().includes(provider);
  if (!known) throw unknownProvider(provider, catalogue.providers());
  after[provider] = env ?? before[provider] ?? '';
  return after;
}

function unknownProvider(provider: string, known: readonly string[]): LedgerError {
  return new LedgerError('unknown_provider', `no provider here is called ${JSON.stringify(provider)}`, {
    hint:
      known.length > 0
        ? `the providers are ${known.join(', ')}`
        : 'this account has none with a key of its own',
    details: { provider },
  });
}
