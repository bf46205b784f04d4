#!/usr/bin/env node
// A program that reserves credits before an AI call and settles after it. Run it against a ledger of its own:
//
//   npx credits init --db demo.db && npx node examples/reserve-and-settle.mjs demo.db
//
// The call itself is a fake: it takes a moment and says how many tokens it used, as a provider's answer does.
import { setTimeout } from 'node:timers/promises';
import { formatCredits, isLedgerError, openLedger } from 'credits-ledger';

const MODEL = 'claude-haiku';
const account = 'default';
const tags = { activity: 'chat', session: 'demo', run: null };
const call = (inputTokens, outputTokens) => ({
  model: MODEL,
  provider: null,
  inputTokens,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens,
  toolCalls: 0,
  noByok: false,
  ...tags,
});

async function fakeModel(prompt, maxOutputTokens) {
  await setTimeout(50);
  return {
    text: `You said ${prompt.length} characters.`,
    inputTokens: 1_200,
    outputTokens: Math.min(180, maxOutputTokens),
  };
}

let ledger;
try {
  ledger = await openLedger(process.argv[2] ?? 'demo.db');
  // 1. Reserve the most that the call may cost. If the balance does not suffice, this throws and no call is made.
  const held = await ledger.hold(account, {
    amount: null,
    call: call(1_200, 1_000),
    tags,
    ttlMs: 60_000,
    note: null,
  });
  console.log(`held     ${formatCredits(held.credits)}`);
  try {
    // 2. Make the call.
    const answer = await fakeModel('How are you?', 1_000);
    // 3. Settle with what it used; the rest goes back. The key makes a retry after a crash harmless.
    const used = call(answer.inputTokens, answer.outputTokens);
    const settled = await ledger.settle(
      account,
      { hold: held.hold, amount: null, call: { ...used, model: '' }, tags, note: null },
      { key: `settle/${held.hold}` },
    );
    console.log(`settled  ${formatCredits(settled.credits)}, ${formatCredits(settled.released)} went back`);
    console.log(`balance  ${formatCredits(settled.available)}`);
  } catch (error) {
    // The call failed: nothing was used.
    if (!isLedgerError(error)) await ledger.release(account, { hold: held.hold, note: 'the call failed' });
    throw error;
  }
} catch (error) {
  if (!isLedgerError(error)) throw error;
  console.error(`refused: ${error.code}: ${error.message}`);
  process.exitCode = error.exitCode;
} finally {
  await ledger?.close();
}
