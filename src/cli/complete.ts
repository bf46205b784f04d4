/**
 * What a shell may offer at the end of an unfinished command line. Reads the table of commands, not commander: it answers
 * at every press of a key. Never refuses: where it knows nothing it offers nothing.
 */
import type { CommandGroup, CommandSpec, OptionSpec } from './command.ts';
import { GLOBAL_OPTIONS } from './globals.ts';

/** One word to offer. */
export interface Offer {
  readonly value: string;
  readonly description: string;
}

/** Kinds of words that only a price list or a ledger knows. */
export type Dynamic =
  | 'model'
  | 'provider'
  | 'plan'
  | 'package'
  | 'account'
  | 'lot'
  | 'hold'
  | 'purchase'
  | 'settings';

/** Where such words come from; may be slow, may be empty, never throws. */
export type Lookup = (kind: Dynamic) => Promise<readonly Offer[]>;

/** What to offer. `files`: the shell shall offer files when nothing else fits. */
export interface Completion {
  readonly offers: readonly Offer[];
  readonly files: boolean;
}

/** What the words of an argument or an option's value are; `{ words }`: these, or the path of a file. */
type Values = Dynamic | 'file' | 'command' | readonly string[] | { readonly words: readonly string[] };

const SOURCES = ['promotional', 'purchased', 'monthly', 'welcome'] as const;

/**
 * By an option's own name, else by what stands in its brackets, and by an argument's name: `--source <source>`,
 * `-o, --output <file>`, `<model>`. What is not here is the user's to write.
 */
const VALUES: Readonly<Record<string, Values>> = {
  model: 'model',
  provider: 'provider',
  plan: 'plan',
  package: 'package',
  account: 'account',
  lot: 'lot',
  hold: 'hold',
  file: 'file',
  path: 'file',
  paths: 'file',
  folder: 'file',
  source: SOURCES,
  mode: ['prorate', 'restart', 'next-cycle'],
  by: ['model', 'day', 'month', 'session', 'run', 'source', 'activity', 'account', 'provider'],
  activity: ['chat', 'agent', 'artifact'],
  role: ['read', 'spend', 'admin'],
  what: ['usage', 'entries', 'lots', 'ledger'],
  format: ['jsonl', 'csv', 'hledger'],
  kind: ['granted', 'held', 'returned', 'spent', 'expired', 'revoked', 'owed', 'repaid'],
  cache: ['none', 'anthropic', 'openai'],
  profile: { words: ['coding', 'service', 'service-large'] },
  expires: ['never', '30d', '90d', '365d'],
  shell: ['bash', 'zsh', 'fish'],
  topic: 'command',
};

/** Arguments whose name alone does not say what they are. */
const ARGUMENTS: Readonly<Record<string, Values>> = {
  'accounts show id': 'account',
  'accounts close id': 'account',
  'purchases show id': 'purchase',
  'packages set id': 'package',
  'packages retire id': 'package',
  // A method of the provider's test mode; a real card is entered on its page.
  'card add method': ['pm_card_visa', 'pm_card_mastercard'],
  // A new name, not one that is there.
  'plan define plan': [],
};

/** A command line as far as it is written. */
interface Position {
  /** The command, when its words are complete. */
  readonly spec: CommandSpec | null;
  /** First word of a group whose verb is still to come. */
  readonly group: string | null;
  /** Operands that the command has already. */
  readonly operands: readonly string[];
  /** Options that were given already. */
  readonly given: ReadonlySet<string>;
  /** The option whose value comes next. */
  readonly pending: OptionSpec | null;
  /** Nothing is an option any more: `--` was written. */
  readonly ended: boolean;
}

const NOTHING: Completion = { offers: [], files: false };

/**
 * Completes a command line.
 * @param words after the program's name; the last one is unfinished and may be empty
 * @param topics names of help topics
 */
export async function complete(
  groups: readonly CommandGroup[],
  topics: readonly string[],
  words: readonly string[],
  lookup: Lookup,
): Promise<Completion> {
  const commands = groups.flatMap((group) => group.commands).filter(({ hidden }) => hidden !== true);
  const current = words.at(-1) ?? '';
  const at = positionOf(commands, words.slice(0, -1));
  const values = (spec: Values): Promise<Completion> => valuesOf(spec, current, { commands, topics, lookup });
  if (at.pending !== null) return values(valueKind(at.pending));
  const equals = current.indexOf('=');
  if (!at.ended && current.startsWith('--') && equals > 0) {
    const option = findOption(at.spec, current.slice(0, equals));
    if (option === undefined) return NOTHING;
    const head = current.slice(0, equals + 1);
    const found = await valuesOf(valueKind(option), current.slice(equals + 1), { commands, topics, lookup });
    return { ...found, offers: found.offers.map((offer) => ({ ...offer, value: head + offer.value })) };
  }
  if (!at.ended && current.startsWith('-')) return { offers: fitting(flagsFor(at), current), files: false };
  if (at.group !== null) return { offers: fitting(verbsOf(commands, at.group), current), files: false };
  if (at.spec === null) return { offers: fitting(firstWords(commands), current), files: false };
  const verbs = at.operands.length === 0 ? fitting(verbsOf(commands, at.spec.name), current) : [];
  if (verbs.length > 0) return { offers: verbs, files: false };
  const argument = argumentAt(at.spec, at.operands.length);
  if (argument === undefined) return NOTHING;
  return values(ARGUMENTS[`${at.spec.name} ${argument}`] ?? VALUES[argument] ?? []);
}

/** Only what starts with what is written; case counts for nothing, as in the program's own look-ups. */
function fitting(offers: readonly Offer[], current: string): Offer[] {
  const start = current.toLowerCase();
  return offers.filter(({ value }) => value.toLowerCase().startsWith(start));
}

function positionOf(commands: readonly CommandSpec[], words: readonly string[]): Position {
  let spec: CommandSpec | null = null;
  let group: string | null = null;
  let pending: OptionSpec | null = null;
  let ended = false;
  const operands: string[] = [];
  const given = new Set<string>();
  for (const word of words) {
    if (pending !== null) {
      pending = null;
    } else if (!ended && word === '--') {
      ended = true;
    } else if (!ended && word.startsWith('-') && word.length > 1) {
      const [name = word] = word.split('=', 1);
      const option = findOption(spec, name);
      if (option !== undefined) given.add(option.flags);
      pending = option !== undefined && takesValue(option) && name === word ? option : null;
    } else if (spec === null && group === null) {
      spec = commands.find((each) => isNamed(each, word)) ?? null;
      group = spec === null && commands.some(({ name }) => name.startsWith(`${word} `)) ? word : null;
      if (spec === null && group === null) return { spec: UNKNOWN, group, operands, given, pending, ended };
    } else if (group !== null) {
      const prefix: string = group;
      spec = commands.find((each) => each.name.startsWith(`${prefix} `) && isNamed(each, word)) ?? UNKNOWN;
      group = null;
    } else {
      const below: string = `${spec?.name} ${word}`;
      const child = operands.length === 0 ? commands.find(({ name }) => name === below) : undefined;
      if (child === undefined) operands.push(word);
      else spec = child;
    }
  }
  return { spec, group, operands, given, pending, ended };
}

/** Stands for a command that there is not: it takes nothing. */
const UNKNOWN: CommandSpec = {
  name: '?',
  summary: '',
  examples: [],
  load: () => Promise.reject(new Error('no command')),
};

/** By the last word of its name; a command of a group counts only behind its group's name. */
function isNamed({ name, aliases = [], hiddenAliases = [] }: CommandSpec, word: string): boolean {
  const last = name.split(' ').at(-1);
  return last !== '' && (last === word || aliases.includes(word) || hiddenAliases.includes(word));
}

const namesOf = ({ flags }: OptionSpec): string[] =>
  flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));
const takesValue = ({ flags }: OptionSpec): boolean => /[<[]/.test(flags);

function findOption(spec: CommandSpec | null, name: string): OptionSpec | undefined {
  return [...(spec?.options ?? []), ...GLOBAL_OPTIONS].find((option) => namesOf(option).includes(name));
}

function valueKind(option: OptionSpec): Values {
  // `simulate` has a --profile of its own, for something else.
  if (GLOBAL_OPTIONS.includes(option) && option.flags.startsWith('--profile ')) return 'settings';
  const long = namesOf(option).at(-1)!.replace(/^-+/, '');
  const bracket = /[<[]([a-z-]+)/.exec(option.flags)?.[1] ?? '';
  return VALUES[long] ?? VALUES[bracket] ?? [];
}

/** Options that can still be given: with an own description each, long names alone. */
function flagsFor({ spec, given }: Position): Offer[] {
  const foreign = (option: OptionSpec): boolean =>
    (option.flags.includes('--dry-run') && spec?.writes !== true) ||
    (option.flags.includes('--key') && spec?.books !== true) ||
    (option.flags.includes('--remote') && spec?.localOnly === true) ||
    spec?.options?.some((own) => namesOf(own).at(-1) === namesOf(option).at(-1)) === true;
  const options = [...(spec?.options ?? []), ...GLOBAL_OPTIONS.filter((option) => !foreign(option))];
  return [
    ...options
      .filter((option) => option.hidden !== true && (option.repeat === true || !given.has(option.flags)))
      .map((option) => ({ value: namesOf(option).at(-1)!, description: option.description })),
    { value: '--help', description: 'explain this command' },
  ];
}

function verbsOf(commands: readonly CommandSpec[], group: string): Offer[] {
  return commands
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name, summary }) => ({ value: name.slice(group.length + 1), description: summary }));
}

/** Commands, and each group once. */
function firstWords(commands: readonly CommandSpec[]): Offer[] {
  const words = new Map<string, string>();
  for (const { name, summary, family, isDefault } of commands) {
    const [first = ''] = name.split(' ', 1);
    if (first === '') continue;
    if (!words.has(first) || isDefault === true) words.set(first, family ?? summary);
  }
  return [...words].map(([value, description]) => ({ value, description }));
}

/** The name of the argument at a place: `model` of `<model>`; the last one stands for all that follow if it ends in `…`. */
function argumentAt({ args = '' }: CommandSpec, index: number): string | undefined {
  const names = [...args.matchAll(/[<[]([a-z-]+)(\.\.\.)?[>\]]/g)];
  const found = names[index] ?? (names.at(-1)?.[2] === undefined ? undefined : names.at(-1));
  return found?.[1];
}

interface Known {
  readonly commands: readonly CommandSpec[];
  readonly topics: readonly string[];
  readonly lookup: Lookup;
}

async function valuesOf(
  values: Values,
  current: string,
  { commands, topics, lookup }: Known,
): Promise<Completion> {
  if (values === 'file') return { offers: [], files: true };
  if (values === 'command') {
    const names = topics.map((value) => ({ value, description: 'topic' }));
    return { offers: fitting([...names, ...firstWords(commands)], current), files: false };
  }
  if (typeof values === 'string') return { offers: fitting(await lookup(values), current), files: false };
  const words = 'words' in values ? values.words : values;
  const offers = words.map((value) => ({ value, description: '' }));
  return { offers: fitting(offers, current), files: 'words' in values };
}

/**
 * The answer as the shells' scripts read it: `value<TAB>description` a line, and a last line `:4`, or `:0` when files
 * shall be offered. (The protocol of cobra's completions, so that its readers understand it too.)
 */
export function renderCompletion({ offers, files }: Completion): string {
  const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f]+/g, ' ');
  const lines = offers.map(({ value, description }) => {
    return description === '' ? oneLine(value) : `${oneLine(value)}\t${oneLine(description)}`;
  });
  return [...lines, files ? ':0' : ':4'].join('\n');
}

/** What the words say about the ledger to look into. */
export interface Target {
  /** Value of `--account`; null: not given. */
  readonly account: string | null;
  /** Another ledger than the usual one is named, or settings that may name one. */
  readonly isOther: boolean;
}

/** Reads `--account`, `--db`, `--remote` and `--profile` out of an unfinished command line. */
export function targetOf(words: readonly string[]): Target {
  let account: string | null = null;
  let isOther = false;
  const end = words.indexOf('--');
  const options = words.slice(0, end < 0 ? -1 : end);
  for (const [index, word] of options.entries()) {
    if (word === '-a' || word === '--account') account = options[index + 1] ?? account;
    else if (word.startsWith('--account=')) account = word.slice('--account='.length);
    else if (/^--(?:db|remote|profile)(?:=|$)/.test(word)) isOther = true;
  }
  return { account, isOther };
}
