import type { RecordedRun } from '../../../src/core/simulate/fit.ts';
import type { Profile } from '../../../src/core/simulate/profile.ts';
import { naiveRuns } from './naive-runs.ts';
import { HAIKU } from './rates.ts';

/** Runs drawn from a profile, in the shape of recorded ones; each is a task of its own. */
export function recordRuns(profile: Profile, runs: number, seed: number): RecordedRun[] {
  const options = { profile, runs, seed, card: HAIKU, maxRounds: 1, compare: [], budget: null } as const;
  return naiveRuns({ ...options, cache: 'none', compaction: null, agents: 1, baseTokens: null }).map(
    (rounds, index) => ({
      id: `task-${index}`,
      rounds: rounds.map((round) => ({ in: round.input, out: round.output })),
    }),
  );
}
