import { describe, expect, test } from 'vitest';
import { assertText } from '../../src/tokens/index.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const refusal = (message: string) => expect.objectContaining({ code: 'invalid_argument', message });

describe('text', () => {
  test.each([
    ['UTF-8', Buffer.from('Größe 大小 🙂\r\n'), 'Größe 大小 🙂\r\n'],
    ['empty', Buffer.alloc(0), ''],
    ['UTF-8 with a mark', Buffer.from('\ufeffhi'), 'hi'],
    ['UTF-16, little end first', Buffer.from('\ufeffGröße 🙂', 'utf16le'), 'Größe 🙂'],
    ['UTF-16, big end first', Buffer.from('\ufeffGröße 🙂', 'utf16le').swap16(), 'Größe 🙂'],
    [
      'text about a format',
      Buffer.from('GIF89a is a format; PK is none.'),
      'GIF89a is a format; PK is none.',
    ],
  ])('%s', (_, bytes, text) => {
    expect(assertText(bytes, 'notes.txt')).toBe(text);
  });

  test('the mark of UTF-8 stays when it is to be counted', () => {
    expect(assertText(Buffer.from('\ufeffhi'), 'notes.txt', { keepMark: true })).toBe('\ufeffhi');
  });
});

describe('no text', () => {
  test.each([
    ['a PNG', latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'), 'is a PNG image'],
    ['a JPEG', latin1('\xff\xd8\xff\xe0\0\x10JFIF'), 'is a JPEG image'],
    ['a GIF', latin1('GIF89a\x01\0\x01\0'), 'is a GIF image'],
    ['a WebP', latin1('RIFF\x24\0\0\0WEBPVP8 '), 'is a WebP image'],
    ['a sound', latin1('RIFF\x24\0\0\0WAVEfmt '), 'is a sound or video file'],
    ['a PDF, even of nothing but ASCII', latin1('%PDF-1.7\n1 0 obj\n'), 'is a PDF file'],
    ['a ZIP', latin1('PK\x03\x04\x14\0\0\0'), 'is a ZIP archive or an Office document'],
    ['a ledger', latin1('SQLite format 3\0\x10\0'), 'is an SQLite database'],
    ['a NUL byte', latin1('almost\0text'), 'has a NUL byte'],
    ['Latin-1', latin1('Gr\xf6\xdfe'), 'is not valid UTF-8'],
    ['half a character', Buffer.from('é').subarray(0, 1), 'is not valid UTF-8'],
    ['half a pair in UTF-16', Buffer.from('\ufeffa\ud800b', 'utf16le'), 'is not valid UTF-16LE'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'has a NUL byte'],
  ])('%s', (_, bytes, reason) => {
    expect(() => assertText(bytes, 'photo.bin')).toThrow(refusal(`photo.bin is no text: it ${reason}`));
  });
});
