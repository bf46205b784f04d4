import { expect, test } from 'vitest';
import { imageSizeOf } from '../../../src/tokens/request/image-size.ts';

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );

const PNG = bytes('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [0, 0, 2, 0x80, 0, 0, 1, 0xe0]);
/** An APP1 block of 20 bytes, as cameras write it, before the frame. */
const JPEG = bytes(
  '\xff\xd8',
  [0xff, 0xe1, 0, 20],
  'x'.repeat(18),
  [0xff, 0xc2, 0, 17, 8, 1, 0xe0, 2, 0x80, 3],
);
const GIF = bytes('GIF89a', [0x80, 2, 0xe0, 1]);
const EXTENDED = bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8X', [10, 0, 0, 0, 0, 0, 0, 0, 0x7f, 2, 0, 0xdf, 1, 0]);
const LOSSY = bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8 ', [0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1]);
// 14 bits of width − 1, then 14 of height − 1: 639 and 479.
const LOSSLESS = bytes(
  'RIFF',
  [0, 0, 0, 0],
  'WEBPVP8L',
  [0, 0, 0, 0, 0x2f, 0x7f, 0xc2, 0x77, 0, 0, 0, 0, 0, 0],
);

test.each([
  ['PNG', PNG],
  ['JPEG', JPEG],
  ['GIF', GIF],
  ['WebP, extended', EXTENDED],
  ['WebP, lossy', LOSSY],
  ['WebP, lossless', LOSSLESS],
])('%s: 640 × 480', (_, data) => {
  expect(imageSizeOf(data)).toEqual({ width: 640, height: 480 });
});

const NONE: readonly (readonly [string, Buffer])[] = [
  ['nothing', bytes('')],
  ['text', bytes('not an image at all, but long enough to be one')],
  ['a size of 0', bytes('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [0, 0, 0, 0, 0, 0, 0, 0])],
  ['a JPEG without a frame', bytes('\xff\xd8', [0xff, 0xe1, 0, 4, 0, 0, 0xff, 0xd9])],
  ['a JPEG whose block has no length', bytes('\xff\xd8', [0xff, 0xe1, 0, 0], 'x'.repeat(20))],
  ['a cut PNG', PNG.subarray(0, 23)],
  ['a cut WebP', EXTENDED.subarray(0, 29)],
];

test.each(NONE)('%s has no size', (_, data) => {
  expect(imageSizeOf(data)).toBeNull();
});

test('no header fails, wherever it is cut', () => {
  for (const whole of [PNG, JPEG, GIF, EXTENDED, LOSSY, LOSSLESS]) {
    for (let length = 0; length <= whole.length; length += 1)
      expect(() => imageSizeOf(whole.subarray(0, length))).not.toThrow();
  }
});
