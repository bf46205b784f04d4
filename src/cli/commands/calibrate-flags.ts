/** Reads the arguments of `simulate calibrate` into one request. */
import { invalid } from '../../core/errors.ts';
import { FORMAT_NAMES, type Format } from '../../transcripts/call.ts';
import type { CommandInput } from '../command.ts';
import { choiceOption, readOption, textOption } from '../read-input.ts';
import { readSeed } from './simulate-flags.ts';

/** What to fit. */
export interface CalibrateRequest {
  readonly mode: 'calibrate';
  readonly paths: readonly string[];
  /** Where to write the profile; null: nowhere. */
  readonly output: string | null;
  /** null: after the file. */
  readonly name: string | null;
  /** Whose rates the errors are told in; null: to be assumed. */
  readonly model: string | null;
  readonly seed: number;
  /** A profile to blend with; null: the data alone. */
  readonly blend: string | null;
  readonly format: Format | null;
}

/** Flags that mean something here; all others of `simulate` are refused. */
const OWN: ReadonlySet<string> = new Set(['model', 'seed', 'output', 'name', 'blend', 'format']);
const WORD = 'calibrate';

/** True when the words after `simulate` ask for a calibration. */
export const isCalibrate = ({ args }: CommandInput): boolean => args[0] === WORD;

/** Refuses what belongs to a calibration alone. @throws LedgerError `invalid_argument` */
export function refuseCalibration(input: CommandInput): void {
  const [word] = input.args;
  if (word !== undefined) {
    throw invalid(
      `simulate has no command ${JSON.stringify(word)}`,
      '`credits simulate calibrate PATH…` fits a profile; `credits simulate -m MODEL` simulates',
    );
  }
  for (const name of ['output', 'name', 'blend', 'format']) {
    if (input.options[name] !== undefined) {
      throw invalid(`--${name} is for \`credits simulate calibrate\``, 'leave it out');
    }
  }
}

/**
 * Reads the request.
 * @throws LedgerError `invalid_argument`
 */
export function parseCalibrate(input: CommandInput): CalibrateRequest {
  const paths = input.args.slice(1);
  if (paths.length === 0) throw invalid('calibrate needs the transcripts of runs: name files or folders');
  const foreign = Object.keys(input.options).find((name) => !OWN.has(name));
  if (foreign !== undefined) {
    throw invalid(
      `--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for simulations, not for calibrate`,
      'fit a profile first, then simulate with --profile FILE',
    );
  }
  return {
    mode: 'calibrate',
    paths,
    output: textOption(input, 'output'),
    name: textOption(input, 'name'),
    model: textOption(input, 'model') ?? input.model,
    seed: readOption(input, 'seed', readSeed) ?? 1,
    blend: textOption(input, 'blend'),
    format: choiceOption(input, 'format', FORMAT_NAMES),
  };
}
