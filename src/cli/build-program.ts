/**
 * Builds a commander program from the table of commands.
 *
 * Measured traps of commander 15 that shape this file: every usage error exits 1 by itself, so `exitOverride`; settings
 * reach only children made after them; an action on the root or on a group hides "unknown command"; the help of a
 * command is not told about global options that do not concern it.
 */
import { Command, CommanderError, Help, Option } from 'commander';
import { invalid } from '../core/errors.ts';
import type { CommandGroup, CommandSpec, OptionSpec } from './command.ts';
import { commandWord } from './command-word.ts';
import { GLOBAL_OPTIONS, type GlobalFlags } from './globals.ts';

/** A command line that names a command. */
export interface ParsedLine {
  readonly spec: CommandSpec;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly flags: GlobalFlags;
}

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

/** Descriptions narrower than this are not wrapped any more. */
const LEAST_WRAPPED = 16;

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
function concerns(spec: CommandSpec, option: Option): boolean {
  if (option.long === '--dry-run') return spec.writes === true;
  if (option.long === '--key') return spec.books === true;
  if (option.long === '--remote') return spec.localOnly !== true;
  return true;
}

/** The command has an option of the same name for something else. */
const hasOwn = (spec: CommandSpec, { long = '' }: Option): boolean =>
  spec.options?.some(({ flags }) => flags.split(/[ ,]+/).includes(long)) === true;

/** Whoever asks for help wants commands: the options that all of them share come last. */
function commandsFirst(command: Command, helper: Help): string {
  const sections = Help.prototype.formatHelp.call(helper, command, helper).split('\n\n');
  const isOptions = (section: string): boolean => section.startsWith('Options:\n');
  const last = sections.filter(isOptions).map((section) => section.trimEnd());
  return `${[...sections.filter((section) => !isOptions(section)).map((section) => section.trimEnd()), ...last].join('\n\n')}\n`;
}

/** Every row of a table. */
const commandsOf = (groups: readonly CommandGroup[]): CommandSpec[] =>
  groups.flatMap((group) => group.commands);

function examplesOf(specs: readonly CommandSpec[]): string {
  // A group's page shows one line of each of its commands.
  const lines = specs.length === 1 ? specs[0]!.examples : specs.map((spec) => spec.examples[0]!);
  return `Examples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** What happens with what a program finds. */
export interface ProgramEvents {
  /** The command line named a command. */
  readonly select: (line: ParsedLine) => void;
  /** A page of help, or the version. */
  readonly write: (text: string) => void;
}

/** Builds the program. */
export const createProgram = (settings: ProgramSettings, events: ProgramEvents): Command =>
  new Builder(settings, events).root;

class Builder {
  readonly root = new Program('credits');
  readonly #settings: ProgramSettings;
  readonly #events: ProgramEvents;
  readonly #parents = new Map<string, Command>();

  constructor(settings: ProgramSettings, events: ProgramEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#configureRoot();
    for (const { heading, commands } of settings.groups) {
      for (const spec of commands) this.#register(spec, heading);
    }
  }

  #configureRoot(): void {
    this.root
      .exitOverride()
      .configureOutput({
        writeOut: this.#events.write,
        outputError: () => {},
        writeErr: () => {},
        getOutHelpWidth: () => this.#settings.columns,
        getOutHasColors: () => false,
      })
      .description(SUMMARY)
      .usage('[options] [command]')
      .version(this.#settings.version, '-V, --version', 'print the version')
      .helpOption('-h, --help', 'explain a command')
      .helpCommand(false)
      .allowExcessArguments(true)
      .addHelpText('after', `\n${START}`)
      .configureHelp({
        minWidthToWrap: LEAST_WRAPPED,
        subcommandTerm: (each) => [each.name(), ...each.aliases()].join(', '),
        formatHelp: commandsFirst,
      });
    const { words } = this.#settings;
    const own = this.#named(words === null ? undefined : commandWord(words));
    for (const option of GLOBAL_OPTIONS.map(toOption)) {
      // A parent takes an option from wherever it stands: what the child has for itself must not be declared here.
      if (!own.some((spec) => hasOwn(spec, option))) this.root.addOption(option);
    }
  }

  /** The rows that a first word can mean. */
  #named(first: string | undefined): CommandSpec[] {
    if (first === undefined) return [];
    return commandsOf(this.#settings.groups).filter(
      ({ name, aliases }) => name.split(' ')[0] === first || aliases?.includes(first) === true,
    );
  }

  /** Whether the command line may mean a command of one of these names. */
  #isWanted(...names: readonly string[]): boolean {
    const { words } = this.#settings;
    return words === null || names.some((name) => words.includes(name));
  }

  #register(spec: CommandSpec, heading: string): void {
    const [first, verb] = spec.name.split(' ');
    if (spec.name === '') this.root.action(() => this.#choose(this.root, spec));
    else if (verb === undefined) {
      this.#parents.set(first!, this.#addTo(this.root, first!, spec).helpGroup(heading));
    } else this.#registerVerb(first!, verb, spec, heading);
  }

  #registerVerb(group: string, verb: string, spec: CommandSpec, heading: string): void {
    let parent = this.#parents.get(group);
    if (parent === undefined) {
      parent = this.root.command(group).helpGroup(heading).usage('[command] [options]').helpCommand(false);
      this.#parents.set(group, parent);
    }
    if (spec.isDefault === true) this.#describeGroup(parent, spec);
    else if (spec.family !== undefined) {
      parent.description(spec.family).addHelpText('after', `\n${examplesOf(this.#verbsOf(group))}`);
    }
    // A command with options of its own, and commands below it: theirs begin behind their word.
    else if (parent.options.length > 0) parent.enablePositionalOptions().allowExcessArguments(true);
    // A verb counts only with its group: the word `list` alone would declare the options of every group.
    if (this.#isWanted(group, ...parent.aliases())) this.#addTo(parent, verb, spec);
  }

  /** A group alone is one of its commands. */
  #describeGroup(parent: Command, spec: CommandSpec): void {
    const group = parent.name();
    parent
      .description(spec.family ?? spec.summary)
      .allowExcessArguments(true)
      .action(() => this.#choose(parent, spec))
      .addHelpText(
        'after',
        `\n\`credits ${group}\` alone is \`credits ${spec.name}\`.\n\n${examplesOf(this.#verbsOf(group))}`,
      );
  }

  #verbsOf(group: string): CommandSpec[] {
    return commandsOf(this.#settings.groups).filter((each) => each.name.startsWith(`${group} `));
  }

  #addTo(parent: Command, name: string, spec: CommandSpec): Command {
    const aliases = spec.aliases ?? [];
    const command = parent.command(name, { hidden: spec.hidden === true }).aliases([...aliases]);
    this.#declare(command, spec, this.#isWanted(name, ...aliases));
    for (const hidden of spec.hiddenAliases ?? []) {
      this.#declare(parent.command(hidden, { hidden: true }), spec, this.#isWanted(hidden));
    }
    return command;
  }

  #declare(command: Command, spec: CommandSpec, isWanted: boolean): void {
    command.summary(spec.summary).allowExcessArguments(false);
    if (!isWanted) return;
    command.description(spec.about === undefined ? spec.summary : `${spec.summary}\n\n${spec.about}`);
    if (spec.args !== undefined) command.arguments(spec.args);
    for (const option of spec.options ?? []) command.addOption(toOption(option));
    const shared = this.root.options.filter((option) => option.long !== '--version');
    const siblings = this.#named(spec.name.split(' ')[0]);
    command
      .configureHelp({
        minWidthToWrap: LEAST_WRAPPED,
        showGlobalOptions: true,
        visibleGlobalOptions: () =>
          shared.filter((option) => concerns(spec, option) && !siblings.some((each) => hasOwn(each, option))),
      })
      .addHelpText('after', `\n${examplesOf([spec])}`)
      .action(() => this.#choose(command, spec));
  }

  /** Options that stand before the last word: its command takes them, or refuses them, as if they stood behind it. */
  #optionsAbove({ parent }: Command): Record<string, string | boolean | string[] | undefined> {
    return parent === null || parent === this.root ? {} : parent.opts();
  }

  #choose(command: Command, spec: CommandSpec): void {
    if (command.commands.length > 0 && command.args.length > 0) unknownCommand(command);
    const flags = this.root.opts<GlobalFlags>();
    refuseForeignFlags(spec, flags);
    this.#events.select({
      spec,
      args: command.args,
      options: command === this.root ? {} : { ...this.#optionsAbove(command), ...command.opts() },
      flags,
    });
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
