/**
 * Reads the arguments of `simulate` into one request. Everything that can be wrong without looking at a file, a model or a
 * ledger is refused here. Source: contract 7.
 */
import { type Microcredits, parseCredits, parseTokens } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import type { CacheStyle } from '../../core/simulate/cards.ts';
import type { Compaction } from '../../core/simulate/runs.ts';
import type { CommandInput } from '../command.ts';
import { choiceOption, flagOption, readCount, readOption, textOption } from '../read-input.ts';

/** What both modes are asked. */
interface CommonRequest {
  /** As typed, or from CREDITS_MODEL. */
  readonly model: string;
  readonly maxRounds: number;
  /** null: the balance. */
  readonly budget: Microcredits | null;
  readonly check: boolean;
  readonly cache: CacheStyle;
  readonly compare: boolean;
  readonly plot: boolean;
  /** Where to write a page; null: nowhere. */
  readonly html: string | null;
}

/** A run whose every round is given. */
export interface ExactRequest extends CommonRequest {
  readonly mode: 'exact';
  readonly baseTokens: number;
  readonly toolTokens: number;
  readonly outputTokens: number;
}

/** Many runs of a profile. */
export interface StatisticalRequest extends CommonRequest {
  readonly mode: 'statistical';
  /** Name of a preset or path of a file; null: to be assumed. */
  readonly profile: string | null;
  readonly runs: number;
  readonly seed: number;
  readonly compaction: Compaction | null;
  readonly agents: number;
  /** Input of every first round; null: the profile's. */
  readonly baseTokens: number | null;
}

export type SimulateRequest = ExactRequest | StatisticalRequest;

/** Cap on rounds unless told (contract 7). */
export const DEFAULT_MAX_ROUNDS = 25;
/** Runs unless told (contract 7). */
const DEFAULT_RUNS = 10_000;
const CACHE_STYLES = ['none', 'anthropic', 'openai'] as const satisfies readonly CacheStyle[];
/** What only drawn runs have. A seed changes nothing about an exact run, so it does no harm there. */
const DRAWN = {
  profile: '--profile',
  runs: '--runs',
  compactAt: '--compact-at',
  compactTo: '--compact-to',
  parallelAgents: '--parallel-agents',
} as const;

/** The cap on rounds. @throws LedgerError `invalid_argument` */
export const readMaxRounds = (input: CommandInput): number =>
  readOption(input, 'maxRounds', readCount) ?? DEFAULT_MAX_ROUNDS;

/** A seed: whole, from 0 to 2^53 − 1. @throws LedgerError `invalid_argument` */
export function readSeed(text: string, what: string): number {
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw invalid(
      `${what} ${JSON.stringify(text)} is no seed`,
      'write a whole number up to 9007199254740991',
    );
  }
  return Number(text);
}

/**
 * Reads the request.
 * @throws LedgerError `invalid_argument`
 */
export function parseSimulate(input: CommandInput): SimulateRequest {
  const model = textOption(input, 'model') ?? input.model;
  if (model === null) throw invalid('which model? name one with -m', '`credits models` lists them');
  const common: CommonRequest = {
    model,
    maxRounds: readMaxRounds(input),
    budget: readOption(input, 'budget', parseCredits),
    check: flagOption(input, 'check'),
    cache: choiceOption(input, 'cache', CACHE_STYLES) ?? 'none',
    compare: flagOption(input, 'compare'),
    plot: flagOption(input, 'plot'),
    html: textOption(input, 'html'),
  };
  const baseTokens = readOption(input, 'baseTokens', parseTokens);
  const toolTokens = readOption(input, 'toolTokens', parseTokens);
  const outputTokens = readOption(input, 'outputTokens', parseTokens);
  if (toolTokens === null && outputTokens === null) return statistical(input, common, baseTokens);
  if (baseTokens === null || toolTokens === null || outputTokens === null) {
    throw invalid(
      'an exact run needs --base-tokens, --tool-tokens and --output-tokens, all three',
      'leave --tool-tokens and --output-tokens out to draw runs from a profile',
    );
  }
  for (const [name, flag] of Object.entries(DRAWN)) {
    if (input.options[name] !== undefined) {
      throw invalid(
        `${flag} is for runs drawn from a profile, and these tokens make one exact run`,
        'leave --tool-tokens and --output-tokens out to draw runs',
      );
    }
  }
  return { mode: 'exact', ...common, baseTokens, toolTokens, outputTokens };
}

function statistical(
  input: CommandInput,
  common: CommonRequest,
  baseTokens: number | null,
): StatisticalRequest {
  return {
    mode: 'statistical',
    ...common,
    profile: textOption(input, 'profile'),
    runs: readOption(input, 'runs', readCount) ?? DEFAULT_RUNS,
    seed: readOption(input, 'seed', readSeed) ?? 1,
    compaction: compactionOf(
      readOption(input, 'compactAt', parseTokens),
      readOption(input, 'compactTo', parseTokens),
    ),
    agents: readOption(input, 'parallelAgents', readCount) ?? 1,
    baseTokens,
  };
}

function compactionOf(at: number | null, to: number | null): Compaction | null {
  if (at === null && to === null) return null;
  if (at === null || to === null) {
    throw invalid(
      '--compact-at and --compact-to go together',
      'for example --compact-at 150000 --compact-to 20000',
    );
  }
  return { at, to };
}
