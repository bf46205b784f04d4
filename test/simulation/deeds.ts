/** What the actors of a simulation ask for: requests that can be sent again word for word, with what the model does then. */
import type { LocalLedger } from '../../src/ledger/local.ts';
import type { SpendInput } from '../../src/ledger/service.ts';
import type { NaiveCall, NaiveStep } from '../helpers/naive-steps.ts';
import { BARE, callOf, micro, NO_TAGS } from '../helpers/pair-words.ts';
import type { StepOf, Witnessed } from './witness.ts';

export interface Request {
  readonly what: string;
  /** A request without one is never sent twice. */
  readonly key: string | null;
  readonly stepOf: StepOf;
  send(ledger: LocalLedger): Promise<unknown>;
}

/** How a request is sent. */
export interface Sending {
  readonly key: string | null;
  readonly dryRun: boolean;
}

const words = { tags: NO_TAGS, note: null };

const costOf = (given: bigint | NaiveCall) =>
  typeof given === 'bigint' ? { amount: micro(given), call: null } : { amount: null, call: callOf(given) };

export const spendInputOf = ({ cost, at }: Extract<NaiveStep, { do: 'spend' }>): SpendInput => ({
  ...costOf(cost),
  ...words,
  at,
});

/** The name of a lot or hold by its place; one that is not there yet will never be meant. */
function idOf(kind: 'lot' | 'hold', index: number, { tag, fold }: Witnessed): { id: string; index: number } {
  const rows = kind === 'lot' ? fold.lots : fold.holds;
  const no = [...rows.keys()].sort((a, b) => a - b)[index];
  return no === undefined
    ? { id: `${kind}_${tag}_9999`, index: 99_999 }
    : { id: `${kind}_${tag}_${no}`, index };
}

/** A step of one account as a request to its ledger. */
export function requestOf(one: Witnessed, given: NaiveStep, { key, dryRun }: Sending): Request {
  const { id: account } = one;
  const options = { key, dryRun };
  const make = (
    step: NaiveStep,
    send: (ledger: LocalLedger) => Promise<unknown>,
    own: string | null = key,
  ): Request => ({
    what: `${account} ${JSON.stringify(step, (_, value) => (typeof value === 'bigint' ? Number(value) : value))}${own === null ? '' : ` key ${own}`}${dryRun ? ' dry' : ''}`,
    key: own,
    stepOf: (id) => (id === account ? step : null),
    send,
  });
  switch (given.do) {
    case 'spend':
      return make(given, (ledger) => ledger.spend(account, spendInputOf(given), options));
    case 'hold':
      return make(given, (ledger) =>
        ledger.hold(account, { ...costOf(given.cost), ...words, ttlMs: given.ttl }, options),
      );
    case 'settle': {
      const { id: hold, index } = idOf('hold', given.hold, one);
      const cost = typeof given.cost === 'bigint' ? given.cost : { ...given.cost, ...BARE };
      const input = { hold, ...costOf(cost), ...words };
      return make({ ...given, hold: index }, (ledger) => ledger.settle(account, input, options));
    }
    case 'release': {
      const { id: hold, index } = idOf('hold', given.hold, one);
      return make({ do: 'release', hold: index }, (ledger) =>
        ledger.release(account, { hold, note: null }, options),
      );
    }
    case 'grant': {
      const expires = given.until === null ? null : { at: given.until };
      const source = given.source as 'promotional';
      const input = { source, amount: micro(given.amount), expires, priority: given.priority, note: null };
      return make(given, (ledger) => ledger.grant(account, input, options));
    }
    case 'revoke': {
      const { id: lot, index } = idOf('lot', given.lot, one);
      return make({ do: 'revoke', lot: index }, (ledger) =>
        ledger.revoke(account, { lot, note: null }, options),
      );
    }
    case 'end': {
      const { id: lot, index } = idOf('lot', given.lot, one);
      return make({ do: 'end', lot: index }, (ledger) => ledger.expire(account, lot, options));
    }
    case 'expire':
      return make(given, (ledger) => ledger.expire(account, null, { dryRun }), null);
    case 'close':
      return make(given, (ledger) => ledger.closeAccount(account, options));
    case 'cycle':
      return make(given, (ledger) => ledger.runCycle(given.part, account, { dryRun }), null);
    case 'plan':
      return make(given, (ledger) =>
        ledger.setPlan(account, { plan: given.plan, mode: given.mode }, options),
      );
    case 'byok': {
      const action = given.on ? ('add' as const) : ('remove' as const);
      const input = { action, provider: given.provider, env: null };
      return make(given, (ledger) => ledger.changeByok(account, input, options));
    }
  }
}
