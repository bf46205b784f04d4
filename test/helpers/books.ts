/** Books of the simulated provider in memory, for tests without a database. */
import type { Books } from '../../src/ledger/payments/payment-store.ts';

export function memoryBooks(): Books {
  const rows = new Map<string, { no: number; body: string }>();
  let count = 0;
  return {
    async transact(ids, work) {
      const found = new Map(
        ids.flatMap((id) => {
          const row = rows.get(id);
          return row === undefined ? [] : [[id, row.body] as const];
        }),
      );
      const { result, put } = work(found);
      for (const { id, body } of put) {
        const no = rows.get(id)?.no ?? count + 1;
        count = Math.max(count, no);
        rows.set(id, { no, body });
      }
      return result;
    },
    async list(prefix, after, limit) {
      const found = [...rows].flatMap(([id, row]) =>
        id.startsWith(prefix) && row.no > after ? [{ id, ...row }] : [],
      );
      return found.sort((a, b) => a.no - b.no).slice(0, limit);
    },
  };
}
