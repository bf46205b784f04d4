/**
 * The manual page, made from the table of commands, the global options and the help topics: what it says cannot differ
 * from what the program does. `scripts/build.mjs` writes it to dist/credits.1.
 */
import type { CommandGroup, CommandSpec, OptionSpec } from '../src/cli/command.ts';
import { GLOBAL_OPTIONS } from '../src/cli/globals.ts';
import type { HelpTopic } from '../src/cli/render/help-topics.ts';

/** What is not ASCII gets the spelling that every formatter knows, whatever it takes the input's encoding for. */
const unicode = (text: string): string =>
  text.replace(/[^\n\u0020-\u007e]/gu, (character) => {
    return `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;
  });

/** Text for running lines: nothing in it is a request, and a hyphen can be copied. */
const escaped = (text: string): string =>
  unicode(text.replaceAll('\\', '\\e').replaceAll('-', '\\-')).replace(/^([.'])/gm, '\\&$1');

/** Running text in short lines, as the language wants them; a formatter fills them again. */
const filled = (text: string): string => escaped(text.replace(/(?=.{73})(.{1,72}) /g, '$1\n'));

/** As an argument of a request. */
const quoted = (text: string): string => `"${escaped(text).replaceAll('"', '\\(dq')}"`;

const bold = (text: string): string => `\\fB${escaped(text)}\\fR`;

/** Lines as they are. @param atMargin for pages of 80 columns, which leave no room for an indent */
function verbatim(text: string, atMargin: boolean): string[] {
  return [...(atMargin ? ['.in 0'] : []), '.nf', escaped(text), '.fi', ...(atMargin ? ['.in'] : [])];
}

/** Paragraphs, and between them blocks of indented lines. */
function paragraphs(text: string): string[] {
  return text
    .split('\n\n')
    .flatMap((part) => ['.PP', ...(part.startsWith('  ') ? verbatim(part, false) : [filled(part)])])
    .slice(1);
}

/** `-m, --model <model>` with the words in bold and what stands for something in italics. */
function flags(text: string): string {
  return text
    .split(/(<[^>]*>|\[[^\]]*\])/)
    .map((part) => (/^[<[]/.test(part) ? `\\fI${escaped(part.slice(1, -1))}\\fR` : boldWords(part)))
    .join('');
}

const boldWords = (text: string): string =>
  text
    .replace(/-[\w-]+/g, '\u0000$&\u0001')
    .split(/(\u0000[^\u0001]*\u0001)/)
    .map((part) => {
      return part.startsWith('\u0000') ? bold(part.slice(1, -1)) : escaped(part);
    })
    .join('');

const options = (specs: readonly OptionSpec[]): string[] =>
  specs
    .filter(({ hidden }) => hidden !== true)
    .flatMap((spec) => ['.TP', flags(spec.flags), filled(spec.description)]);

/** `[amount]` and `<plan>` as they stand in a usage line. */
const operands = (args: string): string =>
  args
    .split(' ')
    .map((each) => {
      const name = `\\fI${escaped(each.replace(/[<>[\]]/g, ''))}\\fR`;
      return each.startsWith('[') ? `[${name}]` : name;
    })
    .join(' ');

function command(spec: CommandSpec): string[] {
  const { name, args, aliases = [], summary, about, examples, options: own = [] } = spec;
  const words = [bold(`credits ${name}`), ...(args === undefined ? [] : [operands(args)])];
  return [
    `.SS ${quoted(name)}`,
    words.join(' '),
    '.PP',
    filled(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...(aliases.length === 0
      ? []
      : ['.PP', escaped(`Short: ${aliases.map((each) => `credits ${each}`).join(', ')}.`)]),
    ...(about === undefined ? [] : ['.PP', ...paragraphs(about)]),
    ...options(own),
    '.PP',
    ...verbatim(examples.map((line) => `  $ ${line}`).join('\n'), false),
  ];
}

/** A topic: its first line is its heading. */
function topic({ page }: HelpTopic): string[] {
  const [heading = '', ...lines] = page().split('\n');
  return [`.SH ${quoted(heading)}`, ...verbatim(lines.join('\n').replace(/^\n+/, ''), true)];
}

/**
 * The page in the `man` language.
 * @param groups the table of commands; hidden ones are left out
 */
export function renderManPage(
  groups: readonly CommandGroup[],
  topics: readonly HelpTopic[],
  version: string,
): string {
  const lines = [
    `.TH CREDITS 1 "" ${quoted(`credits ${version}`)} "User Commands"`,
    '.SH NAME',
    'credits \\- a ledger for AI\\-usage credits',
    '.SH SYNOPSIS',
    '.B credits',
    '[\\fIoptions\\fR] [\\fIcommand\\fR]',
    '.SH DESCRIPTION',
    filled(
      'Prices AI calls before they are made, reserves and spends credits from lots in a fixed order, runs monthly cycles and top-ups, and keeps a receipt for every microcredit that moves.',
    ),
    '.PP',
    filled(
      'Without a command it shows where things stand. A group alone (credits plan) is its list or show.',
    ),
    '.SH GLOBAL OPTIONS',
    escaped('They stand before or after a command.'),
    ...options([...GLOBAL_OPTIONS, HELP, VERSION]),
    ...groups.flatMap(({ heading, commands }) => [
      `.SH ${quoted(heading.replace(/:$/, '').toUpperCase())}`,
      ...commands.filter(({ name, hidden }) => name !== '' && hidden !== true).flatMap(command),
    ]),
    ...topics.flatMap(topic),
  ];
  return `${lines
    .filter((line) => line !== '')
    .join('\n')
    .replace(/\n\n+/g, '\n.sp\n')}\n`;
}

const HELP: OptionSpec = { flags: '-h, --help', description: 'explain a command' };
const VERSION: OptionSpec = { flags: '-V, --version', description: 'print the version' };
