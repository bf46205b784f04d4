/** Which command an unparsed line means, as far as that can be told without building the parser. */
import { GLOBAL_OPTIONS } from './globals.ts';

const WITH_VALUE = new Set(
  GLOBAL_OPTIONS.filter(({ flags }) => flags.includes('<')).flatMap(({ flags }) =>
    flags.split(/[ ,]+/).filter((part) => part.startsWith('-')),
  ),
);

/** The first word that is neither an option nor the value of a global one; undefined when there is none. */
export function commandWord(argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at]!;
    if (word === '--') return argv[at + 1];
    if (!word.startsWith('-')) return word;
    if (WITH_VALUE.has(word)) at += 1;
  }
  return undefined;
}
