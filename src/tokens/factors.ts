/**
 * How many tokens of its own a family makes of one o200k token, by kind of text: low / mid / high in hundredths.
 *
 * Nobody outside can count Claude or Gemini exactly without asking the provider, and one factor for a whole provider is
 * wrong by tens of percent. Sources: Gemini is Gemma 3's vocabulary against o200k on texts of one language each, not
 * checked against the API. Claude up to 4.6: published comparisons with GPT (English +16 %, code +30 %; an essay in nine
 * languages, April 2026). Claude from 4.7: what two authors measured through the provider's counter against 4.6.
 * Rows marked `u` have no measurement behind them.
 */
import type { Kind } from './kinds.ts';

/** Low, mid and high in hundredths of an o200k token. */
export type Factor = readonly [low: number, mid: number, high: number];

/** One factor for each kind of text. */
export type Factors = Readonly<Record<Kind, Factor>>;

const SAME = [100, 100, 100] as const satisfies Factor;

/** Claude up to 4.6. */
export const CLAUDE: Factors = {
  english: [105, 116, 130],
  code: [110, 125, 145],
  json: [115, 130, 155],
  numbers: [100, 120, 160], // u
  random: [100, 120, 160], // u
  latin: [105, 130, 170],
  cyrillic: [140, 156, 180],
  arabic: [190, 220, 290],
  devanagari: [210, 236, 280],
  chinese: [135, 146, 160],
  japanese: [130, 147, 170], // u
  korean: [140, 190, 230], // u
  other: [140, 200, 310], // u
};

/** What Claude 4.7 and later make of one token of 4.6. */
export const CLAUDE_NEXT: Factors = {
  english: [120, 135, 147],
  code: [113, 125, 147],
  json: [105, 120, 135],
  numbers: [100, 105, 110],
  random: [100, 110, 300],
  latin: [120, 135, 146],
  cyrillic: SAME,
  arabic: SAME,
  devanagari: SAME,
  chinese: SAME,
  japanese: SAME,
  korean: SAME,
  other: SAME, // u
};

/** Gemini, by the vocabulary of Gemma 3. */
export const GEMINI: Factors = {
  english: [100, 106, 112],
  code: [110, 120, 130],
  json: [120, 135, 150],
  numbers: [135, 165, 300],
  random: [100, 105, 115],
  latin: [92, 102, 110],
  cyrillic: [93, 99, 106],
  arabic: [95, 105, 115],
  devanagari: [80, 90, 105], // u
  chinese: [75, 87, 100],
  japanese: [62, 69, 85],
  korean: [85, 95, 105],
  other: [85, 100, 110],
};

/** The same factor for every kind of text. */
export function uniform(factor: Factor): Factors {
  return {
    english: factor,
    code: factor,
    json: factor,
    numbers: factor,
    random: factor,
    latin: factor,
    cyrillic: factor,
    arabic: factor,
    devanagari: factor,
    chinese: factor,
    japanese: factor,
    korean: factor,
    other: factor,
  };
}

/** Factors on factors, kind by kind: low × low, mid × mid, high × high, rounded to hundredths outwards. */
export function times(one: Factors, other: Factors): Factors {
  const product = (kind: Kind): Factor => [
    Math.floor((one[kind][0] * other[kind][0]) / 100),
    Math.round((one[kind][1] * other[kind][1]) / 100),
    Math.ceil((one[kind][2] * other[kind][2]) / 100),
  ];
  const kinds = Object.keys(one) as Kind[];
  return Object.fromEntries(kinds.map((kind) => [kind, product(kind)])) as Record<Kind, Factor>;
}
