/**
 * Random command lines from the table of commands itself: a command, values that it may or may not want, and then, now and
 * then, a change that nobody would type.
 */
import type { CommandSpec, OptionSpec } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { GLOBAL_OPTIONS } from '../../src/cli/globals.ts';
import type { Chance } from './random.ts';

const SPECS: readonly CommandSpec[] = COMMANDS.flatMap(({ commands }) => commands);

/** What is typed most, and moves credits. */
const BUSY = SPECS.filter(({ name }) =>
  /^(?:spend|hold|settle|release|grant|revoke|expire|balance|buy|plan set|import|cycle \w+|topup run|estimate)$/.test(
    name,
  ),
);

const NUMBERS = [
  ...[
    '0',
    '1',
    '5',
    '12.5',
    '100',
    '0.000001',
    '49.999999',
    '1000',
    '1e3',
    '-5',
    '-0',
    'NaN',
    'Infinity',
    '1,000',
  ],
  ...[
    '0.0000001',
    '1000000000',
    '1000000001',
    '9007199254740993',
    '1e400',
    '0x10',
    '+5',
    '.5',
    '5.',
    '٣',
    ' 5',
    '5 ',
  ],
];
const TIMES = [
  ...[
    'now',
    '2026-01-31',
    '2026-03-11T12:00:00Z',
    '2026-02-30',
    '1969-01-01',
    '9999-12-31T23:59:59.999Z',
    '0',
    '30d',
  ],
  ...[
    '1h',
    '-1d',
    '1y',
    '24h',
    '1000000000d',
    '2026-03-29T02:30',
    '+275760-09-13',
    '2026-01-31T00:00:00+25:00',
    '10m',
  ],
];
const NAMES = [
  ...[
    'default',
    'acme',
    'nobody',
    '@ledger',
    'haiku',
    'sonnet',
    'gpt-4o-mini',
    '4o',
    'openrouter/a/b',
    'claude-sonnet-4-5',
  ],
  ...[
    'pro',
    'free',
    'team',
    'harness',
    'gold',
    'openai',
    'anthropic',
    'purchased',
    'monthly',
    'promotional',
    'welcome',
  ],
  ...[
    '500',
    '2000',
    'pm_card_visa',
    'pm_card_chargeCustomerFail',
    'prorate',
    'restart',
    'next-cycle',
    'day',
    'model',
    'UTC',
  ],
  ...[
    'Europe/Berlin',
    'Mars/Olympus',
    'lots',
    'entries',
    'usage',
    'csv',
    'hledger',
    'jsonl',
    'spend',
    'admin',
    'tok_1',
    'bash',
  ],
];
const MODELS = [
  'haiku',
  'haiku',
  'sonnet',
  '4o',
  'Claude Haiku',
  'openrouter/a/b',
  'claude-sonnet-4-5',
  'none',
];
/** No system passes on a NUL in an argument, so there is none here. */
const ODD = [
  ...[
    '',
    ' ',
    '-',
    '--',
    '=',
    '\u0001',
    '\u001b[31m',
    '💳',
    'é\u0301',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    '%s%n',
  ],
  ...[
    "'; DROP TABLE lot; --",
    '../..',
    '.',
    'a\nb',
    '{"a":1}',
    '[]',
    'null',
    'true',
    '--json',
    '-n',
    '-y',
    'x'.repeat(5_000),
  ],
];

export interface ArgvFacts {
  /** Ids that exist, and files. */
  readonly ids: readonly string[];
  readonly files: readonly string[];
}

export class RandomArgv {
  readonly #chance: Chance;
  readonly #facts: ArgvFacts;

  constructor(chance: Chance, facts: ArgvFacts) {
    this.#chance = chance;
    this.#facts = facts;
  }

  next(): string[] {
    const { spec, words } = this.#command();
    const argv = [...words, ...this.#args(spec), ...this.#options(spec)];
    const changes = this.#chance.pick([0, 0, 0, 0, 1, 1, 4]);
    for (let change = 0; change < changes; change += 1) this.#change(argv);
    return argv;
  }

  #command(): { spec: CommandSpec; words: string[] } {
    const spec = this.#chance.pick(this.#chance.oneIn(2) ? SPECS : BUSY);
    return { spec, words: spec.name === '' ? [] : spec.name.split(' ') };
  }

  /** Mostly a value of the kind that a name suggests. */
  #value(hint: string): string {
    const chance = this.#chance;
    if (chance.oneIn(25)) return chance.pick(ODD);
    if (chance.oneIn(12)) return chance.pick([...NUMBERS, ...TIMES, ...NAMES]);
    if (/account/.test(hint)) return chance.pick(['default', 'acme', 'poor', 'poor', 'nobody', '@ledger']);
    if (/model/.test(hint)) return chance.pick(MODELS);
    if (/provider/.test(hint)) return chance.pick(['openai', 'anthropic', 'google', 'openrouter', 'nobody']);
    if (/instant|span|since|until|from|ttl|duration|timezone|anchor|expires|days/.test(hint))
      return chance.pick(TIMES);
    if (/id\b|hold|lot|purchase|key/.test(hint))
      return chance.pick([...this.#facts.ids, 'k1', 'k2', 'lot_x_1']);
    if (/file|path|dir|db|out|profile|transcript|plot|html/.test(hint)) return chance.pick(this.#facts.files);
    if (/credits|amount|n>|tokens|count|rate|limit|price|cents|runs|rounds|port|seed|min|max/.test(hint)) {
      return chance.oneIn(2) ? chance.pick(['1', '12.5', '30', '100', '1000']) : chance.pick(NUMBERS);
    }
    return chance.pick([...NAMES, ...this.#facts.ids]);
  }

  #args({ args }: CommandSpec): string[] {
    const words = args?.split(' ') ?? [];
    return words.flatMap((word) => {
      if (word.startsWith('[') && this.#chance.oneIn(3)) return [];
      const count = word.includes('...') ? this.#chance.whole(4) : 1;
      return Array.from({ length: count }, () => this.#value(word));
    });
  }

  #options({ options = [] }: CommandSpec): string[] {
    const argv: string[] = [];
    const odds = this.#chance.pick([3, 6, 50]);
    for (const option of options) if (this.#chance.oneIn(odds)) argv.push(...this.#option(option));
    // The ledger stays the one that is looked at.
    const globals = GLOBAL_OPTIONS.filter(({ flags }) => !/--db|--remote/.test(flags));
    for (const option of globals)
      if (this.#chance.oneIn(/--account/.test(option.flags) ? 4 : 16)) argv.push(...this.#option(option));
    return argv;
  }

  #option({ flags }: OptionSpec): string[] {
    const names = flags
      .replace(/[<[].*$/, '')
      .split(',')
      .map((name) => name.trim());
    const name = this.#chance.pick(names);
    if (!/[<[]/.test(flags)) return [name];
    const value = this.#value(flags);
    return this.#chance.oneIn(4) && name.startsWith('--') ? [`${name}=${value}`] : [name, value];
  }

  #change(argv: string[]): void {
    const chance = this.#chance;
    const at = chance.whole(argv.length + 1);
    const kind = chance.whole(7);
    if (kind === 0) argv.splice(at, 1);
    else if (kind === 1) argv.splice(at, 0, argv[chance.whole(argv.length)] ?? '');
    else if (kind === 2) argv.splice(at, 0, chance.pick(ODD));
    else if (kind === 3)
      argv.splice(at, 0, ...this.#option(chance.pick(chance.pick(SPECS).options ?? GLOBAL_OPTIONS)));
    else if (kind === 4)
      argv.splice(at, 0, chance.pick(['--help', '-h', '--version', '--json', '-n', '-q', '--yes']));
    else if (kind === 5 && argv.length > 1) argv.push(argv.shift()!);
    else if (argv[at] !== undefined && !argv[at].includes('/')) argv[at] = this.#bent(argv[at]);
  }

  /** One character more, less or other. */
  #bent(text: string): string {
    const chance = this.#chance;
    const at = chance.whole(text.length + 1);
    const other = chance.pick(['-', '=', '0', '9', 'e', '.', ' ', '\u0001', 'é', '💳', '_', 'Z']);
    return text.slice(0, at) + (chance.oneIn(3) ? '' : other) + text.slice(at + chance.whole(2));
  }
}
