/** Telling text from what is none, before it is counted: a picture read as text would give a number that means nothing. */
import { invalid } from '../core/errors.ts';

/** First bytes of common binary formats, to say what a file is that proved to be no text. */
const FORMATS: readonly (readonly [head: RegExp, format: string])[] = [
  [/^\x89PNG/, 'a PNG image'],
  [/^\xff\xd8\xff/, 'a JPEG image'],
  [/^GIF8[79]a/, 'a GIF image'],
  [/^RIFF.{4}WEBP/s, 'a WebP image'],
  [/^RIFF.{4}(?:WAVE|AVI )/s, 'a sound or video file'],
  [/^.{4}ftyp/s, 'a video or HEIC file'],
  [/^PK\x03\x04/, 'a ZIP archive or an Office document'],
  [/^\x1f\x8b/, 'a gzip archive'],
  [/^\x7fELF/, 'a program'],
  [/^SQLite format 3\0/, 'an SQLite database'],
];

/** A PDF may hold nothing but ASCII and is still no text. */
const PDF = /^%PDF-/;

const HINT =
  'only text is counted here; images and documents are counted as part of a request (--request, --exact)';

/**
 * Reads a file's bytes as text: UTF-8, or UTF-16 when a byte order mark says so.
 * @param name the file's name, for the message
 * @param options with `keepMark` a UTF-8 byte order mark stays in the text, where it counts as a token; else, and in
 *   UTF-16, it is dropped
 * @throws LedgerError `invalid_argument` with the reason: a known binary format, a NUL byte, or invalid UTF-8 or UTF-16
 */
export function assertText(bytes: Uint8Array, name: string, options: { keepMark?: boolean } = {}): string {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  const format = FORMATS.find(([pattern]) => pattern.test(head))?.[1];
  const refuse = (reason: string) =>
    invalid(`${name} is no text: it ${format === undefined ? reason : `is ${format}`}`, HINT);
  if (PDF.test(head)) throw refuse('is a PDF file');
  const encoding = head.startsWith('\xff\xfe')
    ? 'utf-16le'
    : head.startsWith('\xfe\xff')
      ? 'utf-16be'
      : 'utf-8';
  const text = decode(bytes, encoding, options.keepMark === true && encoding === 'utf-8');
  if (text === undefined) throw refuse(`is not valid ${encoding.toUpperCase()}`);
  if (text.includes('\0')) throw refuse('has a NUL byte');
  return text;
}

function decode(bytes: Uint8Array, encoding: string, keepMark: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: keepMark }).decode(bytes);
  } catch {
    return undefined;
  }
}
