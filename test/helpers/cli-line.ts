/** Runs a command line inside the test's own process: the real program, with every stream, clock and folder replaced. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { wire } from '../../src/cli/wire.ts';
import type { Wire } from '../../src/cli/wire-types.ts';

/** How a command line ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Stdout as one JSON document. */
  // biome-ignore lint/suspicious/noExplicitAny: a document of any schema
  readonly json: () => any;
  /** The failure document: the last line of stderr. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly failure: () => any;
}

export interface LineFacts {
  readonly env?: Readonly<Record<string, string>>;
  /** What a pipe brings; null: reading it is a mistake. */
  readonly stdin?: string | Uint8Array | null;
  readonly random?: (bytes: number) => Uint8Array;
  /** What opens ledgers, where it is not the real thing. */
  readonly wire?: Wire;
  readonly signal?: AbortSignal;
}

/** The clock of every line that has no `--now`. */
export const NOW = Date.parse('2026-03-11T12:00:00Z');

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'credits-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A way to run lines in a home of their own. @param home an empty folder */
export function commandLine(home: string): (argv: readonly string[], facts?: LineFacts) => Promise<Ended> {
  let seed = 0;
  return async (argv, { env = {}, stdin = null, wire: given = wire, signal } = {}) => {
    let stdout = '';
    let stderr = '';
    const code = await run(argv, {
      env: { HOME: home, NO_COLOR: '1', ...env },
      stdin: {
        isTTY: false,
        open: () => {
          if (stdin === null) throw new Error('stdin was read');
          return Readable.from([Buffer.from(stdin)]);
        },
      },
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      clock: () => NOW,
      random: (bytes) => new Uint8Array(bytes).fill(++seed),
      wire: async () => given,
      signal: signal ?? new AbortController().signal,
    });
    return {
      code,
      stdout,
      stderr,
      json: () => JSON.parse(stdout),
      failure: () => JSON.parse(stderr.trimEnd().split('\n').at(-1)!).error,
    };
  };
}
