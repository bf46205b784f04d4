/** Exports of a local ledger: each from one snapshot, which ends with the last page or when nobody wants more. */
import type { LocalDeps } from '../local-deps.ts';
import { type LedgerLine, ledgerLines } from './ledger-lines.ts';
import { type ExportRows, type ExportWhat, exportRows } from './rows.ts';

/** @throws LedgerError `integrity_failure`, `ledger_unreadable` */
export async function* exportLedger({ store, sha256 }: LocalDeps): AsyncGenerator<readonly LedgerLine[]> {
  const dump = await store.dump();
  try {
    yield* ledgerLines(dump, sha256);
  } finally {
    await dump.close();
  }
}

/** @throws LedgerError `unknown_account`, `integrity_failure`, `ledger_unreadable` */
export async function* exportAccountRows<What extends ExportWhat>(
  { store }: LocalDeps,
  what: What,
  account: string | null,
): AsyncGenerator<readonly ExportRows[What][]> {
  const dump = await store.dump();
  try {
    yield* exportRows(dump, what, account);
  } finally {
    await dump.close();
  }
}
