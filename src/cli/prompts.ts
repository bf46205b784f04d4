/**
 * Questions on a terminal. Loaded only after the gate in `terminal.ts` said that somebody can answer: the library takes
 * a closed or piped stdin for an answer, and asks on stdout unless told.
 */
import { confirm, input, password, select } from '@inquirer/prompts';

const where = (signal: AbortSignal) => ({ output: process.stderr, signal });

/** A yes or no; No unless yes is said. @throws ExitPromptError on Ctrl-C */
export function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  return confirm({ message: question, default: false }, where(signal));
}

/** A secret, shown as dots. @throws ExitPromptError on Ctrl-C */
export function askSecret(question: string, signal: AbortSignal): Promise<string> {
  return password({ message: question, mask: true }, where(signal));
}

/** One of some. @throws ExitPromptError on Ctrl-C */
export function askChoice<Value extends string>(
  question: string,
  choices: readonly { readonly value: Value; readonly name: string }[],
  standard: Value,
  signal: AbortSignal,
): Promise<Value> {
  return select({ message: question, choices: [...choices], default: standard }, where(signal));
}

/** A line of text. @param check returns true, or what is wrong. @throws ExitPromptError on Ctrl-C */
export function askText(
  question: string,
  standard: string | undefined,
  check: (text: string) => true | string,
  signal: AbortSignal,
): Promise<string> {
  return input(
    { message: question, ...(standard === undefined ? {} : { default: standard }), validate: check },
    where(signal),
  );
}
