/**
 * Turns the table of commands into a commander program and a command line into a parsed command. Nothing runs here.
 *
 * Measured traps of commander 15 that shape this file: every usage error exits 1 by itself, so `exitOverride`; settings
 * reach only children made after them; an action on the root or on a group hides "unknown command"; the help of a
 * command is not told about global options that do not concern it.
 */
import { Command, CommanderError, type Help, Option } from 'commander';
import { invalid } from '../core/errors.ts';
import type { CommandGroup, CommandSpec, OptionSpec } from './command.ts';
import { GLOBAL_OPTIONS, type GlobalFlags } from './globals.ts';

/** A command line that names a command. */
export interface ParsedLine {
  readonly spec: CommandSpec;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly flags: GlobalFlags;
}

/** What a command line asks for: a command, or a page of text. */
export type Line = ParsedLine | { readonly page: string; readonly flags: GlobalFlags };

/** How to build the program. */
export interface ProgramSettings {
  readonly groups: readonly CommandGroup[];
  readonly version: string;
  /** Width of help pages. */
  readonly columns: number;
  /** Options are declared for the commands named here only; null declares everything (completion, man page, help). */
  readonly words: readonly string[] | null;
}

const SUMMARY =
  'A ledger for AI-usage credits: price calls, spend and hold credits, run monthly cycles and top-ups.';
const START = `Examples:
  $ credits init --plan pro
  $ credits estimate "Summarise this page" -m haiku
  $ credits spend -m haiku --input-tokens 1200 --output-tokens 300
  $ credits balance

\`credits COMMAND --help\` explains a command; \`credits help TOPIC\` a subject.`;

/** Prefers "unknown command" to "unknown option": in `credits balnce --lots` the first word is the mistake. */
class Program extends Command {
  override createCommand(name?: string): Program {
    return new Program(name);
  }

  unknownOption(flag: string): void {
    const parent = Command.prototype as unknown as { unknownOption(this: Command, flag: string): void };
    if (this.commands.length > 0 && this.args[0]?.startsWith('-') === false) unknownCommand(this);
    parent.unknownOption.call(this, flag);
  }
}

/** Throws commander's own refusal with a suggestion; the method is not in its types. */
function unknownCommand(command: Command): never {
  (command as unknown as { unknownCommand(): void }).unknownCommand();
  throw new CommanderError(2, 'commander.unknownCommand', 'error: unknown command');
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.hidden === true) option.hideHelp();
  if (spec.repeat === true) {
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  }
  const { as } = spec;
  if (as !== undefined) option.attributeName = () => as;
  return option;
}

/** Global options that mean something to a command. */
function concerns(spec: CommandSpec | undefined, option: Option): boolean {
  if (spec === undefined) return true;
  if (option.long === '--dry-run') return spec.writes === true;
  if (option.long === '--key') return spec.books === true;
  if (option.long === '--remote') return spec.localOnly !== true;
  return true;
}

/** Every row of a table. */
const commands = (groups: readonly CommandGroup[]): CommandSpec[] =>
  groups.flatMap((group) => group.commands);

function examplesOf(specs: readonly CommandSpec[]): string {
  // A group's page shows one line of each of its commands.
  const lines = specs.length === 1 ? specs[0]!.examples : specs.map((spec) => spec.examples[0]!);
  return `Examples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** Builds the program. `select` is called with what the command line named. */
export function createProgram(
  settings: ProgramSettings,
  select: (line: ParsedLine) => void,
  write: (text: string) => void = () => {},
): Command {
  const { groups, words } = settings;
  const root = new Program('credits');
  root
    .exitOverride()
    .configureOutput({
      writeOut: write,
      outputError: () => {},
      getOutHelpWidth: () => settings.columns,
      getOutHasColors: () => false,
    })
    .description(SUMMARY)
    .usage('[options] [command]')
    .version(settings.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand(false)
    .allowExcessArguments(true)
    .addHelpText('after', `\n${START}`)
    .configureHelp({ subcommandTerm: (each) => [each.name(), ...each.aliases()].join(', ') });
  for (const option of GLOBAL_OPTIONS) root.addOption(toOption(option));

  const parents = new Map<string, Command>();
  const wanted = (...names: readonly string[]): boolean =>
    words === null || names.some((name) => words.includes(name));
  for (const { heading, commands: specs } of groups) {
    for (const spec of specs) register(spec, heading);
  }
  return root;

  function parentOf(spec: CommandSpec, heading: string): Command {
    const [group, verb] = spec.name.split(' ');
    if (verb === undefined) return root;
    let parent = parents.get(group!);
    if (parent === undefined) {
      parent = root.command(group!).helpGroup(heading).usage('[command] [options]');
      parents.set(group!, parent);
    }
    if (spec.isDefault === true) {
      const siblings = commands(groups).filter((each) => each.name.startsWith(`${group} `));
      parent
        .description(spec.family ?? spec.summary)
        .addHelpText(
          'after',
          `\n\`credits ${group}\` alone is \`credits ${spec.name}\`.\n\n${examplesOf(siblings)}`,
        );
    }
    return parent;
  }

  function register(spec: CommandSpec, heading: string): void {
    if (spec.name === '') {
      root.action(() => choose(root, spec));
      return;
    }
    const parent = parentOf(spec, heading);
    const name = spec.name.split(' ').at(-1)!;
    // A verb counts only with its group: `list` alone would load the options of every group.
    const group = parent === root ? [] : [parent.name()];
    if (parent !== root && !wanted(...group)) return;
    const aliases = spec.aliases ?? [];
    const isWanted = wanted(name, ...aliases);
    declare(parent.command(name, { hidden: spec.hidden === true }).aliases([...aliases]), spec, isWanted);
    if (parent === root) parent.commands.at(-1)!.helpGroup(heading);
    for (const hidden of spec.hiddenAliases ?? []) {
      declare(parent.command(hidden, { hidden: true }), spec, wanted(hidden));
    }
    if (spec.isDefault === true) {
      parent.allowExcessArguments(true).action(() => choose(parent, spec));
    }
  }

  function declare(command: Command, spec: CommandSpec, isWanted: boolean): void {
    command.summary(spec.summary).allowExcessArguments(false);
    if (!isWanted) return;
    command.description(spec.about === undefined ? spec.summary : `${spec.summary}\n\n${spec.about}`);
    if (spec.args !== undefined) command.arguments(spec.args);
    for (const option of spec.options ?? []) command.addOption(toOption(option));
    command.configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions(this: Help) {
        return root.options.filter((option) => option.long !== '--version' && concerns(spec, option));
      },
    });
    command.addHelpText('after', `\n${examplesOf([spec])}`);
    command.action(() => choose(command, spec));
  }

  function choose(command: Command, spec: CommandSpec): void {
    const isGroup = command === root || (command.commands.length > 0 && spec.isDefault === true);
    if (isGroup && command.args.length > 0) unknownCommand(command);
    const options: Record<string, string | boolean | string[] | undefined> = {};
    for (let each: Command | null = command; each !== null && each !== root; each = each.parent) {
      Object.assign(options, each.opts());
    }
    const flags = root.opts<GlobalFlags>();
    refuseForeignFlags(spec, flags);
    select({ spec, args: command.args, options, flags });
  }
}

/** Flags that every command parses but not every command can honour. */
function refuseForeignFlags(spec: CommandSpec, flags: GlobalFlags): void {
  const name = spec.name === '' ? 'credits' : `credits ${spec.name}`;
  if (flags.dryRun === true && spec.writes !== true) {
    throw invalid('--dry-run is for commands that write', `\`${name}\` changes nothing: leave it out`);
  }
  if (flags.key !== undefined && spec.books !== true) {
    throw invalid(
      '--key is for commands that book a receipt',
      `\`${name}\` books none of its own: leave it out`,
    );
  }
  if (flags.remote !== undefined && spec.localOnly === true) {
    throw invalid(`\`${name}\` works on this machine alone`, 'leave --remote out');
  }
}

/**
 * Reads a command line.
 * @param argv without the program's own name
 * @throws LedgerError `invalid_argument` for every mistake that needs no ledger and no value to be understood
 */
export function parseLine(settings: ProgramSettings, argv: readonly string[]): Line {
  let page = '';
  let parsed: ParsedLine | undefined;
  const program = createProgram(
    settings,
    (line) => {
      parsed = line;
    },
    (text) => {
      page += text;
    },
  );
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
  return invalid(message, suggestion === undefined ? help : `${suggestion} ${help}`);
}

/** The help page of a command, by its words; undefined when there is no such command. */
export function helpPage(settings: ProgramSettings, words: readonly string[]): string | undefined {
  let page = '';
  let command: Command = createProgram(
    { ...settings, words: null },
    () => {},
    (text) => {
      page += text;
    },
  );
  for (const word of words) {
    const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (child === undefined) return undefined;
    command = child;
  }
  command.outputHelp();
  return page;
}
