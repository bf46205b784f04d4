/** Puts objects in the place of ids, as `expand[]` asks. */
import { malformed } from './refusal.ts';
import type { World } from './world.ts';

/** A copy of an answer with what was asked for in it. @throws Refusal 400 when there is nothing to expand */
export function expanded(world: World, answer: object, paths: readonly string[]): object {
  const copy = withParts(world, structuredClone(answer));
  for (const path of paths) {
    expandPath(world, copy as Record<string, unknown>, path.split('.'), path);
  }
  return stripped(copy, paths);
}

function expandPath(
  world: World,
  place: Record<string, unknown>,
  path: readonly string[],
  whole: string,
): void {
  const [field, ...rest] = path;
  if (field === undefined) return;
  if (!Object.hasOwn(place, field)) {
    throw malformed('parameter_invalid', `This property cannot be expanded (${whole}).`, 'expand');
  }
  const value = place[field];
  if (typeof value === 'string') {
    const found = world.find(value);
    if (found === undefined) throw malformed('parameter_invalid', `Nothing to expand at ${whole}.`, 'expand');
    place[field] = withParts(world, structuredClone(found));
  }
  for (const inner of [place[field]].flat()) {
    if (typeof inner === 'object' && inner !== null) {
      expandPath(world, inner as Record<string, unknown>, rest, whole);
    }
  }
}

/** Lists that an object has only when they are asked for. */
const PARTS: Readonly<Record<string, Readonly<Record<string, (world: World, id: string) => unknown[]>>>> = {
  invoice: {
    payments: (world, id) => [...world.invoicePayments.values()].filter((payment) => payment.invoice === id),
  },
  charge: {
    refunds: (world, id) => [...world.refunds.values()].filter((refund) => refund.charge === id).reverse(),
  },
};

function withParts<Item extends object>(world: World, item: Item): Item {
  const { object, id } = item as { object?: string; id?: string };
  if (object === 'list') {
    const list = item as { data?: object[] };
    list.data = list.data?.map((inner) => withParts(world, inner)) ?? [];
  }
  for (const [name, read] of Object.entries(PARTS[object ?? ''] ?? {})) {
    const data = read(world, id ?? '');
    Object.assign(item, {
      [name]: structuredClone({ object: 'list', data, has_more: false, url: `/v1/${object}s/${id}/${name}` }),
    });
  }
  return item;
}

/** Takes away again what nobody asked for. */
function stripped(item: object, paths: readonly string[]): object {
  const { object } = item as { object?: string };
  if (object === 'list') {
    const list = item as { data: object[] };
    const below = paths.filter((path) => path.startsWith('data.')).map((path) => path.slice(5));
    list.data = list.data.map((inner) => stripped(inner, below));
    return item;
  }
  const copy = item as Record<string, unknown>;
  for (const name of Object.keys(PARTS[object ?? ''] ?? {})) {
    if (!paths.some((path) => path === name || path.startsWith(`${name}.`))) delete copy[name];
  }
  for (const [name, value] of Object.entries(copy)) {
    const below = paths
      .filter((path) => path.startsWith(`${name}.`))
      .map((path) => path.slice(name.length + 1));
    if (typeof value === 'object' && value !== null && 'object' in value) stripped(value, below);
  }
  return copy;
}
