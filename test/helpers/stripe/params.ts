/** Parameters of a request: form text (`a[b][0]=1`) read into nested values, then field by field with its type. */
import { malformed } from './refusal.ts';

/** A value of a form: text, or more of them. */
export type FormValue = string | FormMap;
export interface FormMap {
  [name: string]: FormValue;
}

/** Reads form text or a query. @throws Refusal 400 when a name is used both as a value and as a map */
export function parseForm(text: string): FormMap {
  const form: FormMap = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split(/[[\]]+/).filter((part) => part !== '');
    let place = form;
    for (const [index, part] of path.entries()) {
      // `expand[]=x` has no index of its own.
      const key = part;
      if (index === path.length - 1) {
        const target = name.endsWith('[]') ? nested(place, key) : place;
        target[name.endsWith('[]') ? String(Object.keys(target).length) : key] = value;
      } else {
        place = nested(place, key);
      }
    }
  }
  return form;
}

function nested(place: FormMap, key: string): FormMap {
  place[key] ??= {};
  const inner = place[key];
  if (typeof inner === 'string') throw malformed('parameter_invalid', `Invalid parameter: ${key}`, key);
  return inner;
}

/** Typed reading of one level of parameters. Every read names its field, so what nobody knows can be refused. */
export class Params {
  readonly #form: FormMap;
  readonly #prefix: string;

  constructor(form: FormMap, prefix = '') {
    this.#form = form;
    this.#prefix = prefix;
  }

  /** Refuses what is not on the white list. @throws Refusal 400 `parameter_unknown` */
  only(names: readonly string[]): this {
    for (const name of Object.keys(this.#form)) {
      if (!names.includes(name)) {
        throw malformed(
          'parameter_unknown',
          `Received unknown parameter: ${this.#name(name)}`,
          this.#name(name),
        );
      }
    }
    return this;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#form, name);
  }

  text(name: string): string | null {
    const value = this.#form[name];
    if (value === undefined) return null;
    if (typeof value !== 'string')
      throw malformed('parameter_invalid', `Invalid string: ${this.#name(name)}`, name);
    return value;
  }

  needed(name: string): string {
    const value = this.text(name);
    if (value === null || value === '') {
      throw malformed('parameter_missing', `Missing required param: ${this.#name(name)}.`, this.#name(name));
    }
    return value;
  }

  integer(name: string): number | null {
    const value = this.text(name);
    if (value === null) return null;
    if (!/^-?\d{1,15}$/.test(value)) {
      throw malformed('parameter_invalid_integer', `Invalid integer: ${value}`, this.#name(name));
    }
    return Number(value);
  }

  truth(name: string): boolean | null {
    const value = this.text(name);
    if (value === null) return null;
    if (value !== 'true' && value !== 'false') {
      throw malformed('parameter_invalid', `Invalid boolean: ${value}`, this.#name(name));
    }
    return value === 'true';
  }

  /** A map of texts, such as metadata; empty without. */
  texts(name: string): Record<string, string> {
    const inner = this.#form[name];
    if (inner === undefined || inner === '') return {};
    if (typeof inner === 'string')
      throw malformed('parameter_invalid', `Invalid object: ${this.#name(name)}`, name);
    return Object.fromEntries(
      Object.entries(inner).map(([key, value]) => {
        if (typeof value !== 'string') throw malformed('parameter_invalid', `Invalid string: ${key}`, name);
        return [key, value];
      }),
    );
  }

  /** A list of texts in the order of its indices. */
  list(name: string): string[] {
    return Object.values(this.texts(name));
  }

  /** Parameters below a name, or null. */
  inner(name: string): Params | null {
    const inner = this.#form[name];
    if (inner === undefined || inner === '') return null;
    if (typeof inner === 'string')
      throw malformed('parameter_invalid', `Invalid object: ${this.#name(name)}`, name);
    return new Params(inner, this.#name(name));
  }

  /** Parameters of each item of a list. */
  items(name: string): Params[] {
    const inner = this.#form[name];
    if (inner === undefined || inner === '') return [];
    if (typeof inner === 'string')
      throw malformed('parameter_invalid', `Invalid array: ${this.#name(name)}`, name);
    return Object.entries(inner).map(([key, value]) => {
      if (typeof value === 'string') throw malformed('parameter_invalid', `Invalid object: ${key}`, name);
      return new Params(value, `${this.#name(name)}[${key}]`);
    });
  }

  #name(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}[${name}]`;
  }
}
