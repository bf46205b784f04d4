/** Transcripts written for one test, and what the reader makes of them. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import type { Call, Transcripts } from '../../src/transcripts/call.ts';
import { type ReadOptions, readTranscripts } from '../../src/transcripts/read-transcripts.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** File contents by relative path: text as it is, a list as one JSON object a line. */
export type Files = Readonly<Record<string, string | readonly unknown[]>>;

/** One JSON object a line, each line ended. */
export const lines = (values: readonly unknown[]): string =>
  values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('');

/** Writes files into a folder that goes when the test ends; with `changedAt` as the time of their last change. */
export function folderOf(files: Files, changedAt?: number): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'transcripts-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : lines(content));
    if (changedAt !== undefined) utimesSync(file, changedAt / 1000, changedAt / 1000);
  }
  return folder;
}

/** Reads files that exist for this reading only. */
export function read(files: Files, options: ReadOptions = {}): Transcripts & { readonly folder: string } {
  const folder = folderOf(files);
  return { ...readTranscripts([folder], options), folder };
}

/** The calls as `[model, input, output]`, the shortest form in which a count can be wrong. */
export const counted = (transcripts: Transcripts): [string, number, number][] =>
  [...transcripts.calls()].map((call) => [call.model, call.inputTokens, call.outputTokens]);

/** The only call. */
export function only(transcripts: Transcripts): Call {
  const calls = [...transcripts.calls()];
  if (calls.length !== 1) throw new Error(`expected one call, found ${calls.length}`);
  return calls[0] as Call;
}

/** The reasons of the bad lines as `FILE:LINE reason`, without the folder. */
export const badLines = (transcripts: Transcripts & { readonly folder: string }): string[] =>
  transcripts.report.badLines.map(
    ({ file, line, reason }) => `${path.relative(transcripts.folder, file)}:${line} ${reason}`,
  );
