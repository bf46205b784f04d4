/** `--above` of `models set`: what every token of a call costs once its input is longer than a threshold. */
import { parseTokens } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import { parseRate, type RateTier } from '../../core/rates.ts';

const FORM = /^([^=]+)=([^/]+)\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/;

/**
 * Reads the flags: `TOKENS=INPUT/OUTPUT[/CACHE-READ[/CACHE-WRITE]]`, in any order.
 * @returns the tiers by rising threshold; without a flag no field at all
 * @throws LedgerError `invalid_argument`
 */
export function tiersOf(flags: readonly string[]): { readonly tiers?: readonly RateTier[] } {
  if (flags.length === 0) return {};
  const tiers = flags.map(readTier).sort((a, b) => a.above - b.above);
  const twice = tiers.find(({ above }, index) => tiers[index - 1]?.above === above);
  if (twice !== undefined) throw invalid(`--above ${twice.above} is given twice`);
  return { tiers };
}

function readTier(text: string): RateTier {
  const [, above, input, output, cacheRead, cacheWrite] = FORM.exec(text) ?? [];
  if (above === undefined || input === undefined || output === undefined) {
    throw invalid(
      `--above ${JSON.stringify(text)} is no price of long inputs`,
      'for example --above 200000=2.5/15, or with cache rates 200000=2.5/15/0.25/3.125',
    );
  }
  const rate = (given: string | undefined): string | null =>
    given === undefined ? null : parseRate(given, '--above rate');
  return {
    above: parseTokens(above),
    input: parseRate(input, '--above rate'),
    output: parseRate(output, '--above rate'),
    cacheRead: rate(cacheRead),
    cacheWrite: rate(cacheWrite),
  };
}

/** What is said where a new row leaves out the prices of long inputs that the old one had. */
export const withoutTiers = (name: string): string =>
  `warning: ${name} had prices of its own for long inputs, and this row has none: give them with --above`;
