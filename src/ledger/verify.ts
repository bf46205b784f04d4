import type { LocalDeps } from './local-deps.ts';
import type { VerifyOptions, VerifyView } from './verify-view.ts';

export async function verifyStore(deps: LocalDeps, _options: VerifyOptions): Promise<VerifyView> {
  const faults = await deps.store.inspect();
  return { ok: faults.length === 0, accounts: 0, entries: 0, checks: [], heads: {} };
}
