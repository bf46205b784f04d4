/** What `verify` answers. Source: contract 6 (`verify`); ids of checks as in the README. */

export interface VerifyOptions {
  /** Heads of an earlier run: account id → `{ seq, hash }`. A shorter or other chain is then found (a cut-off tail). */
  readonly heads?: Readonly<Record<string, Head>>;
  readonly onProgress?: (done: number, of: number) => void;
}

/** The end of an account's chain. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export interface CheckView {
  readonly id: string;
  readonly ok: boolean;
  /** What was found, naming table and row; at most 20 of them. */
  readonly detail: readonly string[];
}

export interface VerifyView {
  readonly ok: boolean;
  readonly accounts: number;
  readonly entries: number;
  readonly checks: readonly CheckView[];
  readonly heads: Readonly<Record<string, Head>>;
}
