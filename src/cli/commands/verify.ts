/** `credits verify`: re-derives everything from the entries. Exit 7 when something does not add up. Source: contract 6. */
import { readFileSync } from 'node:fs';
import { invalid, LedgerError } from '../../core/errors.ts';
import type { Head, VerifyView } from '../../ledger/verify-view.ts';
import type { CommandModule } from '../command.ts';
import { createProgress } from '../progress.ts';
import { readFailure, textOption } from '../read-input.ts';
import { count } from '../render/amounts.ts';
import type { Paint } from '../render/paint.ts';
import { printable } from '../render/width.ts';

export interface VerifyRequest {
  /** Path of an earlier run's JSON. */
  readonly heads: string | null;
}

type Heads = Readonly<Record<string, Head>>;

export const verify: CommandModule<VerifyRequest> = {
  parse: (input) => ({ heads: textOption(input, 'heads') }),

  async run(context, request) {
    const heads = request.heads === null ? null : readHeads(request.heads);
    const ledger = await context.service();
    const progress = await createProgress(context, 'accounts');
    let view: VerifyView;
    try {
      const onProgress = (done: number, of: number): void => progress.update(done, of);
      view = await ledger.verify({ ...(heads === null ? {} : { heads }), onProgress });
    } finally {
      progress.stop();
    }
    return {
      schema: 'credits.verify/v1',
      json: () => view,
      text: () => renderVerify(view, context.paint),
      failure: view.ok ? undefined : failure(view),
    };
  },
};

function failure(view: VerifyView): LedgerError {
  const failed = view.checks.filter((check) => !check.ok).map((check) => check.id);
  return new LedgerError('integrity_failure', `the ledger does not add up: ${failed.join(', ')}`, {
    hint: 'stop writing to it and keep the file; `credits restore` brings a backup back',
    details: { failed },
  });
}

/** Reads the JSON of an earlier run, or its `heads` alone. @throws LedgerError `invalid_argument` */
export function readHeads(path: string): Heads {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw error instanceof SyntaxError ? invalid(`${path} is no JSON`) : readFailure(path, error);
  }
  const found = isObject(value) && isObject(value.heads) ? value.heads : value;
  if (!isObject(found) || 'schema' in found || !Object.values(found).every(isHead)) {
    throw invalid(
      `${path} holds no heads`,
      'it must be the output of `credits verify --json`, or its `heads`',
    );
  }
  // Nothing would be compared, and the answer would be that everything is there.
  if (Object.keys(found).length === 0) {
    throw invalid(`the heads in ${path} are of no account`, 'every ledger has at least its own chain');
  }
  return found as Heads;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isHead = (value: unknown): value is Head =>
  isObject(value) && Number.isSafeInteger(value.seq) && typeof value.hash === 'string';

function renderVerify(view: VerifyView, paint: Paint): string {
  const lines = view.checks.flatMap((check) => [
    `${check.ok ? paint.good('ok    ') : paint.bad('FAILED')}  ${check.id}`,
    ...check.detail.map((line) => `        ${printable(line)}`),
  ]);
  const scope = `${count(view.accounts, 'account')}, ${count(view.entries, 'entry', 'entries')}`;
  return [
    ...lines,
    view.ok ? `${scope}: everything adds up.` : paint.bold(`${scope}: it does not add up.`),
  ].join('\n');
}
