/** Rows of the table of commands: help and completion. */
import type { CommandSpec } from '../../command.ts';

export const HELP: readonly CommandSpec[] = [
  {
    name: 'statusline',
    summary: "one line for a shell's prompt or a coding agent's status bar",
    about: `Reads what the agent tells on stdin, if anything, for 50 ms at most. Asks no network, changes nothing, and always ends with 0: what is wrong stands in the line. In the settings of Claude Code:

  {"statusLine": {"type": "command", "command": "credits statusline"}}

\`session\` is what calls with that --session were booked with; where there are none, the agent's own guess in dollars. \`rounds\` is how many calls like its latest the balance pays for.`,
    examples: ['credits statusline', "PS1='$(credits statusline </dev/null) $ '"],
    localOnly: true,
    neverFails: true,
    load: async () => (await import('../statusline.ts')).statusline,
  },
  {
    name: 'help',
    args: '[topic...]',
    summary: 'explain a command or a topic',
    about: 'Topics: exit-codes, environment, cron, terms, byok, topup, payments.',
    examples: ['credits help cron', 'credits help cycle rollover'],
    localOnly: true,
    load: async () => (await import('../help.ts')).help,
  },
  {
    name: 'completion',
    args: '<shell>',
    summary: 'the completion script of a shell: bash, zsh or fish',
    about: `Completes commands, options, and the names of accounts, lots, holds, purchases, models, providers, plans, packages and profiles.

  bash  source <(credits completion bash)     in ~/.bashrc
  zsh   source <(credits completion zsh)      in ~/.zshrc, after compinit
  fish  credits completion fish > ~/.config/fish/completions/credits.fish`,
    examples: ['credits completion bash'],
    localOnly: true,
    load: async () => (await import('../completion.ts')).completion,
  },
  {
    name: 'complete',
    args: '[words...]',
    summary: 'words that fit at the end of a command line, for the scripts of `completion`',
    examples: ['credits complete -- estimate -m ha'],
    hidden: true,
    localOnly: true,
    load: async () => (await import('../completion.ts')).completeWords,
  },
];
