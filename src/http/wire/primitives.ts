/**
 * The smallest parts of the HTTP API's JSON, each a codec: its input side is what travels and what the OpenAPI document
 * shows, its output side what the ledger works with. Credits travel as JSON numbers, instants as RFC 3339, money as integer
 * minor units.
 *
 * Source: contract 1 (numbers and time).
 */
import * as z from 'zod';
import {
  creditsFromJson,
  formatCredits,
  MAX_TOKENS,
  MICRO,
  type Microcredits,
  micro,
  toJsonCredits,
} from '../../core/credits.ts';
import { isLedgerError, LedgerError, REFUSALS, type RefusalCode } from '../../core/errors.ts';
import { ACCOUNT_ID } from '../../core/ledger/accounts.ts';
import { formatInstant, parseInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';

/** Where a codec notes what is wrong with a value. */
interface Notes {
  readonly issues: { push(issue: { code: 'custom'; message: string; input: unknown }): unknown };
}

/** Reads with a parser of the core; its refusal becomes an issue of the schema. */
function reading<T>(read: () => T, input: unknown, notes: Notes): T {
  try {
    return read();
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    notes.issues.push({ code: 'custom', message: error.message, input });
    return z.NEVER;
  }
}

const amount = z.custom<Microcredits>();

/** 2^32: below it a product with a million is off by less than half a microcredit. */
const EXACT = 4_294_967_296;

/** Microcredits of a JSON number of credits, exact below 2^33. Source: contract 1 (read through decimal text). */
export function fromJsonCredits(value: number): Microcredits {
  if (Math.abs(value) < EXACT) return micro(Math.round(value * MICRO));
  const [whole, fraction = ''] = String(Math.abs(value)).split('.') as [string, string?];
  const size = Number(whole) * MICRO + Number(fraction.slice(0, 6).padEnd(6, '0'));
  return micro(value < 0 ? -size : size);
}

/** Credits in an answer. */
export const credits = z
  .codec(z.number(), amount, { decode: fromJsonCredits, encode: toJsonCredits })
  .meta({ description: 'credits, at most 6 decimals' });

/** Credits in a request: at most 6 decimals, at most 1,000,000,000. */
const someCredits = z.codec(z.number().min(0).max(1_000_000_000), amount, {
  decode: (value, notes) => reading(() => creditsFromJson(value), value, notes),
  encode: toJsonCredits,
});

export const creditsInput = someCredits.meta({
  description: 'credits, at most 6 decimals, at most 1,000,000,000',
});

/** More than 0 of them. */
export const positiveCredits = someCredits
  .refine((value) => value > 0, 'it must be more than 0')
  .meta({ description: 'credits, more than 0, at most 6 decimals, at most 1,000,000,000' });

/**
 * A sum over a whole ledger: a number while a number is exact, its decimal text beyond (contract 1: exact below 2^33).
 */
export const creditSum = z
  .codec(z.union([z.number(), z.string().regex(/^\d+(\.\d{1,6})?$/)]), z.bigint(), {
    decode: (value) => {
      const [whole, fraction = ''] = String(value).split('.') as [string, string?];
      return BigInt(whole) * BigInt(MICRO) + BigInt(fraction.padEnd(6, '0'));
    },
    encode: (sum) => (sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) / MICRO : formatCredits(sum)),
  })
  .meta({ description: 'credits; as decimal text where a number would not be exact' });

/** A count that may pass what a number holds exactly. */
export const countSum = z.codec(z.union([z.number().int(), z.string().regex(/^\d+$/)]), z.bigint(), {
  decode: (value) => BigInt(value),
  encode: (sum) => (sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum.toString()),
});

/** An instant in an answer. */
export const instant = z
  .codec(z.string(), z.custom<Instant>(), {
    decode: (text) => Date.parse(text),
    encode: formatInstant,
  })
  .meta({ description: 'RFC 3339, UTC, with milliseconds', format: 'date-time' });

/** An instant in a request: RFC 3339 with an offset, or a date, which is its midnight UTC. */
export const instantInput = z
  .codec(z.string().max(64), z.custom<Instant>(), {
    decode: (text, notes) => reading(() => parseInstant(text), text, notes),
    encode: formatInstant,
  })
  .meta({ description: 'RFC 3339, or a date for its midnight UTC' });

export const tokens = z.number().int().min(0).max(MAX_TOKENS);
export const count = z.number().int();
export const text = z.string();
export const accountId = z.string().regex(ACCOUNT_ID, 'it is no account id');

const printable = /^[^\u0000-\u001f\u007f]*$/;
/** A word for analytics. */
export const tag = z.string().min(1).max(256).regex(printable, 'it holds control characters');
export const note = z
  .string()
  .max(1_000)
  .regex(/^[^\u0000]*$/, 'it holds a NUL character');
/** A model as the caller calls it: whether there is one, and how it may be called, is the ledger's to say, as for every name. */
export const modelName = z.string().min(1);

/** A number in a query. */
export const digits = (most: number) =>
  z.codec(z.string().regex(/^\d{1,9}$/), z.number().max(most), { decode: Number, encode: String });

/** `true` or `false` in a query. */
export const flag = z
  .codec(z.enum(['true', 'false']), z.boolean(), {
    decode: (word) => word === 'true',
    encode: (value) => (value ? 'true' : 'false'),
  })
  .meta({ type: 'boolean' });

/** Codes that this build knows; the rest are newer ones. */
export const isRefusalCode = (code: string): code is RefusalCode => Object.hasOwn(REFUSALS, code);

/** A refusal inside an answer, as the failure document of the command line has it. */
export const refusal = z.codec(
  z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
  z.custom<LedgerError>(),
  {
    decode: ({ code, message, hint, details }) =>
      new LedgerError(isRefusalCode(code) ? code : 'internal', message, {
        ...(hint === undefined ? {} : { hint }),
        ...(details === undefined ? {} : { details }),
      }),
    encode: ({ code, message, hint, details }) => ({
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(details === undefined ? {} : { details: { ...details } }),
    }),
  },
);

/**
 * An object of which some fields travel under another name, the one that the command line's JSON has.
 * @param names field of the ledger's view → field that travels; all other fields keep their name
 */
export function renamed<View>(schema: z.ZodObject, names: Readonly<Record<string, string>>) {
  const back = Object.fromEntries(Object.entries(names).map(([own, wire]) => [wire, own]));
  const rename = (value: object, map: Readonly<Record<string, string>>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value).map(([key, field]) => [map[key] ?? key, field]));
  return z.codec(schema, z.custom<View>(), {
    decode: (value) => rename(value, back) as View,
    encode: (view) => rename(view as object, names) as never,
  });
}

/** What a command booked of clock and cycle before its own work. */
export const dueFields = { granted: credits, expired: credits };
