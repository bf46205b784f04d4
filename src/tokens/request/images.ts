/** Images of a request: reading them from a body, and the tokens they cost. */

import type { Hundredths } from '../count.ts';
import { CLAUDE_FROM_4_7, type CountedModel, type Family, type Framing, subjectOf } from '../families.ts';
import { type ImageSize, imageSizeOf } from './image-size.ts';
import type { RequestImage } from './model-request.ts';

/** A header that says the size comes within this many bytes, also behind a camera's own notes. */
const HEADER_BYTES = 262_144;

/** An image given as base64 bytes. */
export function imageOfBase64(data: string, isLowDetail = false): RequestImage {
  const bytes = Buffer.from(data.slice(0, Math.ceil(HEADER_BYTES / 3) * 4), 'base64');
  return { size: imageSizeOf(bytes), isLowDetail };
}

/** An image given by its address; a `data:` URL holds it, any other only the provider can see. */
export function imageOfUrl(url: string, isLowDetail = false): RequestImage {
  const comma = url.indexOf(',');
  const isInline = /^data:[^,]*;base64,/i.test(url.slice(0, 200));
  return isInline ? imageOfBase64(url.slice(comma + 1), isLowDetail) : { size: null, isLowDetail };
}

/**
 * Tokens of an image: what the provider's guide gives for its size, in hundredths. An unknown size counts as
 * 1024 × 1024, between the smallest and the largest number any size can cost.
 * Sources: OpenAI's and Anthropic's vision guides; Gemini's from secondary sources.
 */
export function imageTokens(family: Family, model: CountedModel, image: RequestImage): Hundredths {
  const rule = RULES[family.framing](model, family);
  if (image.isLowDetail && rule.low !== null) return tokensRange(rule.low, rule.low, rule.low);
  if (image.size !== null) {
    const tokens = rule.of(image.size);
    return tokensRange(tokens * 0.9, tokens, tokens * 1.1);
  }
  return tokensRange(rule.least, rule.of({ width: 1024, height: 1024 }), rule.most);
}

function tokensRange(low: number, mid: number, high: number): Hundredths {
  return { low: low * 100, mid: mid * 100, high: high * 100 };
}

interface ImageRule {
  /** With low detail, where there is such a thing. */
  readonly low: number | null;
  readonly least: number;
  readonly most: number;
  of(size: ImageSize): number;
}

const RULES = {
  openai: openAiRule,
  claude: claudeRule,
  gemini: () => ({ low: null, least: 258, most: 4128, of: geminiTokens }),
  other: () => ({ low: null, least: 85, most: 4128, of: (size: ImageSize) => 85 + 170 * openAiTiles(size) }),
} as const satisfies Record<Framing, (model: CountedModel, family: Family) => ImageRule>;

function openAiRule(model: CountedModel): ImageRule {
  const isMini = /^gpt-4o-mini/.test(subjectOf(model).slug);
  const [base, tile] = isMini ? [2833, 5667] : [85, 170];
  // 2048 × 768 after fitting is 4 × 2 tiles: no image has more.
  return { low: base, least: base, most: base + 8 * tile, of: (size) => base + tile * openAiTiles(size) };
}

/** Tiles of 512 pixels after the image was fitted into 2048 × 2048 and its short side brought down to 768. */
function openAiTiles({ width, height }: ImageSize): number {
  const fit = Math.min(1, 2048 / Math.max(width, height));
  const scale = fit * Math.min(1, 768 / (Math.min(width, height) * fit));
  // Scaling by a fraction may leave 768.0000000001, which is no second tile.
  const tiles = (side: number) => Math.max(1, Math.ceil(Math.round(side * scale) / 512));
  return tiles(width) * tiles(height);
}

function claudeRule(_model: CountedModel, family: Family): ImageRule {
  const most = family === CLAUDE_FROM_4_7 ? 4800 : 1600;
  return {
    low: null,
    least: 1,
    most,
    of: ({ width, height }) => Math.min(most, Math.ceil((width * height) / 750)),
  };
}

function geminiTokens({ width, height }: ImageSize): number {
  if (width <= 384 && height <= 384) return 258;
  return 258 * Math.ceil(width / 768) * Math.ceil(height / 768);
}
