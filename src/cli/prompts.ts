/**
 * Questions on a terminal. Loaded only after the gate in `terminal.ts` said that somebody can answer: the library takes
 * a closed or piped stdin for an answer, and asks on stdout unless told.
 */
import { confirm, input, password, select } from '@inquirer/prompts';
import { LedgerError } from '../core/errors.ts';

interface Where {
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * Waits for an answer, or for the end of input. The library waits for ever after Ctrl-D or a terminal that is gone; then
 * nothing keeps the process alive, and it would end with 0 as if all were done.
 * @throws LedgerError `cancelled` when nobody will answer any more
 */
async function ask<Value>(signal: AbortSignal, prompt: (where: Where) => Promise<Value>): Promise<Value> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  // Readline pauses its input when it closes, also after an answer; the answer is then there already.
  const events = ['pause', 'end', 'close'] as const;
  const answer = prompt({ output: process.stderr, signal: AbortSignal.any([signal, gone.signal]) });
  for (const event of events) process.stdin.on(event, leave);
  try {
    return await answer;
  } catch (error) {
    const isGone = error instanceof Error && error.name === 'AbortPromptError' && !signal.aborted;
    throw isGone ? new LedgerError('cancelled', 'nothing was done: there was no answer') : error;
  } finally {
    for (const event of events) process.stdin.off(event, leave);
  }
}

/** A yes or no; No unless yes is said. @throws ExitPromptError on Ctrl-C; LedgerError `cancelled` on Ctrl-D */
export function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  return ask(signal, (where) => confirm({ message: question, default: false }, where));
}

/** A secret, shown as dots. @throws as `askYesNo` */
export function askSecret(question: string, signal: AbortSignal): Promise<string> {
  return ask(signal, (where) => password({ message: question, mask: true }, where));
}

/** One of some. @throws as `askYesNo` */
export function askChoice<Value extends string>(
  question: string,
  choices: readonly { readonly value: Value; readonly name: string }[],
  standard: Value,
  signal: AbortSignal,
): Promise<Value> {
  return ask(signal, (where) =>
    select({ message: question, choices: [...choices], default: standard }, where),
  );
}

/** A line of text. @param check returns true, or what is wrong. @throws as `askYesNo` */
export function askText(
  question: string,
  standard: string | undefined,
  check: (text: string) => true | string,
  signal: AbortSignal,
): Promise<string> {
  return ask(signal, (where) =>
    input(
      { message: question, ...(standard === undefined ? {} : { default: standard }), validate: check },
      where,
    ),
  );
}
