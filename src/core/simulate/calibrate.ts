/**
 * Calibration: a profile fitted on recorded runs, with its error on unseen tasks beside it. Reads no files: adapters of
 * transcript formats give the runs.
 *
 * Source: contract 7.
 */
import type { Card } from './cards.ts';
import { BLEND_RUNS, fitProfile, type RecordedRun, taskOf } from './fit.ts';
import { type HeldOut, validateHeldOut } from './held-out.ts';
import { MAX_ROUNDS, type Profile } from './profile.ts';
import { runCosts } from './run-costs.ts';

/** Fewer runs than this are a warning: the median error of P50 and P90 on unseen coding tasks was 19 and 25 % at 10 runs. */
export const FEW_RUNS = 10;
const SPLITS = 100;
const SIMULATED_RUNS = 2000;

/** What to calibrate. */
export interface CalibrationOptions {
  readonly runs: readonly RecordedRun[];
  /** Name of the profile. */
  readonly name: string;
  /** Prices for the held-out error: errors are shares of cost. */
  readonly card: Card;
  /** Whole number from 0 to 2^53 − 1, for the splits and the simulated runs. */
  readonly seed: number;
  /** A profile to blend with; null: the data alone. */
  readonly blendWith: Profile | null;
}

/** A profile document, `credits.profile/v1`: what `readProfile` reads, and where it comes from. */
export interface Calibration extends Profile {
  /** Different tasks among the runs. */
  readonly tasks: number;
  /** Rounds of all runs. */
  readonly calls: number;
  /** Share of steps where the context shrank; they are kept out of the law of tool results. */
  readonly contextDropShare: number;
  /** The profile blended in, and the weight of the data beside it; null: none. */
  readonly blendedWith: { readonly profile: string; readonly weight: number } | null;
  /** Error on unseen tasks; null when there are too few tasks to split. */
  readonly heldOut: (HeldOut & { readonly model: string }) | null;
  /** One sentence when the runs are too few to trust; null otherwise. */
  readonly warning: string | null;
}

/**
 * Predicts what runs of a profile fitted on `runs` cost: the model that `calibrate` validates.
 * @param seed for the simulated runs
 * @returns microcredits of simulated, uncapped runs
 */
export function predictCosts(
  runs: readonly RecordedRun[],
  options: { readonly card: Card; readonly blendWith: Profile | null; readonly seed: number },
): Float64Array {
  return runCosts({
    profile: fitProfile(runs, 'half', options.blendWith).profile,
    seed: options.seed,
    start: 0,
    count: SIMULATED_RUNS,
    compaction: null,
    card: options.card,
    cache: 'none',
    maxRounds: MAX_ROUNDS,
  });
}

function warningOf(runs: readonly RecordedRun[], isValidated: boolean): string | null {
  if (runs.length < FEW_RUNS) {
    return `only ${runs.length} runs: P50 and P90 of unseen tasks may be off by a quarter and more`;
  }
  return isValidated ? null : 'too few tasks to state an error on unseen ones';
}

/**
 * Fits a profile and states its held-out error.
 * @throws LedgerError `invalid_argument` for no runs, a run without rounds, token counts out of range, or a bad seed
 */
export function calibrate(options: CalibrationOptions): Calibration {
  const { runs, card, blendWith, seed } = options;
  const { profile, contextDropShare } = fitProfile(runs, options.name, blendWith);
  const heldOut = validateHeldOut({
    runs,
    card,
    seed,
    splits: SPLITS,
    predict: (half, key) => predictCosts(half, { card, blendWith, seed: key.first >>> 0 }),
  });
  return {
    ...profile,
    tasks: new Set(runs.map(taskOf)).size,
    calls: runs.reduce((sum, run) => sum + run.rounds.length, 0),
    contextDropShare,
    blendedWith:
      blendWith === null
        ? null
        : {
            profile: blendWith.name,
            weight: Math.round((runs.length / (runs.length + BLEND_RUNS)) * 1e4) / 1e4,
          },
    heldOut: heldOut === null ? null : { ...heldOut, model: card.model },
    warning: warningOf(runs, heldOut !== null),
  };
}
