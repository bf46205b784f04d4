/**
 * The two writers of the program: one for answers (stdout), one for refusals (stderr). No command prints by itself.
 * Source: contract 2 (streams, envelopes), 3 (codes).
 */
import { invalid, isLedgerError, LedgerError } from '../core/errors.ts';
import type { Result } from './command.ts';
import { group } from './render/amounts.ts';
import { wrapText } from './render/wrap.ts';

/** Where text goes. `process.stdout` and a test's string buffer both fit. */
export interface Sink {
  write(text: string): unknown;
  /** Tells of a write that failed, as a stream does. */
  once?(event: 'error', listener: () => void): unknown;
}

/** How an answer is wanted. `columns`: of the terminal; infinite elsewhere. */
export interface AnswerFacts {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly columns: number;
}

/** The text of an answer, with its last line feed; empty when there is nothing to print. */
export async function answerText(result: Result, facts: AnswerFacts): Promise<string> {
  if (facts.json) return `${JSON.stringify({ schema: result.schema, ...result.json() })}\n`;
  if (facts.quiet && result.unchanged === true) return '';
  const text = await result.text();
  if (text === '') return '';
  return `${result.verbatim === true ? text : wrapText(text, facts.columns)}\n`;
}

/** Writes text as it is made; stops when nobody reads it any more. @throws when the run is interrupted */
export async function pour(text: AsyncIterable<string>, sink: Sink, signal: AbortSignal): Promise<void> {
  // Node's own stdout forgets that it was closed: its `destroyed` tells nothing.
  let isClosed = false;
  sink.once?.('error', () => {
    isClosed = true;
  });
  for await (const part of text) {
    signal.throwIfAborted();
    sink.write(part);
    // A closed pipe is told in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
    if (isClosed) return;
  }
}

/** A refusal, or a defect, as the fields of the failure document. */
export function failureFields(error: unknown): {
  code: string;
  message: string;
  hint?: string;
  details?: Readonly<Record<string, unknown>>;
} {
  if (isLedgerError(error)) {
    const { code, message, hint, details } = error;
    return {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(details === undefined ? {} : { details }),
    };
  }
  return {
    code: 'internal',
    message: `something went wrong inside credits: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'CREDITS_DEBUG=1 shows where',
  };
}

/** Control characters of foreign text (a file's name, a note) must not reach a terminal; line feeds become spaces. */
const clean = (text: string): string =>
  text.replace(/[\r\n\t]+/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

/** The text of a refusal for stderr. @param columns of the terminal; infinite elsewhere */
export function failureText(
  error: unknown,
  json: boolean,
  mark = (word: string): string => word,
  columns = Number.POSITIVE_INFINITY,
): string {
  const fields = failureFields(error);
  if (json) return `${JSON.stringify({ error: fields })}\n`;
  const hint = fields.hint === undefined ? '' : `hint: ${clean(fields.hint)}\n`;
  return wrapText(`${mark('error:')} ${clean(fields.message)}${amounts(fields.details)}\n${hint}`, columns);
}

/** How much was needed and how much there is stand in the details: people get them in the sentence. */
function amounts(details: Readonly<Record<string, unknown>> | undefined): string {
  const { needed, available } = details ?? {};
  if (typeof needed !== 'number' || typeof available !== 'number') return '';
  return `: ${group(String(needed))} needed, ${group(String(available))} available`;
}

/** Exit code of whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  return isLedgerError(error) ? error.exitCode : 1;
}

/** Errors of the system that have a code of their own; anything else stays as it is. */
export function nameSystemError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LedgerError('disk_full', 'the disk is full', {
      hint: 'make room, then run the same command again',
    });
  }
  if (code === 'ENAMETOOLONG') return invalid('a file name is too long');
  return error;
}
