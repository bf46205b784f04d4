/**
 * Bugs that a ledger of money must not have, each as an edit of the source. The suite has to turn red on every one:
 * `npm run planted` applies them to a copy, one at a time, and runs the tests named beside each.
 */

/** One wrong edit. `find` occurs exactly once in the file. */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Test files that have to notice; any one of them is enough. */
  readonly tests: readonly string[];
}

const MONEY = ['test/core/topup.test.ts', 'test/core/ledger', 'test/ledger/payments'];
const CORE = ['test/core/ledger', 'test/core/properties.test.ts'];

export const PLANTED: readonly PlantedBug[] = [
  {
    name: 'deferred begin: the state is read before the lock is ours',
    file: 'src/store/sqlite.ts',
    find: "this.db.exec('BEGIN IMMEDIATE');",
    replace: "this.db.exec('BEGIN');",
    tests: ['test/torture/busy.test.ts', 'test/torture/race.test.ts'],
  },
  {
    name: 'no lock: every write stands alone',
    file: 'src/store/sqlite.ts',
    find: "this.db.exec('BEGIN IMMEDIATE');\n    try {",
    replace: 'try {',
    tests: ['test/torture/busy.test.ts', 'test/ledger/local.test.ts'],
  },
  {
    name: 'answered before it is stored',
    file: 'src/store/sqlite.ts',
    find: "this.db.exec(rollback ? 'ROLLBACK' : 'COMMIT');",
    replace: "this.db.exec('ROLLBACK');",
    tests: ['test/ledger/local.test.ts'],
  },
  {
    name: 'a commit that a power cut may lose',
    file: 'src/store/sqlite-file.ts',
    find: "db.pragma('synchronous = FULL');",
    replace: "db.pragma('synchronous = OFF');",
    tests: ['test/torture/durability.test.ts'],
  },
  {
    name: 'a commit that is forced to disk only at checkpoints',
    file: 'src/store/sqlite-file.ts',
    find: "db.pragma('synchronous = FULL');",
    replace: "db.pragma('synchronous = NORMAL');",
    tests: ['test/torture/durability.test.ts'],
  },
  {
    name: 'no row lock: nodes on one PostgreSQL decide at once',
    file: 'src/store/postgres-sql.ts',
    find: 'WHERE id = ANY($1::text[]) ORDER BY no FOR UPDATE',
    replace: 'WHERE id = ANY($1::text[]) ORDER BY no',
    tests: ['test/torture/postgres.test.ts'],
  },
  {
    name: 'busy is told as insufficient',
    file: 'src/store/sqlite-errors.ts',
    find: "new LedgerError('ledger_busy'",
    replace: "new LedgerError('insufficient_credits'",
    tests: ['test/torture/busy.test.ts', 'test/store/sqlite-file.test.ts'],
  },
  {
    name: 'history may be changed',
    file: 'migrations/dialect.ts',
    find: "refuse(table, 'UPDATE')",
    replace: "''",
    tests: ['test/store/append-only.test.ts'],
  },
  {
    name: 'history may be changed on PostgreSQL',
    file: 'migrations/dialect.ts',
    find: "guard(table, 'UPDATE'), ",
    replace: '',
    tests: ['test/store/append-only.test.ts'],
  },
  {
    name: 'holds ignored: what is held is still spendable',
    file: 'src/core/lots.ts',
    find: 'if (isSpendable(lot, at)) sum += lot.available;',
    replace: 'if (isSpendable(lot, at)) sum += lot.available + lot.held;',
    tests: ['test/core/lots.test.ts', ...CORE],
  },
  {
    name: 'burn order reversed',
    file: 'src/core/lots.ts',
    find: 'if (aEnd !== bEnd) return aEnd < bEnd ? -1 : 1;',
    replace: 'if (aEnd !== bEnd) return aEnd < bEnd ? 1 : -1;',
    tests: ['test/core/lots.test.ts', ...CORE],
  },
  {
    name: 'paid before free',
    file: 'src/core/lots.ts',
    find: 'return aPaid ? 1 : -1;',
    replace: 'return aPaid ? -1 : 1;',
    tests: ['test/core/lots.test.ts', ...CORE],
  },
  {
    name: 'burn by age: the priority does not count',
    file: 'src/core/lots.ts',
    find: 'if (a.priority !== b.priority) return a.priority < b.priority ? -1 : 1;',
    replace: 'if (a.grantedAt !== b.grantedAt) return a.grantedAt < b.grantedAt ? -1 : 1;',
    tests: ['test/core/lots.test.ts', ...CORE],
  },
  {
    name: 'boundary inclusive: spendable at the very end',
    file: 'src/core/lots.ts',
    find: '(lot.expiresAt !== null && lot.expiresAt <= at)',
    replace: '(lot.expiresAt !== null && lot.expiresAt < at)',
    tests: ['test/core/lots.test.ts', ...CORE],
  },
  {
    name: 'anchor drift: a short month shortens the next ones',
    file: 'src/core/cycles.ts',
    find: 'const day = Math.min(local.day, daysInMonth(year, month));',
    replace: 'const day = Math.min(local.day, 28);',
    tests: ['test/core/cycles.test.ts'],
  },
  {
    name: 'a boundary is counted from the previous one',
    file: 'src/core/cycles.ts',
    find: 'const bound = (n: number): Instant => (n === 0 ? anchor : monthsLater(origin, n, zone, rules));',
    replace: `const bound = (n: number): Instant => {
    let at = anchor;
    for (let month = 0; month < n; month += 1) at = monthsLater(rules.toLocal(at, zone), 1, zone, rules);
    return at;
  };`,
    tests: ['test/core/cycles.test.ts'],
  },
  {
    name: 'the remaining share rounded up',
    file: 'src/core/cycles.ts',
    find: 'return micro(Number((BigInt(difference) * remaining) / BigInt(end - start)));',
    replace: 'return micro(Math.ceil((difference * Number(remaining)) / (end - start)));',
    tests: ['test/core/cycles.test.ts', ...CORE],
  },
  {
    name: 'a missed cycle is granted too',
    file: 'src/core/ledger/plan-change.ts',
    find: 'const amount = cycle.plan.monthly;',
    replace: 'const amount = (cycle.plan.monthly * (1 + cycle.missed)) as typeof cycle.plan.monthly;',
    tests: CORE,
  },
  {
    name: 'a cycle is granted before it is due',
    file: 'src/core/ledger/plan-change.ts',
    find: 'if (account.cycleEnd !== null && at < account.cycleEnd) return null;',
    replace: '',
    tests: CORE,
  },
  {
    name: 'welcome per plan: who begins on a paid one gets none',
    file: 'src/core/ledger/accounts.ts',
    find: `const lot = grantLot(booking, { source: 'welcome', amount: WELCOME_CREDITS });
  booking.close('grant', { credits: WELCOME_CREDITS, detail: { lot } });`,
    replace: `if (plan.monthly === 0) {
    const lot = grantLot(booking, { source: 'welcome', amount: WELCOME_CREDITS });
    booking.close('grant', { credits: WELCOME_CREDITS, detail: { lot } });
  }`,
    tests: CORE,
  },
  {
    name: 'float sum: a price by multiplication of numbers',
    file: 'src/core/rates.ts',
    find: 'const cost = (sum * 1000n + unit - 1n) / unit;',
    replace: 'const cost = BigInt(Math.ceil((Number(sum) / Number(unit)) * 1000));',
    tests: ['test/core/rates.test.ts'],
  },
  {
    name: 'a price rounded down',
    file: 'src/core/rates.ts',
    find: '(sum * 1000n + unit - 1n) / unit',
    replace: '(sum * 1000n) / unit',
    tests: ['test/core/rates.test.ts'],
  },
  {
    name: 'cache reads paid twice',
    file: 'src/core/rates.ts',
    find: '{ tokens: tokens.inputTokens - read - written, rate: rates.input },',
    replace: '{ tokens: tokens.inputTokens, rate: rates.input },',
    tests: ['test/core/rates.test.ts'],
  },
  {
    name: 'key with amount: another amount under a key is answered as the first',
    file: 'src/ledger/requests.ts',
    find: "case 'spend':\n      return [command.amount, ",
    replace: "case 'spend':\n      return [",
    tests: ['test/ledger/local.test.ts'],
  },
  {
    name: 'a repeated key books again',
    file: 'src/ledger/local.ts',
    find: 'if (replay !== null) {',
    replace: 'if (replay !== null && key === null) {',
    tests: ['test/ledger/local.test.ts'],
  },
  {
    name: 'a key is the whole ledger’s and not the account’s',
    file: 'src/store/sqlite-statements.ts',
    find: 'WHERE account = ? AND key = ?',
    replace: 'WHERE (account = ? OR 1) AND key = ?',
    tests: ['test/ledger/key-replay.test.ts'],
  },
  {
    name: 'a key of a card answers whatever is asked under it',
    file: 'src/ledger/payments/cards.ts',
    find: 'if (replay !== null) requireSameRequest(replay, request, key);',
    replace: '',
    tests: ['test/ledger/key-replay.test.ts'],
  },
  {
    name: 'no request hash: a key answers whatever is asked under it',
    file: 'src/ledger/local-keys.ts',
    find: '  throw keyReused(key!);\n',
    replace: '',
    tests: ['test/ledger/local.test.ts'],
  },
  {
    name: 'debt does not block',
    file: 'src/core/ledger/booking.ts',
    find: 'if (booking.account.debt === ZERO) return;',
    replace: 'if (booking.account.debt >= ZERO) return;',
    tests: CORE,
  },
  {
    name: 'time runs backwards',
    file: 'src/core/ledger/booking.ts',
    find: 'this.at = Math.max(now, state.account.lastAt);',
    replace: 'this.at = now;',
    tests: CORE,
  },
  {
    name: 'a closed account spends',
    file: 'src/core/ledger/booking.ts',
    find: 'if (account.closedAt === null) return;',
    replace: 'if (account.closedAt !== 0) return;',
    tests: CORE,
  },
  {
    name: 'what an overrun takes from no lot is forgotten',
    file: 'src/core/ledger/holds.ts',
    find: "booking.move('owed', 'debt', 'spent', short, null);",
    replace: '',
    tests: CORE,
  },
  {
    name: 'a hold is settled twice',
    file: 'src/core/ledger/holds.ts',
    find: "if (found.status === 'settled' || found.status === 'released') throw resolvedAlready(booking, found);",
    replace: '',
    tests: CORE,
  },
  {
    name: 'a settle is priced by today’s rate and not by the hold’s',
    file: 'src/core/ledger/holds.ts',
    find: 'rate: own.rate === null ? null : (catalogue.rateByNo(own.rate) ?? null),',
    replace: 'rate: catalogue.rateAt(own.model, booking.at) ?? null,',
    tests: [...CORE, 'test/ledger/local.test.ts'],
  },
  {
    name: 'what a hold lets go returns first lot first',
    file: 'src/core/ledger/sweep.ts',
    find: 'return parts.reverse();',
    replace: 'return parts;',
    tests: CORE,
  },
  {
    name: 'what a hold lets go returns to another lot',
    file: 'src/core/ledger/sweep.ts',
    find: "booking.move('returned', 'held', 'available', amount, lot);",
    replace: "booking.move('returned', 'held', 'available', amount, parts[0]!.lot);",
    tests: CORE,
  },
  {
    name: 'what comes back to an ended lot is spendable again',
    file: 'src/core/ledger/sweep.ts',
    find: 'endRest(booking, lot, amount);',
    replace: '',
    tests: CORE,
  },
  {
    name: 'a lapsed hold still reserves at its end',
    file: 'src/core/ledger/sweep.ts',
    find: "(hold) => hold.status === 'open' && hold.expiresAt <= booking.at,",
    replace: "(hold) => hold.status === 'open' && hold.expiresAt < booking.at,",
    tests: CORE,
  },
  {
    name: 'expiry only by sweep: a read shows what the clock has taken',
    file: 'src/ledger/as-of.ts',
    find: 'return { state: projectTo(state, at).state, at };',
    replace: 'return { state, at };',
    tests: ['test/cli/lapsed-reads.test.ts'],
  },
  {
    name: 'a look back leaves out what was booked in the last minute before it',
    file: 'src/ledger/as-of.ts',
    find: 'deps.store.receiptsUntil(account, until)',
    replace: 'deps.store.receiptsUntil(account, until - 60_000)',
    tests: ['test/simulation/simulation.test.ts'],
  },
  {
    name: 'a list of accounts shows what the clock has taken',
    file: 'src/ledger/local-reads.ts',
    find: 'const { account } = projectTo(state, at).state;',
    replace: 'const { account } = state;',
    tests: ['test/cli/lapsed-reads.test.ts'],
  },
  {
    name: 'a hold past its time is listed as open',
    file: 'src/ledger/local-reads.ts',
    find: "hold.status === 'open' && hold.expiresAt <= at ? { ...hold, status: 'lapsed' } : hold;",
    replace: "hold.status === 'open' && hold.expiresAt < at ? { ...hold, status: 'lapsed' } : hold;",
    tests: ['test/cli/lapsed-reads.test.ts'],
  },
  {
    name: 'a late settle is dropped',
    file: 'src/core/ledger/holds.ts',
    find: 'const overrun = subtract(cost, captured);',
    replace: 'const overrun = late ? ZERO : subtract(cost, captured);',
    tests: CORE,
  },
  {
    name: 'a grant leaves the debt',
    file: 'src/core/ledger/grant-lot.ts',
    find: "booking.move('repaid', 'available', 'spent', least(booking.account.debt, facts.amount), lot.no);",
    replace: '',
    tests: CORE,
  },
  {
    name: 'a call on the account’s own key is paid for',
    file: 'src/core/ledger/spend.ts',
    find: 'if (!usage.byok) {',
    replace: 'if (usage.model !== null || !usage.byok) {',
    tests: CORE,
  },
  {
    name: 'debt stops a call on the account’s own key',
    file: 'src/core/ledger/spend.ts',
    find: 'if (!usage.byok) {\n    refuseDebt(booking);',
    replace: 'refuseDebt(booking);\n  if (!usage.byok) {',
    tests: CORE,
  },
  {
    name: 'a call on the account’s own key needs the balance for its list price',
    file: 'src/core/ledger/spend.ts',
    find: 'if (!usage.byok) {\n    refuseDebt(booking);',
    replace:
      'selectLots(booking.lots.values(), usage.listCredits ?? ZERO, booking.at);\n  if (!usage.byok) {\n    refuseDebt(booking);',
    tests: CORE,
  },
  {
    name: 'the chain leaves out the receipt before',
    file: 'src/core/chain.ts',
    find: '    previous,\n',
    replace: "    '',\n",
    tests: ['test/core/chain.test.ts', 'test/ledger/tamper.test.ts'],
  },
  {
    name: 'the chain leaves out the note',
    file: 'src/core/chain.ts',
    find: 'receipt.note,',
    replace: 'null,',
    tests: ['test/core/chain.test.ts', 'test/ledger/tamper.test.ts'],
  },
  {
    name: 'a token reaches the account that the request names',
    file: 'src/http/server/authenticate.ts',
    find: 'if (asked === undefined || asked === account) return account;',
    replace: 'if (account !== null) return asked ?? account;',
    tests: ['test/http/access.test.ts'],
  },
  {
    name: 'refund that mints: what went back is granted again',
    file: 'src/core/ledger/clawback.ts',
    find: 'const isLess = target < returnTarget(before, before.returns);',
    replace: 'const isLess = true;',
    tests: MONEY,
  },
  {
    name: 'a refund told twice is taken twice',
    file: 'src/core/ledger/clawback.ts',
    find: 'if (target > taken) return take(booking, attempt, micro(target - taken), policy);',
    replace: 'if (target > ZERO) return take(booking, attempt, target, policy);',
    tests: MONEY,
  },
  {
    name: 'a payment that succeeded is granted with each event',
    file: 'src/core/ledger/payments.ts',
    find: "if (before.status === 'succeeded' || before.status === 'mismatch') return undefined;",
    replace: '',
    tests: MONEY,
  },
  {
    name: 'an unknown outcome does not hold the next purchase back',
    file: 'src/core/ledger/payments.ts',
    find: 'if (isUnheard(attempt)) throw outcomeUnknown(payId(booking.account, attempt.no));',
    replace: '',
    tests: MONEY,
  },
  {
    name: 'the monthly limit counts only what has been paid',
    file: 'src/core/topup.ts',
    find: "attempt.kind === 'auto' && attempt.status !== 'failed' && attempt.status !== 'canceled';",
    replace: "attempt.kind === 'auto' && attempt.status === 'succeeded';",
    tests: MONEY,
  },
  {
    name: 'an attempt does not stand in the way of the next',
    file: 'src/core/topup.ts',
    find: "if (automatic.length > 0 || active.some(isUnheard)) return 'in_flight';",
    replace: '',
    tests: MONEY,
  },
  {
    name: 'a payment is asked for again under a new key',
    file: 'src/ledger/payments/settle-attempt.ts',
    find: "key: keyOf(metadata.attempt, 'create'),",
    replace: "key: keyOf(metadata.attempt, 'create') + Math.random(),",
    tests: ['test/ledger/payments', 'test/torture/payment-schedules.test.ts'],
  },
  {
    name: 'a webhook’s event is marked before it is applied',
    file: 'src/ledger/payments/sync.ts',
    find: `  const outcome = await applyEvent(run, event);
  // Behind what it did: a crash in between applies it again, without effect.
  await payments.recordEvents([{ id: event.id, type: event.type, createdAt: event.createdAt, outcome }]);
  return outcome;`,
    replace: `  const { id, type, createdAt } = event;
  await payments.recordEvents([{ id, type, createdAt, outcome: 'noted' }]);
  return await applyEvent(run, event);`,
    tests: ['test/ledger/payments/event-marks.test.ts'],
  },
  {
    name: 'an event that is read is marked before it is applied',
    file: 'src/ledger/payments/sync.ts',
    find: `      const outcome = await applyEvent(run, event);
      await payments.recordEvents([{ id: event.id, type: event.type, createdAt: event.createdAt, outcome }]);
      applied`,
    replace: `      const { id, type, createdAt } = event;
      await payments.recordEvents([{ id, type, createdAt, outcome: 'noted' }]);
      await applyEvent(run, event);
      applied`,
    tests: ['test/ledger/payments/event-marks.test.ts'],
  },
  {
    name: 'a dry run forgets what its earlier lines would take',
    file: 'src/cli/trial.ts',
    find: 'rest.set(account, this.#taken.get(account) ?? ZERO);',
    replace: 'rest.set(account, ZERO);',
    tests: ['test/cli/trial.test.ts'],
  },
  {
    name: 'a repeated request tops up',
    file: 'src/cli/commands/topup-after.ts',
    find: 'replayed ? [] : [account]',
    replace: '[account]',
    tests: ['test/cli/payments.test.ts'],
  },
  {
    name: 'a model takes over a name',
    file: 'src/catalog/import-plan.ts',
    find: 'isFree(model.name) ? model.name : model.id',
    replace: 'model.name',
    tests: ['test/ledger/model-lists.test.ts'],
  },
  {
    name: 'a proxy’s own answer is taken for a refusal',
    file: 'src/http/client/transport.ts',
    find: 'status >= 500 || status === 408',
    replace: '[502, 503, 504].includes(status)',
    tests: ['test/http/client.test.ts'],
  },
];
