/** Rows of the table of commands: pricing, spending and looking at what there is. */
import type { CommandSpec } from '../../command.ts';
import { HOLD_OPTIONS, SETTLE_OPTIONS, SPEND_OPTIONS } from './call-options.ts';

export const SPENDING: readonly CommandSpec[] = [
  {
    name: '',
    summary: 'a short status',
    examples: ['credits'],
    load: async () => (await import('../status.ts')).status,
  },
  {
    name: 'status',
    summary: 'a short status, as `credits` alone gives it',
    examples: ['credits status'],
    hidden: true,
    load: async () => (await import('../status.ts')).status,
  },
  {
    name: 'balance',
    aliases: ['bal'],
    summary: 'what there is, by source',
    options: [
      { flags: '--lots', description: 'every lot, in burn order' },
      { flags: '--total', description: 'the available credits alone, as a plain number' },
      { flags: '--min <credits>', description: 'exit 3 when less is available' },
      { flags: '--as-of <instant>', description: 'as it was, or will be without new entries, at that time' },
    ],
    examples: [
      'credits balance',
      'credits balance --total',
      'credits balance --min 100 -q || echo "nearly empty"',
    ],
    load: async () => (await import('../balance.ts')).balance,
  },
  {
    name: 'spend',
    args: '[amount]',
    summary: 'pay for one finished call',
    about:
      'The cost comes from the tokens and the model’s rates, or is the AMOUNT itself. All of it is paid, or nothing.',
    options: SPEND_OPTIONS,
    examples: [
      'credits spend -m haiku --input-tokens 1200 --output-tokens 300',
      'credits spend 12.5 --note "image upscaling" --key job-4711',
    ],
    writes: true,
    books: true,
    load: async () => (await import('../spend.ts')).spend,
  },
  {
    name: 'hold',
    args: '[amount]',
    summary: 'reserve credits before a call',
    about:
      'Close it with `credits settle` or `credits release`; after its time to live it is released by itself.',
    options: HOLD_OPTIONS,
    examples: [
      'credits hold -m sonnet --input-tokens 8000 --max-output-tokens 4000',
      'credits hold 20 --ttl 1h --run nightly',
    ],
    writes: true,
    books: true,
    load: async () => (await import('../hold.ts')).hold,
  },
  {
    name: 'settle',
    hiddenAliases: ['capture'],
    args: '<hold>',
    summary: 'close a hold with what was used',
    about:
      'What is left of the hold goes back; what was used beyond it is paid from the rest, and then as debt.',
    options: SETTLE_OPTIONS,
    examples: [
      'credits settle hold_k3x9_12 --input-tokens 8000 --output-tokens 1250',
      'credits settle hold_k3x9_12 --credits 3.75',
    ],
    writes: true,
    books: true,
    load: async () => (await import('../settle.ts')).settle,
  },
  {
    name: 'release',
    args: '<hold>',
    summary: 'close a hold with nothing used',
    options: [{ flags: '--note <text>', description: 'words to keep with the receipt' }],
    examples: ['credits release hold_k3x9_12'],
    writes: true,
    books: true,
    load: async () => (await import('../release.ts')).release,
  },
  {
    name: 'holds',
    summary: 'open holds',
    options: [{ flags: '--all', description: 'also settled, released and lapsed ones' }],
    examples: ['credits holds', 'credits holds --all --json'],
    load: async () => (await import('../holds.ts')).holds,
  },
  {
    name: 'log',
    summary: 'the entries of the ledger',
    options: [
      { flags: '--since <time>', description: 'from then on: an instant, a date, or a span such as 7d' },
      { flags: '--until <time>', description: 'up to then, itself not included' },
      {
        flags: '--kind <kind>',
        description: 'granted, held, returned, spent, expired, revoked, owed or repaid',
      },
      { flags: '--limit <n>', description: 'the newest N of them' },
    ],
    examples: ['credits log --since 7d', 'credits log --kind spent --limit 20'],
    load: async () => (await import('../log.ts')).log,
  },
  {
    name: 'import',
    args: '<file>',
    summary: 'book many calls from JSON Lines',
    about:
      'One spend a line: model, inputTokens, cachedTokens, cacheWriteTokens, outputTokens, toolCalls, activity, session, run, provider, noByok, note, at, key, account; or credits instead of a call. A line without a key gets one from the whole input and its number, so the same file twice books nothing twice. `-` reads standard input.',
    examples: ['credits import usage.jsonl', 'zcat usage.jsonl.gz | credits import - -a acme --json'],
    writes: true,
    load: async () => (await import('../import.ts')).importSpends,
  },
];
