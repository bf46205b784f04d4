/**
 * The program: parse, run, write, and the one catch. Exit codes are set here and nowhere else.
 * Source: contract 2, 3.
 */
import { version } from '../../package.json';
import { LedgerError } from '../core/errors.ts';
import type { ParsedLine, ProgramSettings } from './build-program.ts';
import type { CommandInput, CommandSpec, Result } from './command.ts';
import { commandWord } from './command-word.ts';
import { COMMANDS } from './commands/index.ts';
import { type Context, createContext, type Io, processIo } from './context.ts';
import { chosenProfile, type Globals, resolveGlobals } from './globals.ts';
import { answerText, exitCodeOf, failureText, nameSystemError, pour } from './output.ts';
import { helpPage, parseLine } from './program.ts';
import { readConfiguration } from './settings.ts';
import { describeTerminal, streamColumns } from './terminal.ts';

const EXIT_INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

/** The table and settings from which the program is built. */
export function programSettings(columns: number, words: readonly string[] | null): ProgramSettings {
  return { groups: COMMANDS, version, columns, words };
}

/** True when a command line asks for JSON, as far as it can be told without parsing it. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** A command line read up to its request: nothing has been opened. */
export interface PreparedCommand {
  readonly spec: CommandSpec;
  readonly globals: Globals;
  readonly request: unknown;
  readonly run: (context: Context) => Promise<Result>;
}

/**
 * Reads a parsed line into a request.
 * @throws LedgerError `invalid_argument`
 */
export async function prepare(line: ParsedLine, io: Pick<Io, 'env' | 'clock'>): Promise<PreparedCommand> {
  const { spec, args, options, flags } = line;
  const globals = resolveGlobals(flags, io.env, readConfiguration(io.env, chosenProfile(flags, io.env)));
  const module = await spec.load();
  const input: CommandInput = {
    args,
    options,
    now: globals.now ?? io.clock(),
    key: globals.key,
    model: globals.model,
  };
  const request = module.parse(input);
  const writes = spec.writes === true && module.onlyReads?.(request) !== true;
  return { spec: { ...spec, writes }, globals, request, run: (context) => module.run(context, request) };
}

/**
 * Runs one command line.
 * @param argv without the program's own name
 * @returns the exit code
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let json = wantsJson(argv);
  let context: Context | undefined;
  try {
    const { columns } = describeTerminal(io, io.env, { noColor: false, noInput: false, yes: false });
    const line = parseLine(programSettings(Math.min(columns, 120), argv), argv);
    json = line.flags.json === true;
    if ('page' in line) {
      const text = line.page.trimEnd();
      io.stdout.write(json ? `${JSON.stringify({ schema: 'credits.text/v1', text })}\n` : `${text}\n`);
      return 0;
    }
    const { spec, globals, run: carryOut } = await prepare(line, io);
    const pages = programSettings(Math.min(columns, 120), null);
    context = await createContext(io, { spec, globals, helpPage: (words) => helpPage(pages, words) });
    return await answer(io, context, await carryOut(context));
  } catch (error) {
    const refusal = nameSystemError(error);
    const spec = COMMANDS.flatMap(({ commands }) => commands).find(({ name }) => name === commandWord(argv));
    if (spec?.neverFails === true && !io.signal.aborted) return await excuse(io, spec, refusal, json);
    return refuse(io, refusal, json, context);
  } finally {
    // The answer has been given: what goes wrong now cannot change it.
    await context?.close().catch(() => {});
  }
}

/** Writes an answer, then what comes after it. */
async function answer(io: Io, context: Context, result: Result): Promise<number> {
  const { globals } = context;
  if (result.stream === undefined) {
    const { json, quiet } = globals;
    const text = await answerText(result, { json, quiet, columns: context.terminal.tableColumns });
    if (text !== '') io.stdout.write(text);
  } else await pour(result.stream(), io.stdout, io.signal);
  const code = result.failure === undefined ? 0 : refuse(io, result.failure, globals.json, context);
  await result.afterwards?.();
  return code;
}

/** The answer of a command that never fails, about what went wrong. */
async function excuse(io: Io, spec: CommandSpec, error: unknown, json: boolean): Promise<number> {
  const module = await spec.load();
  if (module.whenFailed === undefined) throw error;
  io.stdout.write(
    await answerText(module.whenFailed(error), { json, quiet: false, columns: Number.POSITIVE_INFINITY }),
  );
  return 0;
}

function isInterrupt(error: unknown, io: Io): boolean {
  return io.signal.aborted || (error instanceof Error && error.name === 'ExitPromptError');
}

/** Writes a refusal. */
function refuse(io: Io, error: unknown, json: boolean, context?: Context): number {
  const mark = context?.terminal.errorColor === true ? context.paint.bad : undefined;
  if (isInterrupt(error, io)) {
    const exit = typeof io.signal.reason === 'number' ? io.signal.reason : EXIT_INTERRUPTED.SIGINT;
    io.stderr.write(
      failureText(new LedgerError('cancelled', 'interrupted'), json, mark, streamColumns(io.stderr)),
    );
    return exit;
  }
  if (exitCodeOf(error) === 1 && io.env.CREDITS_DEBUG === '1' && error instanceof Error) {
    io.stderr.write(`${error.stack}\n`);
  }
  io.stderr.write(failureText(error, json, mark, streamColumns(io.stderr)));
  return exitCodeOf(error);
}

/** The entry of the launcher. */
export async function main(): Promise<void> {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const end = (): void => {
      // From now on the system's own handling is back: a second Ctrl-C ends at once.
      process.removeAllListeners('SIGINT');
      process.removeAllListeners('SIGTERM');
      controller.abort(EXIT_INTERRUPTED[signal]);
    };
    process.once(signal, end);
  }
  const io = processIo(controller.signal);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no failure; any other loss of the answer is.
    if (error.code === 'EPIPE') return;
    const lost = new LedgerError(
      'internal',
      `the answer could not be written: ${error.code ?? error.message}`,
    );
    io.stderr.write(failureText(lost, wantsJson(process.argv.slice(2))));
    process.exitCode = 1;
  });
  const code = await run(process.argv.slice(2), io);
  process.exitCode ??= code;
}
