/** Reads the arguments of `simulate calibrate` into one request. */
import { invalid } from '../../core/errors.ts';
import { FORMAT_NAMES, type Format } from '../../transcripts/call.ts';
import type { CommandInput } from '../command.ts';
import { choiceOption, readOption, textOption } from '../read-input.ts';
import { readSeed } from './simulate-flags.ts';

/** What to fit. */
export interface CalibrateRequest {
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

/** Flags that mean something here; those of `simulate` that stand before the word `calibrate` are refused. */
const OWN: ReadonlySet<string> = new Set(['model', 'seed', 'output', 'name', 'blend', 'format']);

/**
 * Reads the request.
 * @throws LedgerError `invalid_argument`
 */
export function parseCalibrate(input: CommandInput): CalibrateRequest {
  const paths = input.args;
  if (paths.length === 0 || paths.some((path) => path === ''))
    throw invalid('calibrate needs the transcripts of runs: name files or folders');
  const foreign = Object.keys(input.options).find((name) => !OWN.has(name));
  if (foreign !== undefined) {
    throw invalid(
      `--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for simulations, not for calibrate`,
      'fit a profile first, then simulate with --profile FILE',
    );
  }
  return {
    paths,
    output: textOption(input, 'output'),
    name: textOption(input, 'name'),
    model: textOption(input, 'model') ?? input.model,
    seed: readOption(input, 'seed', readSeed) ?? 1,
    blend: textOption(input, 'blend'),
    format: choiceOption(input, 'format', FORMAT_NAMES),
  };
}
