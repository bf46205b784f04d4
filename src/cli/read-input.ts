/** Reads options and arguments of a command out of what commander gives. Parsing of values stays with the core. */
import { invalid } from '../core/errors.ts';
import type { CommandInput } from './command.ts';

/** An option's text; null when it was not given. An empty one is refused. */
export function textOption(input: CommandInput, name: string): string | null {
  const value = input.options[name];
  if (typeof value !== 'string') return null;
  if (value === '') throw invalid(`--${dashed(name)} needs a value`);
  return value;
}

/** An option's text read by a parser that takes the flag's name for its message; null when it was not given. */
export function readOption<Value>(
  input: CommandInput,
  name: string,
  parse: (text: string, what: string) => Value,
): Value | null {
  const value = input.options[name];
  return typeof value === 'string' ? parse(value, `--${dashed(name)}`) : null;
}

/** True when a flag was given. */
export const flagOption = (input: CommandInput, name: string): boolean => input.options[name] === true;

/** True when the negative of a flag was given: `--no-byok`. */
export const negatedOption = (input: CommandInput, name: string): boolean => input.options[name] === false;

/** Every value of a repeatable option, in order. */
export function listOption(input: CommandInput, name: string): readonly string[] {
  const value = input.options[name];
  return Array.isArray(value) ? value : [];
}

/** An option whose value is one of some words; null when it was not given. */
export function choiceOption<Word extends string>(
  input: CommandInput,
  name: string,
  words: readonly Word[],
): Word | null {
  const value = input.options[name];
  if (typeof value !== 'string') return null;
  const word = words.find((each) => each === value);
  if (word === undefined) {
    throw invalid(
      `--${dashed(name)} ${JSON.stringify(value)} is not known`,
      `it is one of ${words.join(', ')}`,
    );
  }
  return word;
}

/** Words to note: at most 1,000 characters. */
export function readNote(text: string, what: string): string {
  if (text.length > 1_000) throw invalid(`${what} is longer than 1,000 characters`);
  if (text.includes('\u0000')) throw invalid(`${what} holds a NUL character`);
  return text;
}

/** A whole number of at least `least`. */
export function readCount(text: string, what: string, least = 1): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) {
    throw invalid(`${what} ${JSON.stringify(text)} is no whole number of at least ${least}`);
  }
  return Number(text);
}

/** `maxOutputTokens` → `max-output-tokens`. */
const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The refusal for a file that cannot be read. */
export function readFailure(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is no folder',
    ENAMETOOLONG: 'its name is too long',
    ELOOP: 'its links lead in a circle',
    EACCES: 'it may not be read',
    EPERM: 'it may not be read',
  };
  return code !== undefined && code in why ? invalid(`cannot read ${path}: ${why[code]}`) : error;
}
