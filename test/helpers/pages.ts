/**
 * Ledger pages: a test as one string, one step a line, what it does on the right of an arrow.
 *
 * ```
 * lot    monthly     100  until day 30
 * spend              481                -> refused insufficient_credits: needed 481, available 100
 * at     day 30 -1ms
 * see                                   -> available 100
 * ```
 *
 * The right side is complete: every entry of every receipt, in booking order. Behind the entries a line may ask how the
 * account stands (`available`, `reserved`, `owes`, `plan`, `pending`, `cycle`). A line without an arrow must succeed. Every step is
 * audited (`audit.ts`). The account starts on day 0 (2026-01-01) with no lot and the free plan, unless it is `open`ed.
 */
import { expect } from 'vitest';
import type { CallInput } from '../../src/core/calls.ts';
import { parseCredits } from '../../src/core/credits.ts';
import type { ChangeMode, Command } from '../../src/core/ledger/commands.ts';
import type { Instant, Source } from '../../src/core/types.ts';
import { PageLedger, type World } from './page-ledger.ts';
import { writeDecision, writeRefusal, writeStanding, writeThing } from './page-outcome.ts';
import { spanMs, Words } from './words.ts';

const NO_TAGS = { activity: null, session: null, run: null };
const CALL = /^(\d+)\/(\d+)$/;

/** `haiku 1000/500 cached 100 written 50 provider P no-byok`: input and output tokens around the slash. */
function readCall(words: Words, model: string): CallInput {
  const tokens = CALL.exec(words.next('tokens'));
  if (tokens === null) throw words.wrong('tokens are written IN/OUT');
  const cached = words.after('cached');
  const written = words.after('written');
  const provider = words.after('provider');
  return {
    model,
    provider: provider ?? null,
    inputTokens: Number(tokens[1]),
    outputTokens: Number(tokens[2]),
    cachedTokens: Number(cached ?? 0),
    cacheWriteTokens: Number(written ?? 0),
    toolCalls: 0,
    ...NO_TAGS,
    noByok: words.take('no-byok'),
  };
}

/** An amount, a call, or by `both` the two; `nothing` is neither. A call without a model is its tokens alone. */
function readCost(words: Words): Pick<Extract<Command, { type: 'settle' }>, 'amount' | 'call'> {
  const word = words.peek() ?? '';
  if (words.take('nothing')) return { amount: null, call: null };
  if (words.take('both')) {
    const amount = words.amount();
    return { amount, call: readCall(words, words.next('a model')) };
  }
  if (CALL.test(word)) return { amount: null, call: readCall(words, '') };
  if (/^\d/.test(word) && !/[a-z]/i.test(word)) return { amount: words.amount(), call: null };
  return { amount: null, call: readCall(words, words.next('a model')) };
}

function readLife(words: Words, now: Instant): { at: Instant } | { afterMs: number } | 'never' | null {
  const span = words.after('for');
  if (span !== undefined) return { afterMs: spanMs(span) ?? Number.NaN };
  if (!words.take('until')) return null;
  return words.take('never') ? 'never' : { at: words.time(now) };
}

type Verb = (ledger: PageLedger, words: Words) => Command;

const VERBS: Readonly<Record<string, Verb>> = {
  spend: (ledger, words) => {
    const cost = readCost(words);
    const at = words.take('at') ? words.time(ledger.now) : null;
    return { type: 'spend', ...cost, tags: NO_TAGS, note: null, at };
  },
  hold: (_, words) => {
    const cost = readCost(words);
    const ttl = words.after('ttl') ?? '10m';
    return { type: 'hold', ...cost, tags: NO_TAGS, ttlMs: spanMs(ttl)!, note: null };
  },
  settle: (ledger, words) => {
    const hold = ledger.holdNo(words.next('a hold'));
    return { type: 'settle', hold, ...readCost(words), tags: NO_TAGS, note: null };
  },
  release: (ledger, words) => ({ type: 'release', hold: ledger.holdNo(words.next('a hold')), note: null }),
  grant: (ledger, words) => {
    const source = words.next('a source') as Source;
    const amount = words.amount();
    const expires = readLife(words, ledger.now);
    const priority = Number(words.after('priority') ?? 50);
    return { type: 'grant', source, amount, expires, priority, note: null };
  },
  revoke: (ledger, words) => ({ type: 'revoke', lot: ledger.lotNo(words.next('a lot')), note: null }),
  expire: (ledger, words) => ({
    type: 'expire',
    lot: words.peek() === undefined ? null : ledger.lotNo(words.next('a lot')),
  }),
  rollover: () => ({ type: 'cycle', step: 'rollover' }),
  cycle: (_, words) => ({ type: 'cycle', step: words.next('a step') as 'grant' | 'expire' | 'rollover' }),
  plan: (_, words) => {
    const plan = words.next('a plan');
    const mode = words.peek() === undefined || words.peek() === 'key' ? null : words.next('a mode');
    return { type: 'plan', plan, mode: mode as ChangeMode };
  },
  close: () => ({ type: 'close' }),
  byok: (ledger, words) => {
    const { byok } = ledger.state.account;
    const adds = words.next('add or remove') === 'add';
    const provider = words.next('a provider');
    const { [provider]: _, ...others } = byok;
    const after = adds ? { ...byok, [provider]: '' } : others;
    return { type: 'setting', detail: { byok: after }, byok: after, note: null };
  },
};

/** Steps that change the page's world and book nothing. */
const SCENERY: Readonly<Record<string, (ledger: PageLedger, words: Words) => void>> = {
  at: (ledger, words) => {
    ledger.now = words.time(ledger.now);
  },
  define: (ledger, words) => {
    const id = words.next('a plan');
    const monthly = words.amount();
    const priceCents = Number(parseCredits(words.next('a price'))) / 10_000;
    const from = words.take('from') ? words.time(ledger.now) : ledger.now;
    ledger.rows = {
      ...ledger.rows,
      plans: [...ledger.rows.plans, { id, name: id, from, monthly, priceCents }],
    };
  },
  rate: (ledger, words) => {
    const model = words.next('a model id');
    const [input, output] = words.next('rates').split('/');
    const rates = output === undefined ? null : { input: input!, output, cacheRead: null, cacheWrite: null };
    const from = words.take('from') ? words.time(ledger.now) : ledger.now;
    const no = ledger.rows.rates.length + 1;
    ledger.rows = { ...ledger.rows, rates: [...ledger.rows.rates, { no, model, from, rates }] };
  },
};

function takeStep(ledger: PageLedger, step: string): string {
  const words = new Words(step);
  const verb = words.next('a verb');
  if (verb === 'see') {
    const name = words.peek();
    return name === undefined ? '' : writeThing(ledger, name);
  }
  if (SCENERY[verb] !== undefined) {
    SCENERY[verb](ledger, words);
    words.end();
    return '';
  }
  try {
    if (verb === 'open') {
      const plan = words.next('a plan');
      const anchor = words.take('anchor') ? words.time(ledger.now) : null;
      const zone = words.after('zone') ?? 'UTC';
      return writeDecision(ledger, ledger.open(plan, anchor, zone), 'open');
    }
    if (verb === 'lot') {
      const source = words.next('a source') as Source;
      const amount = words.amount();
      const expiresAt = words.take('until') ? words.time(ledger.now) : null;
      const priority = Number(words.after('priority') ?? 50);
      words.end();
      return writeDecision(ledger, ledger.lot({ source, amount, expiresAt, priority }), 'lot');
    }
    const read = VERBS[verb];
    if (read === undefined) throw words.wrong('no such verb');
    const name = verb === 'hold' ? words.next('a name') : '';
    const command = read(ledger, words);
    const key = words.after('key') ?? null;
    words.end();
    const outcome = command.type === 'hold' ? ledger.hold(name, command, key) : ledger.run(command, key);
    return writeDecision(ledger, outcome, verb);
  } catch (error) {
    return writeRefusal(error);
  }
}

const tidy = (text: string): string => text.trim().replace(/\s+/g, ' ');

/** Runs a page and compares it, whole, with what it says. */
export function expectPage(text: string, world: World = {}): void {
  const ledger = new PageLedger(world);
  const wanted: string[] = [];
  const got: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const [step = '', outcome] = line.split('->').map(tidy);
    const said = takeStep(ledger, step);
    wanted.push(outcome === undefined ? step : `${step} -> ${outcome}`);
    if (outcome === undefined) {
      got.push(said.startsWith('refused') ? `${step} -> ${said}` : step);
      continue;
    }
    const standing = outcome.split(';').map((clause) => writeStanding(ledger, tidy(clause)));
    const clauses = [said, ...standing].filter((clause) => clause !== undefined && clause !== '');
    got.push(`${step} -> ${clauses.join('; ')}`);
  }
  expect(got.join('\n')).toBe(wanted.join('\n'));
}
