/** Rows of the table of commands: the ledger as files. */
import type { CommandSpec } from '../../command.ts';

export const FILES: readonly CommandSpec[] = [
  {
    name: 'backup',
    args: '<file>',
    summary: 'copy the ledger while others write to it',
    about:
      'A consistent copy, checked and on the disk before it gets its name. It never replaces a file. Copying a ledger by hand while something writes to it is not safe.',
    examples: ['credits backup ledger-2026-03-11.db', 'credits backup /mnt/stick/ledger.db --json'],
    localOnly: true,
    load: async () => (await import('../backup.ts')).backup,
  },
  {
    name: 'restore',
    args: '<file>',
    summary: 'bring a backup, or an export of a whole ledger, back',
    about:
      'Verifies it first: what does not add up changes nothing (exit 7). Over a ledger it asks, and keeps what was there beside it (`….replaced-TIME`). Nothing else may have the ledger open.',
    examples: [
      'credits restore ledger-2026-03-11.db',
      'credits restore ledger.jsonl --db ~/second.db',
      'credits restore ledger-2026-03-11.db --dry-run',
    ],
    writes: true,
    localOnly: true,
    load: async () => (await import('../backup.ts')).restore,
  },
  {
    name: 'export',
    summary: 'usage, entries, lots or everything, for other programs',
    about:
      'The account of -a unless --all. `ledger` is everything, every account, as jsonl: `credits restore` makes the same ledger from it, receipt by receipt. An export holds what is booked; `credits expire` books what has lapsed.',
    options: [
      { flags: '--what <what>', description: 'usage (default), entries, lots or ledger' },
      { flags: '--format <format>', description: 'jsonl (default), csv, or hledger for entries' },
      { flags: '-o, --output <file>', description: 'to a file, whole or not at all (stdout)' },
      { flags: '--all', description: 'of every account' },
    ],
    examples: [
      'credits export --format csv -o usage.csv',
      'credits export --what entries --format hledger | hledger -f - balance',
      'credits export --what ledger -o ledger.jsonl',
    ],
    load: async () => (await import('../export.ts')).exportData,
  },
  {
    name: 'doctor',
    summary: 'check files, modes, settings and clock',
    about: 'Warnings are no failure; exit 7 when the file is damaged. `credits verify` checks the entries.',
    examples: ['credits doctor', 'credits doctor --json'],
    localOnly: true,
    load: async () => (await import('../doctor.ts')).doctor,
  },
];
