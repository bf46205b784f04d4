/** The API's description of itself, from the table of routes. Source: contract 8; OpenAPI 3.1. */
import * as z from 'zod';
import type { Route } from './route.ts';
import { API, ROUTES } from './routes.ts';

const LINES = 'application/x-ndjson';

type Schema = Record<string, unknown>;

/** What travels: the input side of every codec. */
const schemaOf = (schema: z.ZodType): Schema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-2020-12',
  }) as Schema;
  return rest;
};

const content = (schema: Schema, type = 'application/json') => ({ [type]: { schema } });

const parameter = (name: string, where: string, schema: Schema, description?: string) => ({
  name,
  in: where,
  required: where === 'path',
  schema,
  ...(description === undefined ? {} : { description }),
});

/** Parameters of a route: of its path, its query, and those that many routes share. */
function parametersOf(route: Route): object[] {
  const path = [...route.path.matchAll(/:(\w+)/g)].map((match) =>
    parameter(match[1]!, 'path', { type: 'string' }),
  );
  const query = route.query === undefined ? {} : ((schemaOf(route.query).properties ?? {}) as Schema);
  const shared: object[] = [];
  if (route.scope === 'account') shared.push({ $ref: '#/components/parameters/account' });
  if (route.writes === true) shared.push({ $ref: '#/components/parameters/dryRun' });
  if (route.topsUp !== undefined) shared.push({ $ref: '#/components/parameters/topup' });
  if (route.books === true) shared.push({ $ref: '#/components/parameters/key' });
  return [
    ...path,
    ...shared,
    ...Object.entries(query).map(([name, schema]) => parameter(name, 'query', schema as Schema)),
    { $ref: '#/components/parameters/now' },
  ];
}

/** An object of just these fields. */
const just = (properties: Schema): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  additionalProperties: false,
  properties,
});

/** Lines are rows, and a last one that says how it ended. */
const lines = (...rows: Schema[]) =>
  content(
    {
      anyOf: [...rows, { $ref: '#/components/schemas/lineEnd' }, { $ref: '#/components/schemas/lineError' }],
    },
    LINES,
  );

/** An answer in one document, and the same behind lines of progress where it may take long. */
function answerOf({ output, slow }: Extract<Route, { readonly kind: 'document' }>): object {
  const schema = schemaOf(output);
  if (slow !== true) return content(schema);
  return {
    ...content(schema),
    ...lines({ $ref: '#/components/schemas/lineProgress' }, just({ result: schema })),
  };
}

function operationOf(route: Route): object {
  const okay = route.kind === 'document' ? answerOf(route) : lines(schemaOf(route.line));
  const body =
    route.kind === 'batch'
      ? content(schemaOf(route.item), LINES)
      : route.body === undefined
        ? undefined
        : content(schemaOf(route.body));
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [route.scope],
    description: `Takes the role \`${route.role}\`.${
      route.scope === 'ledger' ? ' Not for a token of one account.' : ''
    }`,
    security: [{ token: [] }],
    parameters: parametersOf(route),
    ...(body === undefined ? {} : { requestBody: { content: body } }),
    responses: {
      '200': { description: 'done', content: okay },
      default: { $ref: '#/components/responses/problem' },
    },
  };
}

const whole = { type: 'integer', minimum: 0 };

const COMPONENTS = {
  schemas: {
    lineEnd: {
      ...just({ end: { type: 'object', maxProperties: 0 } }),
      description: 'the last line: everything has come',
    },
    lineError: {
      ...just({
        error: {
          type: 'object',
          required: ['code', 'message'],
          properties: {
            code: { type: 'string' },
            message: { type: 'string' },
            hint: { type: 'string' },
            details: { type: 'object' },
          },
        },
      }),
      description: 'the last line: refused in the middle; `code` is stable',
    },
    lineProgress: {
      ...just({ progress: just({ done: whole, of: whole }) }),
      description: 'how far the work is',
    },
  },
  securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
  parameters: {
    account: parameter(
      'account',
      'query',
      { type: 'string' },
      "the account; without it the token's own, else `default`",
    ),
    topup: parameter(
      'topup',
      'query',
      { type: 'boolean' },
      'false: the server does not look behind it whether a top-up is due',
    ),
    dryRun: parameter('dryRun', 'query', { type: 'boolean' }, 'decide and show, book nothing'),
    key: parameter(
      'Idempotency-Key',
      'header',
      { type: 'string', minLength: 1, maxLength: 255 },
      'the same key with the same request books once and is answered with the first receipt, for ever',
    ),
    now: parameter(
      'Credits-Now',
      'header',
      { type: 'string', format: 'date-time' },
      'sets the clock; admin tokens only',
    ),
  },
  responses: {
    problem: {
      description: 'refused; `code` is stable',
      content: content(
        {
          type: 'object',
          required: ['code', 'status', 'detail'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { type: 'string' },
            detail: { type: 'string' },
            hint: { type: 'string' },
            details: { type: 'object' },
          },
        },
        'application/problem+json',
      ),
    },
  },
} as const;

const TEXT = content({ type: 'string' }, 'text/plain');

const page = (summary: string, responses: object = {}) => ({
  get: { summary, security: [], responses: { '200': { description: 'text', content: TEXT }, ...responses } },
});

const OWN_PATHS = {
  '/healthz': page('The process is up'),
  '/readyz': page('Requests are taken', { '503': { description: 'not now', content: TEXT } }),
  '/metrics': page('Counters, as Prometheus text'),
  [`${API}/webhooks/stripe`]: {
    post: {
      summary: 'Events of the payment provider, trusted by their signature',
      security: [],
      responses: {
        '200': { description: 'stored', content: content(just({ received: { const: true } })) },
        default: { $ref: '#/components/responses/problem' },
      },
    },
  },
};

/** The document as JSON text. */
export function openApiText(version: string): string {
  const paths: Record<string, Record<string, object>> = { ...OWN_PATHS };
  for (const route of ROUTES) {
    const path = `${API}${route.path.replace(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'credits',
      version,
      description:
        'A ledger for AI-usage credits. Credits are JSON numbers with at most 6 decimals, instants RFC 3339 in UTC. Lines end with an `end` or an `error`: without either they were cut off.',
    },
    paths,
    components: COMPONENTS,
  });
}
