/** Rows of the table of commands: rate cards. */
import type { CommandSpec } from '../../command.ts';

export const MODELS: readonly CommandSpec[] = [
  {
    name: 'models list',
    isDefault: true,
    family: 'what calls cost: rate cards with dates',
    summary: 'every model with its rates',
    about: 'Rates are credits per 1K tokens. Without a ledger this is the built-in price list.',
    examples: ['credits models', 'credits models list --json'],
    load: async () => (await import('../models.ts')).modelsList,
  },
  {
    name: 'models show',
    args: '<model>',
    summary: 'one model: its rates now, before and to come',
    examples: ['credits models show haiku'],
    load: async () => (await import('../models.ts')).modelsShow,
  },
  {
    name: 'models set',
    args: '<model>',
    summary: 'add a model, or a dated rate card to a known one',
    about:
      'Rates are credits per 1K tokens, with any number of decimals: the same number as US dollars per 1M tokens at provider cost. What is booked already keeps its price. A cache rate that is not given is the input rate.',
    options: [
      { flags: '--input <rate>', description: 'credits per 1K input tokens' },
      { flags: '--output <rate>', description: 'credits per 1K output tokens' },
      { flags: '--cache-read <rate>', description: 'credits per 1K tokens read from a cache' },
      { flags: '--cache-write <rate>', description: 'credits per 1K tokens written to a cache' },
      {
        flags: '--above <tokens=in/out>',
        description:
          'rates of the whole call once its input is longer, also 200000=IN/OUT/READ/WRITE; repeatable',
        repeat: true,
      },
      { flags: '--provider <name>', description: 'who serves it; for a new model' },
      { flags: '--name <text>', description: 'what people call it; for a new model' },
      { flags: '--from <instant>', description: 'when it comes into force (now unless told)' },
    ],
    examples: [
      'credits models set claude-haiku-4-5 --provider anthropic --input 1 --output 5',
      'credits models set flash --input 0.3 --output 2.5 --from 2026-10-01',
      'credits models set gemini-pro --input 1.25 --output 10 --above 200000=2.5/15',
    ],
    writes: true,
    books: true,
    load: async () => (await import('../models.ts')).modelsSet,
  },
  {
    name: 'models alias',
    args: '<alias> <model>',
    summary: 'another name for a model',
    examples: ['credits models alias fast gemini-2.5-flash'],
    writes: true,
    books: true,
    load: async () => (await import('../models.ts')).modelsAlias,
  },
  {
    name: 'models import',
    args: '<file>',
    summary: "rate cards from a saved list of OpenRouter's models",
    about:
      'Every model becomes openrouter/AUTHOR/SLUG with its list price, from now on; a price that changed gets a new dated row. Models without a price are listed and cannot be used. Your own models and prices stay as they are. - is stdin.',
    examples: ['curl -s https://openrouter.ai/api/v1/models | credits models import -'],
    writes: true,
    books: true,
    load: async () => (await import('../models-import.ts')).modelsImport,
  },
  {
    name: 'models sync',
    summary: "fetch OpenRouter's list of models and import it",
    about: 'Asks openrouter.ai, without a key. See `credits models import`.',
    examples: ['credits models sync', 'credits models sync --dry-run'],
    writes: true,
    books: true,
    load: async () => (await import('../models-import.ts')).modelsSync,
  },
];
