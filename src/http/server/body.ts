/** Reads what a request carries, within its limits. */
import type { IncomingMessage } from 'node:http';
import { invalid, LedgerError } from '../../core/errors.ts';
import { HttpRefusal } from './problem.ts';

/** Most bytes of a body unless its route says otherwise. */
export const BODY_LIMIT = 64 << 10;

const tooLarge = (limit: number): HttpRefusal =>
  new HttpRefusal(
    new LedgerError('invalid_argument', `the body is larger than ${limit} bytes`, {
      hint: 'many spends go to /v1/spends/batch',
    }),
    413,
    { connection: 'close' },
  );

/** @throws HttpRefusal when it is larger than the limit; LedgerError `invalid_argument` when it was cut off */
export function readBytes(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    incoming.on('data', (part: Buffer) => {
      size += part.length;
      if (size > limit) {
        parts.length = 0;
        reject(tooLarge(limit));
      } else parts.push(part);
    });
    incoming.once('end', () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
    const cutOff = (): void => {
      if (!incoming.readableEnded) reject(invalid('the body was cut off'));
    };
    incoming.once('error', cutOff);
    incoming.once('close', cutOff);
  });
}

/** What only a look at the written digits can tell: exponents, and more decimals than credits have. */
const SUSPECT = /\d[eE]|\.\d{7}|-0/;

/**
 * Reads JSON. Numbers are judged as they are written: `1e3` and a seventh decimal are refused, never rounded.
 * @throws LedgerError `invalid_argument`
 */
export function parseJson(text: string): unknown {
  try {
    if (!SUSPECT.test(text)) return JSON.parse(text);
    return JSON.parse(text, checkNumber as (this: unknown, key: string, value: unknown) => unknown);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid('the body is no JSON');
    throw error;
  }
}

function checkNumber(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value === 'number' && source !== undefined && /[eE]|\.\d{7}|^-0/.test(source)) {
    throw invalid(`${key}: ${source.slice(0, 40)} is no number of plain digits with at most 6 decimals`);
  }
  return value;
}
