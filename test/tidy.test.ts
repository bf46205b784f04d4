/** Architecture and style as failing tests. Ceilings only ever go down. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

function filesIn(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')));
}

const sources = [...filesIn('src'), ...filesIn('migrations')];
const textOf = new Map(sources.map((file) => [file, fs.readFileSync(path.join(root, file), 'utf8')]));

/** Static and dynamic imports of a file; types count too, since a layer is a promise about knowledge. */
function importsOf(file: string): string[] {
  const text = textOf.get(file)!;
  return [...text.matchAll(/(?:from\s+|import\(\s*|import\s+)'([^']+)'/g)].map((match) => match[1]!);
}

const resolved = (file: string, target: string): string =>
  target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target;

/** The places that wire: the command line's, and the library's. */
const WIRING = ['src/cli/context.ts', 'src/index.ts'];

/** For each folder: prefixes a file in it may import. Its own folder is always allowed. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'src/core/': [],
  'src/catalog/': ['src/core/'],
  'src/ledger/': ['src/core/', 'src/catalog/'],
  'src/store/': ['src/core/', 'src/ledger/', 'migrations/', 'node:', 'better-sqlite3', 'pg'],
  'src/tokens/': ['src/core/', 'src/ledger/', 'gpt-tokenizer', 'node:'],
  'src/transcripts/': ['src/core/', 'src/ledger/', 'node:'],
  'src/cli/commands/': [
    'src/cli/',
    'src/core/',
    'src/catalog/',
    'src/ledger/service.ts',
    'src/ledger/views.ts',
    'src/ledger/verify-view.ts',
    'src/tokens/',
    'src/transcripts/',
    'node:',
    'cli-progress',
    'cli-table3',
    'chalk',
  ],
  'src/cli/render/': [
    'src/cli/',
    'src/core/',
    'src/catalog/',
    'src/ledger/service.ts',
    'src/ledger/views.ts',
    'src/ledger/verify-view.ts',
    'chalk',
    'cli-table3',
    'node:',
  ],
  'src/payments/': ['src/core/', 'src/ledger/', 'stripe', 'node:'],
  'src/http/': ['src/core/', 'src/ledger/', 'zod', 'hono', '@hono/', 'node:'],
  'migrations/': [],
};

const folderOf = (file: string): string | undefined =>
  Object.keys(MAY_IMPORT)
    .filter((folder) => file.startsWith(folder))
    .sort((a, b) => b.length - a.length)[0];

describe('the house', () => {
  it('imports only downwards', () => {
    const wrong = sources.flatMap((file) => {
      const folder = folderOf(file);
      if (folder === undefined) return [];
      const allowed = [folder, ...MAY_IMPORT[folder]!];
      return importsOf(file)
        .map((target) => resolved(file, target))
        .filter((target) => !allowed.some((prefix) => target.startsWith(prefix)))
        .map((target) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has no import cycles', () => {
    const graph = new Map(
      sources.map((file) => [
        file,
        // What is needed while loading: types are erased, and `import()` waits until it is asked.
        [...textOf.get(file)!.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm)]
          .map((match) => match[1]!)
          .map((target) => resolved(file, target))
          .filter((target) => textOf.has(target)),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, trail: string[]): void => {
      if (trail.includes(file)) {
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const next of graph.get(file)!) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('keeps clock, chance and the end of the process in one place', () => {
    const BANNED: readonly (readonly [RegExp, (file: string) => boolean])[] = [
      [/\bDate\.now\b|\bnew Date\(\)/, (file) => WIRING.includes(file)],
      [/\bMath\.random\b|\brandomUUID\b/, (file) => file === 'src/cli/context.ts'],
      [/\bprocess\.exit\(/, () => false],
      [/\bconsole\.\w+\(/, () => false],
      [/\bparseFloat\b/, () => false],
      [/\.toFixed\(/, (file) => file.startsWith('src/cli/render/') || file === 'src/core/credits.ts'],
      [/\bas any\b|: any\b|@ts-ignore|@ts-nocheck/, () => false],
    ];
    const wrong = sources.flatMap((file) =>
      BANNED.filter(
        ([pattern, allowed]) => !allowed(file) && pattern.test(withoutComments(textOf.get(file)!)),
      ).map(([pattern]) => `${file}: ${pattern}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps files under 400 lines and functions under 70', () => {
    const wrong = sources.flatMap((file) => {
      const lines = textOf.get(file)!.split('\n');
      const long = longestFunction(lines);
      return [
        ...(lines.length > 400 ? [`${file} has ${lines.length} lines`] : []),
        ...(long.length > 70 ? [`${file}:${long.line} is a function of ${long.length} lines`] : []),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('says at the head of every source file what it is', () => {
    const wrong = sources.filter((file) => !/^(#!.*\n)?\/\*\*/.test(textOf.get(file)!));
    expect(wrong).toEqual([]);
  });
});

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

/** Functions and methods as the formatter lays them out: from the head to the closing brace of the same indent. */
function longestFunction(lines: readonly string[]): { line: number; length: number } {
  const HEAD =
    /^( *)(?:export )?(?:default )?(?:(?:async |static |override |protected |private |get |set |\*)*(?:function\*? )?#?[\w$]+(?:<.*>)?\(|const [\w$]+ = (?:async )?(?:<.*>)?\().*[{(]$/;
  let longest = { line: 0, length: 0 };
  for (const [index, line] of lines.entries()) {
    const match = HEAD.exec(line);
    if (match === null || /^ *(?:if|for|while|switch|return|super|describe|it)\b/.test(line)) continue;
    const end = lines.findIndex((other, at) => at > index && other.startsWith(`${match[1]}}`));
    const call = lines.findIndex((other, at) => at > index && other.startsWith(`${match[1]});`));
    const length = end - index + 1;
    // A call that is laid out over lines is no function.
    if (end < 0 || (call > 0 && call < end)) continue;
    if (length > longest.length) longest = { line: index + 1, length };
  }
  return longest;
}
