/** Texts made to slow a byte-pair tokenizer down, and ordinary text to compare them with. */

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Text of at least `length` UTF-16 units from random pieces. */
export function randomText(pieces: readonly string[], length: number, seed: number): string {
  const random = seeded(seed);
  const parts: string[] = [];
  for (let size = 0; size < length; ) {
    const piece = pieces[Math.floor(random() * pieces.length)]!;
    parts.push(piece);
    size += piece.length;
  }
  return parts.join('');
}

function letters(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index));
}

const FREQUENT =
  'the of and to in is that for it as was with be by on not this are or from at an but have which can'.split(
    ' ',
  );
const STEMS =
  'credit lot hold call price model agent budget account month cycle grant spend settle release open close late early small large other before after when while because between against without read write harbour mountain letter window engine garden river market bridge winter lantern copper silver wood care order separate'.split(
    ' ',
  );
const ENDINGS = ['', '', '', 's', 'ed', 'ing', 'er', 'ly', 'ness', 'able'];

/** English-looking prose: sentences, commas, paragraphs, now and then a word nobody has used before. */
export function ordinaryText(length: number, seed = 1): string {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const word = () => {
    const chance = random();
    if (chance < 0.4) return pick(FREQUENT);
    if (chance < 0.45) return pick(STEMS) + pick(STEMS) + pick(ENDINGS);
    return pick(STEMS) + pick(ENDINGS);
  };
  const parts: string[] = [];
  for (let size = 0; size < length; ) {
    const next = word();
    const chance = random();
    const end = chance < 0.02 ? '.\n\n' : chance < 0.08 ? '. ' : chance < 0.15 ? ', ' : ' ';
    parts.push(next, end);
    size += next.length + end.length;
  }
  return parts.join('');
}

const times = (piece: string) => (length: number) => piece.repeat(Math.ceil(length / piece.length));
const mixed = (pieces: readonly string[]) => (length: number) => randomText(pieces, length, 7);

const randomWords = (letterCount: number) => (length: number) => {
  const random = seeded(11);
  const word = () =>
    String.fromCharCode(...Array.from({ length: letterCount }, () => 0x61 + Math.floor(random() * 26)));
  return Array.from({ length: Math.ceil(length / (letterCount + 1)) }, word).join(' ');
};

const MAKERS: Readonly<Record<string, (length: number) => string>> = {
  'one letter': times('a'),
  'one capital letter': times('A'),
  'random letters': mixed(letters(0x61, 0x7a)),
  'random Cyrillic': mixed(letters(0x430, 0x44f)),
  'random Arabic': mixed(letters(0x621, 0x64a)),
  'random Han': mixed(letters(0x4e00, 0x9fa5)),
  'random Hangul': mixed(letters(0xac00, 0xd7a3)),
  'random emoji': mixed(letters(0x1f300, 0x1f5ff)),
  'random punctuation': mixed([...'!?.,:;-+*=()[]{}<>|@#$%^&~"']),
  'letters outside the first plane': mixed(letters(0x20000, 0x20fff)),
  'unpunctuated Chinese': times('我们把剩下的额度留到下个月再用所以今天先看看还有多少'),
  'marks of exclamation and question': times('!?'),
  'mixed dashes': mixed(['-', '–', '—', '‒', '―']),
  'blanks and tabs': mixed([' ', '\t']),
  'line ends and slashes': (length) => `!${times('\n/')(length)}`,
  'blank lines': times('\n'),
  'tiny paragraphs': times('a\n\n'),
  'words of 512 letters': (length) => times(`${'qx'.repeat(256)} `)(length),
  'words of 600 letters': (length) => times(`${'zqj'.repeat(200)} `)(length),
  'random words of 4 letters': randomWords(4),
  'random words of 9 letters': randomWords(9),
  'random words of 511 letters': randomWords(511),
  'random capitalised words, unspaced': (length) =>
    randomWords(4)(length).replace(/ ([a-z])/g, (_, letter) => letter.toUpperCase()),
  'ideographs and capitals': times('中A'),
  digits: times('31415926535897932384626433832795'),
  'combining marks': (length) => `a${mixed(letters(0x300, 0x36f))(length)}`,
  'lone surrogates': times('\ud800'),
  'special tokens': times('<|endoftext|>'),
  'next lines (U+0085)': times('\u0085'),
  apostrophes: times("'"),
  'camel case': times('aB'),
};

/** Names of all hostile texts. */
export const HOSTILE = Object.keys(MAKERS);

/** A hostile text of about `bytes` bytes in UTF-8. */
export function hostileText(name: string, bytes: number): string {
  const make = MAKERS[name]!;
  const sample = make(1000);
  return make(Math.ceil((bytes * sample.length) / Buffer.byteLength(sample)));
}
