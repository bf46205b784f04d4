/** Rows of the table of commands: providers paid with an own key. */
import type { CommandSpec } from '../../command.ts';

export const BYOK: readonly CommandSpec[] = [
  {
    name: 'byok list',
    isDefault: true,
    family: 'providers paid with your own key',
    summary: 'the providers that the account pays itself',
    examples: ['credits byok list'],
    load: async () => (await import('../byok.ts')).byokList,
  },
  {
    name: 'byok add',
    args: '<provider>',
    summary: 'pay a provider with your own key from now on',
    about:
      'Its calls are recorded with 0 credits and their list price. Only the name of an environment variable is stored, never a key.',
    options: [{ flags: '--env <name>', description: 'the environment variable that holds the key' }],
    examples: ['credits byok add openai --env OPENAI_API_KEY'],
    writes: true,
    books: true,
    load: async () => (await import('../byok.ts')).byokAdd,
  },
  {
    name: 'byok remove',
    args: '<provider>',
    summary: 'pay a provider with credits again',
    examples: ['credits byok remove openai'],
    writes: true,
    books: true,
    load: async () => (await import('../byok.ts')).byokRemove,
  },
];
