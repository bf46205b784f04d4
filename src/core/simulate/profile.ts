/**
 * Profiles: how long agent runs are and how fast their context grows, as four lognormal laws. The presets are fitted on
 * recorded runs; a profile of one's own comes from `calibrate` and is read back here. Not a price list: a profile
 * holds tokens only.
 */
import { invalid } from '../errors.ts';

/** Most rounds of one run that are ever simulated, so that a wild profile cannot hang a command. */
export const MAX_ROUNDS = 10_000;
/** Largest spread of a law: beyond it a few draws decide the mean, and fits of small samples go there by accident. */
export const MAX_SD = 1.5;
/** Largest mean of a law of tokens, and largest median number of rounds. */
const MAX_MEAN = 100_000_000;

/** A lognormal law of tokens: mean (not median) in tokens, standard deviation of the logarithm. */
export interface TokenLaw {
  readonly mean: number;
  readonly sd: number;
}

/** A profile of agent runs. A round is one model call; `tool` is what enters the context between two rounds. */
export interface Profile {
  readonly name: string;
  /** Rounds per run: median, and standard deviation of the logarithm. */
  readonly rounds: { readonly median: number; readonly sd: number };
  /** Input tokens of round 1: system prompt, tools and task. */
  readonly firstInput: TokenLaw;
  /** Tokens that tool results and user text add after each round. */
  readonly tool: TokenLaw;
  /** Output tokens of each round, reasoning included. */
  readonly output: TokenLaw;
  /** Recorded runs the profile was fitted on. */
  readonly n: number;
}

/**
 * The presets. `coding`: mini-swe-agent on SWE-bench tasks, a lean harness. `service`: tau2 service desks with one or two
 * short tool results a round. `service-large`: the same desks with a model that writes and reads more.
 * Source: fitted on the recorded runs that examples/README.md names.
 */
export const PRESETS = {
  coding: {
    name: 'coding',
    rounds: { median: 79, sd: 0.32 },
    firstInput: { mean: 1907, sd: 0.22 },
    tool: { mean: 223, sd: 1.11 },
    output: { mean: 208, sd: 0.89 },
    n: 92,
  },
  service: {
    name: 'service',
    rounds: { median: 10, sd: 0.36 },
    firstInput: { mean: 3448, sd: 0.03 },
    tool: { mean: 244, sd: 1.36 },
    output: { mean: 81, sd: 0.81 },
    n: 110,
  },
  'service-large': {
    name: 'service-large',
    rounds: { median: 8, sd: 0.38 },
    firstInput: { mean: 6220, sd: 0.01 },
    tool: { mean: 342, sd: 1.5 },
    output: { mean: 200, sd: 0.78 },
    n: 50,
  },
} as const satisfies Record<string, Profile>;

/** Name of a preset profile. */
export type PresetName = keyof typeof PRESETS;

/** Tells a preset's name from a path. */
export const isPresetName = (name: string): name is PresetName => Object.hasOwn(PRESETS, name);

type Fields = Readonly<Record<string, unknown>>;

function objectAt(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`the profile's ${where} must be an object`);
  }
  return value as Fields;
}

function numberAt(fields: Fields, field: string, where: string, least: number, most: number): number {
  const value = fields[field];
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw invalid(`the profile's ${where}.${field} must be a number from ${least} to ${most}`);
  }
  return value;
}

function lawAt(profile: Fields, where: string, least: number): TokenLaw {
  const fields = objectAt(profile[where], where);
  return {
    mean: numberAt(fields, 'mean', where, least, MAX_MEAN),
    sd: Math.min(MAX_SD, numberAt(fields, 'sd', where, 0, Number.MAX_VALUE)),
  };
}

/**
 * Reads a profile document, `credits.profile/v1`. Fields that are not the laws (`n`, `tasks`, `heldOut`, …) are optional;
 * unknown ones are ignored. A spread above 1.5 counts as 1.5.
 * @param document parsed JSON
 * @param name used when the document carries none
 * @throws LedgerError `invalid_argument` naming the field
 */
export function readProfile(document: unknown, name: string): Profile {
  const profile = objectAt(document, 'document');
  if (profile.schema !== undefined && profile.schema !== 'credits.profile/v1') {
    throw invalid(
      `${JSON.stringify(profile.schema)} is no profile schema this version knows`,
      'write a profile with `credits simulate calibrate PATH -o FILE`',
    );
  }
  const rounds = objectAt(profile.rounds, 'rounds');
  return {
    name: typeof profile.name === 'string' && profile.name !== '' ? profile.name : name,
    rounds: {
      median: numberAt(rounds, 'median', 'rounds', 1, MAX_ROUNDS),
      sd: Math.min(MAX_SD, numberAt(rounds, 'sd', 'rounds', 0, Number.MAX_VALUE)),
    },
    firstInput: lawAt(profile, 'firstInput', 1),
    tool: lawAt(profile, 'tool', 0),
    output: lawAt(profile, 'output', 1),
    n: profile.n === undefined ? 0 : numberAt(profile, 'n', 'profile', 0, Number.MAX_SAFE_INTEGER),
  };
}
