/** Settled holds as records of what a call was expected to take and took. */
import type { TokenRecord } from '../core/token-corrections.ts';
import type { Hold } from '../core/types.ts';
import type { Row } from './rows.ts';

/** Of a hold's terms and the input that its settle recorded; nothing for a hold by amount, or of a call without input. */
export function tokenRecordOf([terms, usedTokens]: Row): TokenRecord[] {
  const { call } = JSON.parse(terms as string) as Pick<Hold, 'call'>;
  if (call === null) return [];
  const { model, inputTokens, estimatedTokens } = call;
  const expectedTokens = estimatedTokens ?? inputTokens;
  if (expectedTokens === 0) return [];
  return [{ model, expectedTokens, told: estimatedTokens !== undefined, usedTokens: usedTokens as number }];
}
