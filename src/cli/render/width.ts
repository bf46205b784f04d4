/** Columns that text takes in a terminal, and padding by them: names may hold wide characters. */

const SIMPLE = /^[\x20-\x7e\u00a0-\u02ff\u2010-\u2027]*$/;
const ESCAPES = /\u001b\[[0-9;]*m/g;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u;
// East Asian wide and full-width blocks, and the emoji planes.
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** Columns of a text; escape codes take none. */
export function textWidth(text: string): number {
  const bare = text.replace(ESCAPES, '');
  if (SIMPLE.test(bare)) return bare.length;
  let width = 0;
  for (const character of bare) {
    if (!INVISIBLE.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Pads to a width on the right (`left` aligned) or on the left. */
export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const fill = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'left' ? text + fill : fill + text;
}

/** Cuts a text without escape codes to a width, with an ellipsis in its last column. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (textWidth(kept + character) >= width) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Foreign text made safe for one line of a terminal: no control characters, no bidirectional overrides. */
export function printable(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
