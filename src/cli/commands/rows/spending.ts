/** Rows of the table of commands: pricing, spending and looking at what there is. */
import type { CommandSpec } from '../../command.ts';

export const SPENDING: readonly CommandSpec[] = [
  {
    name: '',
    summary: 'a short status',
    examples: ['credits'],
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
];
