/** Breaks running lines between words, for a terminal that would break them anywhere. */
import { textWidth } from './width.ts';

/** How far the rest of a broken line stands to the right of its beginning. */
const HANGING = 2;

function wrapLine(line: string, width: number): string {
  const indent = /^ */.exec(line)![0];
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  // The spaces before a word stay with it: they may align something.
  for (const [, spaces = '', word = ''] of line.slice(indent.length).matchAll(/( *)([^ ]+)/g)) {
    const joined = isEmpty ? current + word : current + spaces + word;
    if (isEmpty || textWidth(joined) <= width) {
      current = joined;
    } else {
      // A separator separates nothing at the end of a line, nor at the beginning of one.
      lines.push(current.replace(/ ·$/, ''));
      current = ' '.repeat(indent.length + HANGING) + (word === '·' ? '' : word);
      isEmpty = word === '·';
      continue;
    }
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}

/**
 * Breaks what is wider than a terminal between its words; the rest of a line is indented.
 * @param width columns; infinite: nothing is broken
 */
export function wrapText(text: string, width: number): string {
  if (!Number.isFinite(width)) return text;
  return text
    .split('\n')
    .map((line) => (textWidth(line) <= width ? line : wrapLine(line, width)))
    .join('\n');
}
