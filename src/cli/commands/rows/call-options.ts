/** Options by which a command is told of a model call. */
import type { OptionSpec } from '../../command.ts';

const MODEL: OptionSpec = { flags: '-m, --model <model>', description: 'id, name or alias (CREDITS_MODEL)' };

const TOKENS: readonly OptionSpec[] = [
  { flags: '--input-tokens <n>', description: 'input tokens, both cache parts included' },
  { flags: '--cached-tokens <n>', description: 'of them, tokens read from a cache' },
  { flags: '--cache-write-tokens <n>', description: 'of them, tokens written to a cache' },
];

const OUTPUT: OptionSpec = { flags: '--output-tokens <n>', description: 'output tokens, reasoning included' };

const TAGS: readonly OptionSpec[] = [
  { flags: '--activity <word>', description: 'what the call was for: chat, agent, artifact, …' },
  { flags: '--session <id>', description: 'session it belongs to' },
  { flags: '--run <id>', description: 'agent run it belongs to' },
];

const PAYER: readonly OptionSpec[] = [
  { flags: '--provider <name>', description: 'provider of a model the catalogue does not know' },
  { flags: '--no-byok', description: 'charge credits although an own provider key is set up' },
];

const NOTE: OptionSpec = { flags: '--note <text>', description: 'words to keep with the receipt' };
const TOOL_CALLS: OptionSpec = { flags: '--tool-calls <n>', description: 'tool calls the answer asked for' };
const NO_TOPUP: OptionSpec = { flags: '--no-topup', description: 'do not look whether a top-up is due' };

/** A finished call. */
export const SPEND_OPTIONS: readonly OptionSpec[] = [
  MODEL,
  ...TOKENS,
  OUTPUT,
  TOOL_CALLS,
  ...TAGS,
  ...PAYER,
  NOTE,
  NO_TOPUP,
];

/** A call to come. */
export const HOLD_OPTIONS: readonly OptionSpec[] = [
  MODEL,
  ...TOKENS,
  {
    flags: '--max-output-tokens <n>',
    description: "the most it may return (the model's maximum, at most 16,384)",
  },
  {
    flags: '--estimated-tokens <n>',
    description: 'the input as it was estimated, for later estimates to learn from (--input-tokens)',
  },
  // The flags of a spend work too: what the answer may take is then what it is expected to take.
  { ...OUTPUT, hidden: true, as: 'maxOutputTokens' },
  { ...TOOL_CALLS, hidden: true },
  { flags: '--ttl <span>', description: 'how long the hold lives, 1s to 24h (10m)' },
  ...TAGS,
  ...PAYER,
  NOTE,
  NO_TOPUP,
];

/** A call that a hold was made for. */
export const SETTLE_OPTIONS: readonly OptionSpec[] = [
  { flags: '--credits <amount>', description: 'what it cost, instead of tokens' },
  { flags: '-m, --model <model>', description: 'only for a hold that was made by amount' },
  ...TOKENS,
  OUTPUT,
  TOOL_CALLS,
  ...TAGS,
  ...PAYER,
  NOTE,
  NO_TOPUP,
];
