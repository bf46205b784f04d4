/** Spoils bytes as disks, cut connections and other programs do: for files of JSON and JSON Lines, by a seed. */
import type { Chance } from './random.ts';

/** What may stand where a number stood. */
const NUMBERS = [
  ...['-1', '-0', '0.5', '1e308', '1e400', '-1e400', '1e-400', '9007199254740993', '1000000001', '999999999'],
  ...[
    '99999999999999999999999999',
    '1e3',
    'NaN',
    'Infinity',
    'null',
    'true',
    '"12"',
    '[]',
    '{}',
    '0x10',
    '01',
  ],
];

/** What may stand where any value stood. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 0.1, 1e21, 2 ** 53, 1e9 + 1, '', 'x', '12', '-5', '\u0000', '\ud800'],
  ...['x'.repeat(2_000), [], [null], {}, { a: [] }, [[[]]], '2026-04-02T09:10:00Z', '0000-00-00T00:00:00Z'],
];

/** Bytes that are no text, or not the text one thinks. */
const BYTES = [
  ...[[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbb, 0xbf], [0], [0x1a]],
  ...[[0x0d], [0x0a], [0x0a, 0x0a, 0x0a], [0xe2, 0x80, 0xa8], [0x22], [0x5c], [0x7b], [0x5d]],
];

type Mutation = (bytes: Buffer, chance: Chance) => Buffer;

const splice = (bytes: Buffer, from: number, to: number, with_: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), with_, bytes.subarray(to)]);

const flip: Mutation = (bytes, chance) => {
  const copy = Buffer.from(bytes);
  for (let times = 1 + chance.whole(4); times > 0 && copy.length > 0; times -= 1) {
    const at = chance.whole(copy.length);
    copy[at]! ^= 1 << chance.whole(8);
  }
  return copy;
};

const cut: Mutation = (bytes, chance) => bytes.subarray(0, chance.whole(bytes.length + 1));

const insert: Mutation = (bytes, chance) => {
  const at = chance.whole(bytes.length + 1);
  return splice(bytes, at, at, Buffer.from(chance.pick(BYTES)));
};

/** Lines lost, doubled, or in another order. */
const shuffle: Mutation = (bytes, chance) => {
  const lines = bytes.toString('latin1').split('\n');
  const at = chance.whole(lines.length);
  const kind = chance.whole(3);
  if (kind === 0) lines.splice(at, 1);
  else if (kind === 1) lines.splice(at, 0, lines[at]!);
  else lines.splice(chance.whole(lines.length), 0, ...lines.splice(at, 1));
  return Buffer.from(lines.join('\n'), 'latin1');
};

const number: Mutation = (bytes, chance) => {
  const text = bytes.toString('latin1');
  const found = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
  if (found.length === 0) return bytes;
  const { index, 0: digits } = chance.pick(found);
  return splice(bytes, index, index + digits.length, Buffer.from(chance.pick(NUMBERS)));
};

/** Brackets without end, in the place of a value. */
const nest: Mutation = (bytes, chance) => {
  const depth = chance.pick([10, 200, 5_000, 50_000]);
  const [open, close] = chance.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ]);
  const deep = open!.repeat(depth) + (chance.oneIn(2) ? `1${close!.repeat(depth)}` : '');
  const at = bytes.indexOf(':', chance.whole(bytes.length + 1)) + 1;
  return splice(bytes, at, at, Buffer.from(chance.oneIn(2) ? `${deep},` : deep));
};

/** One value of a line, or of the whole document, becomes another. */
const graft: Mutation = (bytes, chance) => {
  const text = bytes.toString('utf8');
  const lines = text.split('\n');
  const whole = parsed(text);
  const at = chance.whole(lines.length);
  const value = whole ?? parsed(lines[at]!);
  if (typeof value !== 'object' || value === null) return flip(bytes, chance);
  change(value as Record<string, unknown>, chance);
  const changed = JSON.stringify(value);
  if (whole !== undefined) return Buffer.from(changed);
  lines[at] = changed;
  return Buffer.from(lines.join('\n'));
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function change(root: Record<string, unknown>, chance: Chance): void {
  let node = root;
  for (;;) {
    const names = Object.keys(node);
    if (names.length === 0) return;
    const name = chance.pick(names);
    const inner = node[name];
    if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && !chance.oneIn(4)) {
      node = inner as Record<string, unknown>;
      continue;
    }
    const kind = chance.whole(4);
    if (kind === 0) delete node[name];
    else if (kind === 1) Object.defineProperty(node, '__proto__', { value: inner, enumerable: true });
    else if (kind === 2) node[chance.pick(names)] = inner;
    else node[name] = chance.pick(VALUES);
    return;
  }
}

const MUTATIONS: readonly Mutation[] = [
  ...[flip, cut, insert, shuffle, shuffle, number, number, number, nest, graft, graft, graft, graft],
];

/** Spoils bytes one to three times. */
export function mutate(bytes: Buffer, chance: Chance): Buffer {
  let spoiled = bytes;
  for (let times = 1 + chance.whole(3); times > 0; times -= 1) {
    spoiled = chance.pick(MUTATIONS)(spoiled, chance);
  }
  return spoiled;
}
