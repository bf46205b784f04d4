/**
 * Bodies of the HTTP API. Strict: an unknown field is refused by its name, so that nothing is booked otherwise than it was
 * meant. Flat, with the fields that a line of an import has.
 *
 * Source: contract 1 (amounts, tokens), 6 (`spend`, `hold`, `settle`, `grant`, `import`).
 */
import * as z from 'zod';
import type { CallInput } from '../../core/calls.ts';
import type { Microcredits } from '../../core/credits.ts';
import { isLedgerError } from '../../core/errors.ts';
import { HOLD_TTL_MS } from '../../core/ledger/holds.ts';
import { DEFAULT_PRIORITY } from '../../core/sources.ts';
import { formatInstant, parseDuration, parseInstant } from '../../core/time.ts';
import type { CallTags, Instant } from '../../core/types.ts';
import type { GrantInput, HoldInput, SettleInput, SpendInput } from '../../ledger/service.ts';
import {
  accountId,
  count,
  creditsInput,
  instantInput,
  modelName,
  note,
  positiveCredits,
  tag,
  text,
  tokens,
} from './primitives.ts';

const tags = {
  activity: tag.nullish(),
  session: tag.nullish(),
  run: tag.nullish(),
};
const callFields = {
  provider: text.nullish(),
  inputTokens: tokens.optional(),
  cachedTokens: tokens.optional(),
  cacheWriteTokens: tokens.optional(),
  toolCalls: tokens.optional(),
  noByok: z.boolean().optional(),
};
const rest = { ...tags, note: note.nullish() };

/** The flat fields of a call, as they are after reading. */
interface FlatCall
  extends Partial<Record<'activity' | 'session' | 'run' | 'provider', string | null | undefined>> {
  readonly model?: string | null | undefined;
  readonly inputTokens?: number | undefined;
  readonly cachedTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly toolCalls?: number | undefined;
  readonly noByok?: boolean | undefined;
}

const tagsOf = ({ activity, session, run }: FlatCall): CallTags => ({
  activity: activity ?? null,
  session: session ?? null,
  run: run ?? null,
});

const CALL = [
  'model',
  'provider',
  'inputTokens',
  'cachedTokens',
  'cacheWriteTokens',
  'outputTokens',
] as const;

/** What is wrong with a body that names an amount and a call, or neither; undefined: nothing. */
function mixture(credits: unknown, flat: FlatCall, needsModel: boolean): string | undefined {
  const field = [...CALL, 'toolCalls' as const, 'noByok' as const].find((name) => flat[name] != null);
  if (credits != null) {
    return field === undefined ? undefined : `credits and ${field} are two requests: give one of them`;
  }
  if (needsModel && flat.model == null) return 'neither model nor credits is given';
  if (flat.inputTokens == null && flat.outputTokens == null) {
    return 'neither inputTokens nor outputTokens is given';
  }
  return undefined;
}

/** The call of a body, or null where it names an amount. */
function callOf(credits: unknown, flat: FlatCall): CallInput | null {
  if (credits != null) return null;
  return {
    model: flat.model ?? '',
    provider: flat.provider ?? null,
    inputTokens: flat.inputTokens ?? 0,
    cachedTokens: flat.cachedTokens ?? 0,
    cacheWriteTokens: flat.cacheWriteTokens ?? 0,
    outputTokens: flat.outputTokens ?? 0,
    toolCalls: flat.toolCalls ?? 0,
    ...tagsOf(flat),
    noByok: flat.noByok ?? false,
  };
}

/** Fields that say something: what was not given does not travel. */
const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

function flatCall(call: CallInput | null, own: CallTags): Record<string, unknown> {
  if (call === null) return given({ ...own });
  const { model, noByok, ...facts } = call;
  const words = { activity: own.activity, session: own.session, run: own.run };
  return given({
    ...words,
    ...given({ ...facts }),
    model: model === '' ? null : model,
    noByok: noByok ? true : null,
  });
}

const spendShape = {
  credits: positiveCredits.nullish(),
  model: modelName.nullish(),
  ...callFields,
  outputTokens: tokens.optional(),
  ...rest,
  at: instantInput.nullish(),
};

type SpendFields = FlatCall & {
  readonly credits?: Microcredits | null | undefined;
  readonly note?: string | null | undefined;
  readonly at?: Instant | null | undefined;
};

const spendInput = (fields: SpendFields): SpendInput => ({
  amount: fields.credits ?? null,
  call: callOf(fields.credits, fields),
  tags: tagsOf(fields),
  note: fields.note ?? null,
  at: fields.at ?? null,
});

const spendFields = ({ amount, call, tags: words, note: remark, at }: SpendInput) =>
  given({ credits: amount, ...flatCall(call, words), note: remark, at });

/** A finished call, or an amount. */
export const spend = z.codec(
  z
    .strictObject(spendShape)
    .superRefine((fields, context) => refuse(context, mixture(fields.credits, fields, true))),
  z.custom<SpendInput>(),
  { decode: spendInput, encode: (input) => spendFields(input) as never },
);

/** A line of a batch. Without an account the token's own, or `default`. */
export const spendLine = z.codec(
  z
    .strictObject({ ...spendShape, account: accountId.optional(), key: keyText() })
    .superRefine((fields, context) => refuse(context, mixture(fields.credits, fields, true))),
  z.custom<{ readonly account: string | undefined; readonly key: string; readonly input: SpendInput }>(),
  {
    decode: ({ account, key, ...fields }) => ({ account, key, input: spendInput(fields) }),
    encode: ({ account, key, input }) => ({ ...given({ account }), key, ...spendFields(input) }) as never,
  },
);

/** An idempotency key. Source: contract 5.7; as the command line's `--key`. */
export function keyText() {
  return z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'it holds control characters');
}

function refuse(context: z.RefinementCtx, message: string | undefined): void {
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}

/** A hold, and whether its call names no maximum of output tokens: the model's is then to be filled in. */
export interface HoldBody extends HoldInput {
  readonly assumeOutput?: boolean;
}

export const hold = z.codec(
  z
    .strictObject({
      credits: positiveCredits.nullish(),
      model: modelName.nullish(),
      ...callFields,
      maxOutputTokens: tokens.optional().meta({
        description: "without it the model's maximum, at most 16,384, is reserved for; 0 reserves for none",
      }),
      estimatedTokens: tokens.min(1).optional(),
      ttlMs: count.min(HOLD_TTL_MS.least).max(HOLD_TTL_MS.most).optional(),
      ...rest,
    })
    .superRefine(({ maxOutputTokens: outputTokens, ...fields }, context) => {
      refuse(context, mixture(fields.credits, { ...fields, outputTokens }, true));
    }),
  z.custom<HoldBody>(),
  {
    decode: ({ maxOutputTokens: outputTokens, ttlMs, estimatedTokens, ...fields }) => ({
      ...(estimatedTokens === undefined ? {} : { estimatedTokens }),
      amount: fields.credits ?? null,
      call: callOf(fields.credits, { ...fields, outputTokens }),
      tags: tagsOf(fields),
      ttlMs: ttlMs ?? HOLD_TTL_MS.standard,
      note: fields.note ?? null,
      ...(fields.credits == null && outputTokens === undefined ? { assumeOutput: true } : {}),
    }),
    encode: ({ amount, call, estimatedTokens, tags: words, ttlMs, note: remark }) => {
      const { outputTokens: maxOutputTokens, ...fields } = flatCall(call, words);
      return given({
        credits: amount,
        ...fields,
        maxOutputTokens,
        estimatedTokens,
        ttlMs,
        note: remark,
      }) as never;
    },
  },
);

/** The hold stands in the path. */
export const settle = z.codec(
  z
    .strictObject({
      credits: creditsInput.nullish(),
      model: modelName.nullish(),
      ...callFields,
      outputTokens: tokens.optional(),
      ...rest,
    })
    .superRefine((fields, context) => refuse(context, mixture(fields.credits, fields, false))),
  z.custom<Omit<SettleInput, 'hold'>>(),
  {
    decode: (fields) => ({
      amount: fields.credits ?? null,
      call: callOf(fields.credits, fields),
      tags: tagsOf(fields),
      note: fields.note ?? null,
    }),
    encode: ({ amount, call, tags: words, note: remark }) =>
      given({ credits: amount, ...flatCall(call, words), note: remark }) as never,
  },
);

export const noteOnly = z.codec(
  z.strictObject({ note: note.nullish() }),
  z.custom<{ readonly note: string | null }>(),
  {
    decode: ({ note: remark }) => ({ note: remark ?? null }),
    encode: ({ note: remark }) => given({ note: remark }),
  },
);

const expires = z.codec(
  z.union([z.string().max(64), z.strictObject({ afterMs: count.min(1) })]),
  z.custom<NonNullable<GrantInput['expires']>>(),
  {
    decode: (value, context) => {
      if (typeof value === 'object') return value;
      if (value === 'never') return 'never';
      try {
        return /^\d+[a-z]$/.test(value)
          ? { afterMs: parseDuration(value, 'expires'), text: value }
          : { at: parseInstant(value, 'expires') };
      } catch (error) {
        if (!isLedgerError(error)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input: value });
        return z.NEVER;
      }
    },
    encode: (value) => {
      if (value === 'never') return value;
      if ('at' in value) return formatInstant(value.at);
      return value.text ?? { afterMs: value.afterMs };
    },
  },
);

export const grant = z.codec(
  z.strictObject({
    credits: positiveCredits,
    source: z.enum(['welcome', 'monthly', 'purchased', 'promotional']),
    expires: expires.nullish().meta({ description: '`never`, an instant, or a span such as `30d`' }),
    priority: count.min(0).max(9_999).optional(),
    note: note.nullish(),
  }),
  z.custom<GrantInput>(),
  {
    decode: ({ credits: amount, source, expires: end, priority, note: remark }) => ({
      source,
      amount,
      expires: end ?? null,
      priority: priority ?? DEFAULT_PRIORITY,
      note: remark ?? null,
    }),
    encode: ({ amount, note: remark, ...fields }) =>
      given({ credits: amount, ...fields, note: remark }) as never,
  },
);
