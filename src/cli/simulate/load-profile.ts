/** Finds the profile that a flag names: a preset, or a file that `simulate calibrate` wrote. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { invalid, isLedgerError } from '../../core/errors.ts';
import { isPresetName, PRESETS, type Profile, readProfile } from '../../core/simulate/profile.ts';
import { readFailure } from '../read-input.ts';

/**
 * Loads a profile.
 * @param name a preset's name, else a path; a file that is called like a preset is meant by `./coding`
 * @throws LedgerError `invalid_argument`
 */
export function loadProfile(name: string): Profile {
  if (isPresetName(name)) return PRESETS[name];
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    const refusal = readFailure(name, error);
    if (!isLedgerError(refusal)) throw refusal;
    throw invalid(
      `${JSON.stringify(name)} is no profile: ${refusal.message}`,
      `the presets are ${Object.keys(PRESETS).join(', ')}; \`credits simulate calibrate\` makes a file`,
    );
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid(`${name} is no JSON`, 'write a profile with `credits simulate calibrate PATH -o FILE`');
  }
  return readProfile(document, path.parse(name).name);
}
