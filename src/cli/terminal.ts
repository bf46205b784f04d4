/**
 * What is known about the terminal, decided once: colour, width, and whether anybody can be asked.
 * Source: contract 2.
 */
import type { Environment } from './settings.ts';

/** A stream as far as it matters here. */
export interface StreamFacts {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Terminal {
  /** Stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Progress may be drawn on stderr: a terminal that takes escape codes, and nobody said no to them. */
  readonly canDraw: boolean;
  /** Escape codes may go to stdout. */
  readonly color: boolean;
  /** Escape codes may go to stderr. */
  readonly errorColor: boolean;
  /** Width for charts and wrapped text. */
  readonly columns: number;
  /** Width that a table must fit: that of the terminal, or no limit in a pipe, where a table is data. */
  readonly tableColumns: number;
  /** Questions may be asked. */
  readonly canAsk: boolean;
  /** Why not: the first reason, for the message. */
  readonly whyNotAsk: string;
}

/** The facts that flags say. */
export interface TerminalFlags {
  readonly noColor: boolean;
  readonly noInput: boolean;
  readonly yes: boolean;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';
const isOff = (value: string | undefined): boolean => value === '0' || value === 'false';

const refusesEscapes = (env: Environment, { noColor }: Pick<TerminalFlags, 'noColor'>): boolean =>
  noColor || isSet(env.NO_COLOR);

/** Escape codes: NO_COLOR wins, FORCE_COLOR may colour a pipe, else a terminal that is neither dumb nor CI. */
function colorOn(stream: StreamFacts, env: Environment, noColor: boolean): boolean {
  if (refusesEscapes(env, { noColor })) return false;
  const force = env.FORCE_COLOR;
  if (isSet(force)) return !isOff(force);
  return stream.isTTY === true && env.TERM !== 'dumb' && !isSet(env.CI);
}

function widthOf(stream: StreamFacts, env: Environment): number {
  if (stream.columns !== undefined && stream.columns > 0) return stream.columns;
  const given = env.COLUMNS;
  return given !== undefined && /^[1-9]\d{0,3}$/.test(given) ? Number(given) : 80;
}

function whyNot(stdin: StreamFacts, stderr: StreamFacts, env: Environment, flags: TerminalFlags): string {
  if (flags.noInput) return '--no-input';
  if (isSet(env.CI)) return 'CI is set';
  if (stdin.isTTY !== true) return 'stdin is not a terminal';
  if (stderr.isTTY !== true) return 'stderr is not a terminal';
  return flags.yes ? '--yes' : '';
}

/** Width that a stream's lines must fit: no limit where it is no terminal. */
export const streamColumns = ({ isTTY, columns }: StreamFacts): number =>
  isTTY === true && columns !== undefined && columns > 0 ? columns : Number.POSITIVE_INFINITY;

/** Describes the terminal. What concerns stdin and stderr is looked at when it is asked for: opening them costs time. */
export function describeTerminal(
  streams: { readonly stdin: StreamFacts; readonly stdout: StreamFacts; readonly stderr: StreamFacts },
  env: Environment,
  flags: TerminalFlags,
): Terminal {
  const { stdout } = streams;
  const isTerminal = stdout.isTTY === true;
  const color = colorOn(stdout, env, flags.noColor);
  const columns = widthOf(stdout, env);
  const whyNotAsk = (): string => whyNot(streams.stdin, streams.stderr, env, flags);
  return {
    isTerminal,
    get canDraw() {
      return streams.stderr.isTTY === true && !refusesEscapes(env, flags) && env.TERM !== 'dumb';
    },
    color,
    get errorColor() {
      // A piped stdout asks for plain text on both streams.
      return color && colorOn(streams.stderr, env, flags.noColor);
    },
    columns,
    tableColumns: isTerminal ? columns : Number.POSITIVE_INFINITY,
    get canAsk() {
      return whyNotAsk() === '';
    },
    get whyNotAsk() {
      return whyNotAsk();
    },
  };
}
