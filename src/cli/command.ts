/**
 * What a command of the command line is: one row of the table in `commands/index.ts` (cheap, read at every start) and one
 * module with its code (loaded when the command runs). Parsing and running are apart, so that every mistake in the
 * arguments is found before a ledger is opened.
 */
import type { LedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import type { Context } from './context.ts';

/** One option of a command, in commander's notation. */
export interface OptionSpec {
  /** `--min <credits>`, `-m, --model <name>`, `--no-byok`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; its value is then a list. */
  readonly repeat?: boolean;
  /** Works, but no help names it. */
  readonly hidden?: boolean;
  /** Stands for another option: the camel-case name of that one. */
  readonly as?: string;
}

/** One row of the table of commands. */
export interface CommandSpec {
  /** Words of the command: `balance`, `cycle rollover`. */
  readonly name: string;
  /** Short or hidden spellings of the last word. */
  readonly aliases?: readonly string[];
  readonly hiddenAliases?: readonly string[];
  /** Arguments in commander's notation: `[amount]`, `<plan>`, `<paths...>`. */
  readonly args?: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else `--help` says. */
  readonly about?: string;
  readonly options?: readonly OptionSpec[];
  /** Command lines for `--help`; at least one. */
  readonly examples: readonly string[];
  /** Changes a ledger: takes `--dry-run`, and names its target on stderr. */
  readonly writes?: boolean;
  /** Books a receipt of its own: takes `--key`. */
  readonly books?: boolean;
  /** Works on this machine alone: refuses `--remote`. */
  readonly localOnly?: boolean;
  /** Whatever goes wrong becomes its answer, with exit code 0: a status bar shows nothing after a failure. */
  readonly neverFails?: boolean;
  /** The command a group alone stands for. */
  readonly isDefault?: boolean;
  /** One line about the whole group, beside its default or its first command. */
  readonly family?: string;
  /** Works, but no help lists it. */
  readonly hidden?: boolean;
  /** Loads the code. */
  readonly load: () => Promise<CommandModule<unknown>>;
}

/** A heading of the list of commands with its rows. */
export interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly CommandSpec[];
}

/** Arguments and options as written; nothing has been read out of their text yet. */
export interface CommandInput {
  /** Operands in order; those not given are absent. A variadic one gives all its words. */
  readonly args: readonly string[];
  /** By camel-case name; `--no-x` gives `x: false`. Options not given are absent. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** The command's clock, for spans of time that end now. */
  readonly now: Instant;
  /** `--key`, for commands that take it in some forms only. */
  readonly key: string | null;
  /** `CREDITS_MODEL` or the configured model, which stand for `-m`. */
  readonly model: string | null;
}

/** What a command answers: the same facts as one JSON document and as text. */
export interface Result {
  /** Name in the JSON envelope: `credits.balance/v1`. */
  readonly schema: string;
  /** Fields beside `schema`. Called only with `--json`. */
  readonly json: () => object;
  /** Lines for people, without a last line feed; `''` prints nothing. Called only without `--json`. */
  readonly text: () => string | Promise<string>;
  /** In place of both: what goes to stdout as it is made, for data that may be too much for memory. */
  readonly stream?: () => AsyncIterable<string>;
  /** The text is data, or laid out by itself: a narrow terminal does not break its lines between words. */
  readonly verbatim?: boolean;
  /** Nothing was changed that this command could have changed: `--quiet` then prints no text. */
  readonly unchanged?: boolean;
  /** The answer is printed all the same, then this refusal decides about stderr and exit code (contract 2). */
  readonly failure?: LedgerError | undefined;
  /** Runs after the answer has been written; keeps the exit code, writes to stderr alone. */
  readonly afterwards?: () => Promise<void>;
}

/** The code of a command. */
export interface CommandModule<Request> {
  /**
   * Reads arguments and options; opens nothing.
   * @throws LedgerError `invalid_argument`
   */
  parse(input: CommandInput): Request;
  /** For a row that `writes`: true when this request changes nothing, so that a read-only ledger will do. */
  onlyReads?(request: Request): boolean;
  /** For a row that `neverFails`: the answer in place of a refusal or a defect. */
  whenFailed?(error: unknown): Result;
  /** Does it. Stdout is written from the result alone, so that a refusal leaves it empty. */
  run(context: Context, request: Request): Promise<Result>;
}
