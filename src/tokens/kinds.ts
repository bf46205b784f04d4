/**
 * Kinds of text, as far as vocabularies differ on them, and which of them a stretch of text is. No language detection:
 * scripts are counted letter by letter, and what is written in Latin letters is told apart by its digits, punctuation,
 * long runs and most frequent words.
 */

/** A kind of text; every family has one row of factors for each (`factors.ts`). */
export type Kind =
  | 'english'
  | 'code'
  | 'json'
  | 'numbers'
  | 'random'
  | 'latin'
  | 'cyrillic'
  | 'arabic'
  | 'devanagari'
  | 'chinese'
  | 'japanese'
  | 'korean'
  | 'other';

/** Characters per o200k token, by script. Measured on plain text of each; Devanagari on a few sentences only. */
const CHARACTERS_PER_TOKEN = {
  latin: 4.4,
  cyrillic: 4,
  arabic: 3.1,
  devanagari: 3.5,
  chinese: 1.4,
  japanese: 1.5,
  korean: 1.9,
  other: 2.5,
} as const;

type Script = keyof typeof CHARACTERS_PER_TOKEN;

/** What one pass over a stretch finds, in characters. */
interface Tally {
  readonly scripts: Record<Script, number>;
  han: number;
  kana: number;
  accented: number;
  vietnamese: number;
  digits: number;
  /** ASCII punctuation; the next three are part of it. */
  marks: number;
  jsonMarks: number;
  codeMarks: number;
  quotes: number;
  inLongRuns: number;
}

/** Share of one kind in a stretch. The shares of a stretch are positive and add up to 1. */
export interface KindShare {
  readonly kind: Kind;
  readonly share: number;
}

/** Runs of letters and digits this long are words of no language: base64, hashes, random letters. */
const LONG_RUN = 32;
const JSON_MARKS = new Set([...'{}[]",:'].map((mark) => mark.charCodeAt(0)));
const CODE_MARKS = new Set([...'{}()[]<>=;_`#*|/\\+&$@^~'].map((mark) => mark.charCodeAt(0)));

/** First characters of the blocks above Latin, in order; each block runs to the next row. `null`: no letters of note. */
const BLOCKS: readonly (readonly [from: number, script: Script | 'han' | 'kana' | null])[] = [
  [0x250, 'other'],
  [0x2b0, null],
  [0x370, 'other'],
  [0x400, 'cyrillic'],
  [0x530, 'other'],
  [0x590, 'arabic'],
  [0x780, 'other'],
  [0x8a0, 'arabic'],
  [0x900, 'devanagari'],
  [0x980, 'other'],
  [0x1100, 'korean'],
  [0x1200, 'other'],
  [0x1e00, 'latin'],
  [0x1f00, 'other'],
  [0x2000, null],
  [0x2190, 'other'],
  [0x2500, null],
  [0x25a0, 'other'],
  [0x2e80, 'han'],
  [0x3000, null],
  [0x3040, 'kana'],
  [0x3100, 'han'],
  [0x3130, 'korean'],
  [0x3190, 'han'],
  [0x31f0, 'kana'],
  [0x3200, 'han'],
  [0xa000, 'other'],
  [0xac00, 'korean'],
  [0xd7b0, 'other'],
  [0xf900, 'han'],
  [0xfb00, 'other'],
  [0xfb1d, 'arabic'],
  [0xfe00, null],
  [0xfe70, 'arabic'],
  [0xfeff, null],
  [0xff66, 'kana'],
  [0xffa0, 'korean'],
  [0xffe0, null],
  [0x10000, 'other'],
  [0x20000, 'han'],
  [0x33000, 'other'],
];

/**
 * Says what a stretch of text is made of. Scripts are weighed by the tokens their letters usually take, so that a few
 * Chinese words in an English paragraph count for what they cost.
 * @returns at least one share; exactly one (`english`) for an empty text
 */
export function kindsOf(text: string): KindShare[] {
  const tally = tallyOf(text);
  const weights = new Map<Kind, number>();
  const add = (kind: Kind, weight: number) => {
    if (weight > 0) weights.set(kind, (weights.get(kind) ?? 0) + weight);
  };
  for (const script of Object.keys(tally.scripts) as Script[]) {
    if (script === 'latin') continue;
    add(script, tally.scripts[script] / CHARACTERS_PER_TOKEN[script]);
  }
  const eastern: Script & Kind = tally.kana * 20 > tally.kana + tally.han ? 'japanese' : 'chinese';
  add(eastern, (tally.kana + tally.han) / CHARACTERS_PER_TOKEN[eastern]);
  const western = tally.scripts.latin + tally.digits + tally.marks;
  add(westernKind(text, tally), western / CHARACTERS_PER_TOKEN.latin);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return [{ kind: 'english', share: 1 }];
  return [...weights].map(([kind, weight]) => ({ kind, share: weight / total }));
}

function tallyOf(text: string): Tally {
  const scripts = {
    latin: 0,
    cyrillic: 0,
    arabic: 0,
    devanagari: 0,
    chinese: 0,
    japanese: 0,
    korean: 0,
    other: 0,
  };
  const tally: Tally = {
    scripts,
    han: 0,
    kana: 0,
    accented: 0,
    vietnamese: 0,
    digits: 0,
    marks: 0,
    jsonMarks: 0,
    codeMarks: 0,
    quotes: 0,
    inLongRuns: 0,
  };
  let run = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      run = countAscii(tally, unit, run);
      continue;
    }
    run = endRun(tally, run);
    if (unit < 0x250) countLatin(tally, unit);
    else {
      const code = text.codePointAt(at)!;
      if (code > 0xffff) at += 1;
      countBlock(tally, code);
    }
  }
  endRun(tally, run);
  return tally;
}

/** Counts one ASCII character. @returns the length of the run of letters and digits that it ends or belongs to */
function countAscii(tally: Tally, unit: number, run: number): number {
  const isDigit = unit >= 0x30 && unit <= 0x39;
  const lower = unit | 0x20;
  if (isDigit) tally.digits += 1;
  else if (lower >= 0x61 && lower <= 0x7a) tally.scripts.latin += 1;
  else {
    if (unit > 0x20 && unit < 0x7f) tally.marks += 1;
    if (unit === 0x22) tally.quotes += 1;
    if (JSON_MARKS.has(unit)) tally.jsonMarks += 1;
    if (CODE_MARKS.has(unit)) tally.codeMarks += 1;
    // base64 uses both; in paths and sums they stand between short runs.
    if (unit !== 0x2b && unit !== 0x2f) return endRun(tally, run);
  }
  return run + 1;
}

function endRun(tally: Tally, run: number): 0 {
  if (run >= LONG_RUN) tally.inLongRuns += run;
  return 0;
}

function countLatin(tally: Tally, unit: number): void {
  if (unit < 0xc0 || unit === 0xd7 || unit === 0xf7) return;
  tally.scripts.latin += 1;
  tally.accented += 1;
  if (unit === 0x1a0 || unit === 0x1a1 || unit === 0x1af || unit === 0x1b0) tally.vietnamese += 1;
}

function countBlock(tally: Tally, code: number): void {
  let low = 0;
  let high = BLOCKS.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (BLOCKS[middle]![0] <= code) low = middle;
    else high = middle;
  }
  const script = BLOCKS[low]![1];
  if (script === null) return;
  if (script === 'han' || script === 'kana') tally[script] += 1;
  else tally.scripts[script] += 1;
  if (script !== 'latin') return;
  tally.accented += 1;
  if (code >= 0x1ea0 && code <= 0x1ef9) tally.vietnamese += 1;
}

/** The kind of what is written in Latin letters, digits and ASCII punctuation. */
function westernKind(text: string, tally: Tally): Kind {
  const { latin } = tally.scripts;
  const letters = Object.values(tally.scripts).reduce((sum, each) => sum + each, tally.han + tally.kana);
  const ink = letters + tally.digits + tally.marks;
  if (tally.digits > 0.4 * ink) return 'numbers';
  if (tally.inLongRuns > 0.5 * ink) return tally.digits > 0.3 * ink ? 'numbers' : 'random';
  if (tally.quotes > 0.05 * ink && tally.jsonMarks > 0.13 * ink) return 'json';
  if (tally.digits > 0.15 * ink) return 'json';
  if (tally.codeMarks > 0.05 * ink) return 'code';
  if (tally.vietnamese > 0.03 * latin) return 'other';
  if (tally.accented > 0.01 * latin) return 'latin';
  return isEnglish(text) ? 'english' : 'latin';
}

const WORD = /[A-Za-z]+/g;
const ENGLISH_WORDS = new Set(
  'the of and to in is that for it as was with be by on not this are or from at an but have you which we can if will'.split(
    ' ',
  ),
);

/** True unless there are words enough to tell and hardly any is among the most frequent English ones. */
function isEnglish(text: string): boolean {
  const words = text.match(WORD) ?? [];
  if (words.length < 12) return true;
  const found = words.filter((word) => ENGLISH_WORDS.has(word.toLowerCase())).length;
  return found > 0.04 * words.length;
}
