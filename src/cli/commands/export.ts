/** `credits export`: rows for other programs, or the whole ledger for `restore`. Source: contract 6. */
import path from 'node:path';
import { invalid } from '../../core/errors.ts';
import type { EntryExport, ExportRows, ExportWhat, LedgerService } from '../../ledger/service.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { csvLine, csvRow } from '../export/csv.ts';
import { JOURNAL_HEAD, Journal } from '../export/hledger.ts';
import { COLUMNS, FLAT } from '../export/rows-json.ts';
import { writeExport } from '../export/write-file.ts';
import { choiceOption, flagOption, textOption } from '../read-input.ts';
import { count } from '../render/amounts.ts';
import { listDocument } from '../render/list-document.ts';

const WHATS = ['usage', 'entries', 'lots', 'ledger'] as const;
const FORMATS = ['jsonl', 'csv', 'hledger'] as const;

export interface ExportRequest {
  readonly what: (typeof WHATS)[number];
  readonly format: (typeof FORMATS)[number];
  /** Null: stdout. */
  readonly output: string | null;
  readonly all: boolean;
}

export const exportData: CommandModule<ExportRequest> = {
  parse(input) {
    const what = choiceOption(input, 'what', WHATS) ?? 'usage';
    const format = choiceOption(input, 'format', FORMATS) ?? 'jsonl';
    const output = textOption(input, 'output');
    if (what === 'ledger' && format !== 'jsonl') {
      throw invalid('a whole ledger is exported as jsonl only', '--what usage, entries or lots takes csv');
    }
    if (format === 'hledger' && what !== 'entries') {
      throw invalid('hledger takes entries', 'add --what entries');
    }
    const all = flagOption(input, 'all');
    return { what, format, output: output === '-' ? null : output, all };
  },

  async run(context, request) {
    const { output } = request;
    if (output === null) return poured(context, request);
    const rows = { count: 0 };
    const ledger = await context.service();
    const text = batched(linesOf(ledger, account(context, request), request, rows));
    const bytes = await writeExport(path.resolve(output), text, context.signal);
    const { what, format } = request;
    return {
      schema: 'credits.export/v1',
      json: () => ({
        what,
        format,
        ...whose(context, request),
        file: path.resolve(output),
        rows: rows.count,
        bytes,
      }),
      text: () =>
        `Wrote ${count(rows.count, 'row')} (${what}, ${format}, ${count(bytes, 'byte')}) to ${output}.`,
    };
  },
};

const account = (context: Context, { all }: ExportRequest): string | null => (all ? null : context.account);

const whose = (context: Context, request: ExportRequest) =>
  request.what === 'ledger' ? {} : { account: account(context, request) };

async function poured(context: Context, request: ExportRequest): Promise<Result> {
  const { json } = context.globals;
  if (json && request.format !== 'jsonl') {
    throw invalid('--json prints one JSON document', `write the ${request.format} to a file with -o`);
  }
  const ledger = await context.service();
  const rows = { count: 0 };
  const lines = linesOf(ledger, account(context, request), request, rows);
  const { what } = request;
  const head = { schema: 'credits.export/v1', what, ...whose(context, request) };
  return {
    schema: 'credits.export/v1',
    json: () => ({}),
    text: () => '',
    stream: () => batched(json ? listDocument(head, 'rows', trimmed(lines)) : lines),
  };
}

async function* trimmed(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield line.trimEnd();
}

/** Most characters that are written at once, more or less. */
const BLOCK = 1 << 16;

async function* batched(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let block = '';
  for await (const line of lines) {
    block += line;
    if (block.length < BLOCK) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}

/** @param rows counts what is given */
async function* linesOf(
  ledger: LedgerService,
  of: string | null,
  { what, format }: ExportRequest,
  rows: { count: number },
): AsyncGenerator<string> {
  if (what === 'ledger') {
    for await (const page of ledger.exportLedger()) {
      rows.count += page.length;
      for (const line of page) yield `${JSON.stringify(line)}\n`;
    }
    return;
  }
  const write = writerOf(what, format);
  let head: string | null = write.head;
  for await (const page of ledger.exportRows(what, of)) {
    rows.count += page.length;
    for (const row of page) {
      yield head === null ? write.row(row) : head + write.row(row);
      head = null;
    }
  }
  if (head !== null && head !== '') yield head;
}

interface RowWriter {
  readonly head: string;
  readonly row: (row: ExportRows[ExportWhat]) => string;
}

function writerOf(what: ExportWhat, format: ExportRequest['format']): RowWriter {
  const flat = FLAT[what] as (row: ExportRows[ExportWhat]) => ReturnType<(typeof FLAT)[ExportWhat]>;
  const columns = COLUMNS[what];
  switch (format) {
    case 'jsonl':
      return { head: '', row: (row) => `${JSON.stringify(flat(row))}\n` };
    case 'csv':
      return { head: csvLine(columns), row: (row) => csvRow(flat(row), columns) };
    case 'hledger': {
      const journal = new Journal();
      return { head: JOURNAL_HEAD, row: (row) => journal.add(row as EntryExport) };
    }
  }
}
