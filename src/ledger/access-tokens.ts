/**
 * Access tokens: who may reach a ledger over HTTP, and as what. Made and ended by setting receipts on the ledger's own
 * chain. A token is shown once; what is kept is its SHA-256, which is no secret: the token is 256 random bits.
 *
 * Not here: reading a request's token and judging its role, which is the server's.
 * Source: contract 5.11 (tokens book a setting), 6 (`tokens`), 8 (roles).
 */
import { LedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import type { LocalDeps } from './local-deps.ts';
import { bookSettings } from './local-settings.ts';
import type { ReceiptView, WriteOptions } from './service.ts';
import type { Replay, SettingRow } from './store.ts';

/** What a token may do; each may also do what those before it may. Source: contract 8. */
export const ACCESS_ROLES = ['read', 'spend', 'admin'] as const;
export type AccessRole = (typeof ACCESS_ROLES)[number];

/** A token as it is stored. `account` null: it acts on every account. */
export interface AccessTokenRow {
  /** Number of the setting receipt that made it. */
  readonly no: number;
  /** SHA-256 of its text, hex. */
  readonly hash: string;
  readonly role: AccessRole;
  readonly account: string | null;
  readonly madeAt: Instant;
  readonly endedAt: Instant | null;
}

export interface AccessTokenView {
  readonly id: string;
  readonly role: AccessRole;
  readonly account: string | null;
  readonly madeAt: Instant;
  readonly endedAt: Instant | null;
}

/** A token that was made or ended. `receipt` null: nothing was to be done. */
export interface AccessTokenChange extends AccessTokenView {
  readonly receipt: ReceiptView | null;
}

/** A new token; all null for a dry run. `token` null also for a known key: it was shown then, and is kept nowhere. */
export interface NewAccessToken extends Omit<AccessTokenChange, 'id'> {
  readonly id: string | null;
  readonly token: string | null;
}

export interface AccessTokens {
  /** Every token there ever was, oldest first. */
  list(): Promise<AccessTokenView[]>;
  /** @throws LedgerError `unknown_account`, `key_reused`, `invalid_argument` */
  create(
    input: { readonly role: AccessRole; readonly account: string | null },
    options?: WriteOptions,
  ): Promise<NewAccessToken>;
  /** @throws LedgerError `unknown_token` */
  find(id: string): Promise<AccessTokenView>;
  /** Ends a token for good; one that has ended books nothing. @throws LedgerError `unknown_token`, `key_reused` */
  revoke(id: string, options?: WriteOptions): Promise<AccessTokenChange>;
}

const TEXT = /^credits_([1-9]\d{0,14})_[A-Za-z0-9_-]{43}$/;
const ID = /^tok_([1-9]\d{0,14})$/;

/** The number inside a token's text, which says where to look; undefined: it is no token. */
export function accessTokenNo(text: string): number | undefined {
  const match = TEXT.exec(text);
  return match === null ? undefined : Number(match[1]);
}

export const accessTokenId = (no: number): string => `tok_${no}`;

const viewOf = ({ no, role, account, madeAt, endedAt }: AccessTokenRow): AccessTokenView => ({
  id: accessTokenId(no),
  role,
  account,
  madeAt,
  endedAt,
});

/** @param secret 32 random bytes as base64url without padding */
export function createAccessTokens(deps: LocalDeps, secret: () => string): AccessTokens {
  const { store } = deps;
  const find = async (id: string): Promise<AccessTokenRow> => {
    const no = ID.exec(id)?.[1];
    const [row] = no === undefined ? [] : await store.accessTokens(Number(no));
    if (row !== undefined) return row;
    throw new LedgerError('unknown_token', `no token is called ${JSON.stringify(id)}`, {
      hint: 'list them with `credits tokens`',
      details: { token: id },
    });
  };
  return {
    list: async () => (await store.accessTokens()).map(viewOf),
    find: async (id) => viewOf(await find(id)),

    async create({ role, account }, options = {}) {
      if (account !== null) await store.read(account);
      let token: string | null = null;
      const rows = (_: unknown, madeAt: Instant, no: number): SettingRow[] => {
        token = `credits_${no}_${secret()}`;
        return [{ table: 'access_token', no, hash: deps.sha256(token), role, account, madeAt }];
      };
      const { replay, receipt } = await bookSettings(deps, ['token', role, account], rows, options);
      const no = seqOf(receipt, replay);
      const [row] = no === null ? [] : await store.accessTokens(no);
      if (row === undefined) {
        const made = { id: null, role, account, madeAt: receipt.at, endedAt: null };
        return { ...made, token: null, receipt };
      }
      return { ...viewOf(row), token: replay === null ? token : null, receipt };
    },

    async revoke(id, options = {}) {
      const row = await find(id);
      if (row.endedAt !== null && options.key == null) return { ...viewOf(row), receipt: null };
      const rows = (_: unknown, at: Instant): SettingRow[] =>
        row.endedAt === null ? [{ table: 'access_token_end', token: row.no, at }] : [];
      const { receipt } = await bookSettings(deps, ['token end', row.no], rows, options);
      return { ...viewOf(await find(id)), receipt };
    },
  };
}

/** Number of a booked receipt; null for a dry run. */
function seqOf(receipt: ReceiptView, replay: Replay | null): number | null {
  if (replay !== null) return replay.booked.receipt.seq;
  return receipt.receipt === null ? null : Number(receipt.receipt.split('_').at(-1));
}
