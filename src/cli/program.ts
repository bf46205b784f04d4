/** Turns a command line into a parsed command, or into a page of help. Nothing runs here. */
import { type Command, CommanderError } from 'commander';
import { invalid } from '../core/errors.ts';
import { createProgram, type ParsedLine, type ProgramSettings } from './build-program.ts';
import type { GlobalFlags } from './globals.ts';

/** What a command line asks for: a command, or a page of text. */
export type Line = ParsedLine | { readonly page: string; readonly flags: GlobalFlags };

/**
 * Reads a command line.
 * @param argv without the program's own name
 * @throws LedgerError `invalid_argument` for every mistake that needs no ledger and no value to be understood
 */
export function parseLine(settings: ProgramSettings, argv: readonly string[]): Line {
  let page = '';
  let parsed: ParsedLine | undefined;
  const program = createProgram(settings, {
    select: (line) => {
      parsed = line;
    },
    write: (text) => {
      page += text;
    },
  });
  try {
    program.parse(argv as string[], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 && page !== '') return { page, flags: program.opts<GlobalFlags>() };
    throw usageError(error, program, argv);
  }
  if (parsed === undefined) throw new Error('no command was chosen');
  return parsed;
}

/** The refusal for what commander refuses: its sentence, its suggestion as the hint. */
function usageError(error: CommanderError, program: Command, argv: readonly string[]): Error {
  const [, message = error.message, suggestion] =
    /^(?:error: )?(.*?)(?:\n\((Did you mean .*\?)\))?$/s.exec(error.message) ?? [];
  const words: string[] = [];
  let command = program;
  for (const word of argv) {
    const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (child === undefined) continue;
    command = child;
    words.push(child.name());
  }
  const help = `\`${['credits', ...words, '--help'].join(' ')}\` explains it`;
  if (error.code === 'commander.help') {
    const verbs = command.commands.map((each) => each.name()).join(', ');
    return invalid(`\`${['credits', ...words].join(' ')}\` needs one of its commands: ${verbs}`, help);
  }
  return invalid(message, suggestion === undefined ? help : `${suggestion} ${help}`);
}

/** The help page of a command, by its words; undefined when there is no such command. */
export function helpPage(settings: ProgramSettings, words: readonly string[]): string | undefined {
  let page = '';
  const everything = { ...settings, words: null };
  const write = (text: string): void => {
    page += text;
  };
  let command: Command = createProgram(everything, { select: () => {}, write });
  for (const word of words) {
    const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (child === undefined) return undefined;
    command = child;
  }
  command.outputHelp();
  return page;
}
