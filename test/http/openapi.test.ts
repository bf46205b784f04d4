/** The document that describes the API, by the rules of OpenAPI 3.1 itself: what a generator of clients relies on. */
import { describe, expect, test } from 'vitest';
import { openApiText } from '../../src/http/openapi.ts';

type Json = Record<string, unknown>;

const document = JSON.parse(openApiText('1.2.3')) as Json & { readonly paths: Record<string, Json> };
const object = (value: unknown): Json => (value ?? {}) as Json;

/** What a `$ref` points to, else the value. */
function resolved(value: unknown): Json {
  const ref = object(value).$ref;
  if (typeof ref !== 'string') return object(value);
  expect(ref).toMatch(/^#\//);
  const words = ref.slice(2).split('/');
  const found = words.reduce<unknown>((at, word) => object(at)[word], document);
  expect(found, ref).toBeTypeOf('object');
  return object(found);
}

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];
const BY_NAME = ['properties', 'patternProperties', '$defs'];
const ONE = ['items', 'additionalProperties', 'propertyNames', 'not'];
const LIST = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];

/** JSON Schema 2020-12, as far as it is used. */
function checkSchema(value: unknown, at: string): void {
  if (typeof value === 'boolean') return;
  expect(value, at).toBeTypeOf('object');
  const schema = resolved(value);
  for (const type of [schema.type ?? []].flat()) expect(TYPES, at).toContain(type);
  if (typeof schema.pattern === 'string')
    expect(() => new RegExp(schema.pattern as string, 'u'), at).not.toThrow();
  for (const name of (schema.required ?? []) as string[])
    expect(Object.keys(object(schema.properties)), at).toContain(name);
  for (const word of BY_NAME) {
    for (const [name, each] of Object.entries(object(schema[word]))) checkSchema(each, `${at}.${name}`);
  }
  for (const word of ONE) if (schema[word] !== undefined) checkSchema(schema[word], `${at}.${word}`);
  for (const word of LIST) {
    for (const each of (schema[word] ?? []) as unknown[]) checkSchema(each, `${at}.${word}`);
  }
}

function checkContent(content: unknown, at: string): void {
  for (const [type, media] of Object.entries(object(content))) {
    expect(type, at).toMatch(/^[\w.+-]+\/[\w.+-]+/);
    if (object(media).schema !== undefined) checkSchema(object(media).schema, at);
  }
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => [`${method} ${path}`, path, object(operation)] as const),
);

test('its head', () => {
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'credits', version: '1.2.3' } });
  const ids = operations.map(([, , { operationId }]) => operationId).filter((id) => id !== undefined);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(50);
});

describe.each(operations)('%s', (name, path, operation) => {
  test('has its parameters, bodies, answers and security in order', () => {
    expect(name).toMatch(/^(get|post) \//);
    const parameters = ((operation.parameters ?? []) as unknown[]).map(resolved);
    for (const { name: word, in: place, schema, required } of parameters) {
      expect(['query', 'header', 'path'], String(word)).toContain(place);
      if (place === 'path') expect(required).toBe(true);
      checkSchema(schema, String(word));
    }
    expect(new Set(parameters.map((each) => `${each.in} ${each.name}`)).size).toBe(parameters.length);
    const inPath = parameters.filter((each) => each.in === 'path').map((each) => each.name);
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, word]) => word));
    if (operation.requestBody !== undefined) {
      const { content } = resolved(operation.requestBody);
      expect(Object.keys(object(content)).length).toBeGreaterThan(0);
      checkContent(content, name);
    }
    const responses = Object.entries(object(operation.responses));
    expect(responses.length).toBeGreaterThan(0);
    for (const [status, response] of responses) {
      expect(status).toMatch(/^([1-5](\d\d|XX)|default)$/);
      const { description, content } = resolved(response);
      expect(description).toBeTypeOf('string');
      checkContent(content, `${name} ${status}`);
    }
    const schemes = object(object(document.components).securitySchemes);
    for (const each of (operation.security ?? []) as Json[]) {
      for (const scheme of Object.keys(each)) expect(Object.keys(schemes)).toContain(scheme);
    }
    // Only what tells nothing of any account goes without a token.
    const isOpen = !((operation.security ?? []) as Json[]).length;
    expect(isOpen).toBe(/^\/(healthz|readyz|metrics|openapi\.json|v1\/webhooks\/stripe)$/.test(path));
  });
});
