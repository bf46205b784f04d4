/**
 * Prints what `readTranscripts` finds under a path, one line per format, and compares it with known sums where a README
 * with check sums lies beside it. For a look at real logs: `node scripts/check-transcripts.ts PATH [PATH…]`.
 *
 * A check-sum table is any Markdown table in `PATH/README.md` (or beside a named file) whose header names `calls` or
 * `rounds`, `input` and `output`; its row `all` or `total` is compared.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FormatTotals, Transcripts } from '../src/transcripts/call.ts';
import { readTranscripts } from '../src/transcripts/read-transcripts.ts';
import { FORMATS } from '../src/transcripts/registry.ts';

type Sums = Record<string, number>;

const SUMS = [
  'lines',
  'calls',
  'inputTokens',
  'cachedTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
] as const;

/** Column titles of a check-sum table, by the sum that they show. */
const TITLES: readonly (readonly [string, (typeof SUMS)[number] | 'runs'])[] = [
  ['lines', 'lines'],
  ['runs', 'runs'],
  ['calls', 'calls'],
  ['rounds', 'calls'],
  ['input', 'inputTokens'],
  ['cache read', 'cachedTokens'],
  ['of it cached', 'cachedTokens'],
  ['cache write', 'cacheWriteTokens'],
  ['output', 'outputTokens'],
  ['of it reasoning', 'reasoningTokens'],
];

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The `all` or `total` row of the first check-sum table that has one. */
function expectedSums(markdown: string): Sums | undefined {
  let header: string[] = [];
  for (const line of markdown.split('\n')) {
    const cells = cellsOf(line);
    if (cells.includes('input') && cells.includes('output')) header = cells;
    else if (cells.length === 0) header = [];
    if (header.length === 0 || (cells[0] !== 'all' && cells[0] !== 'total')) continue;
    const sums: Sums = {};
    for (const [title, sum] of TITLES) {
      const cell = cells[header.indexOf(title)]?.replaceAll(',', '');
      if (cell !== undefined && /^\d+$/.test(cell)) sums[sum] = Number(cell);
    }
    return sums;
  }
  return undefined;
}

function sumOf(transcripts: Transcripts): Sums {
  const sums: Sums = { runs: [...transcripts.runs()].length };
  for (const field of SUMS) {
    sums[field] = Object.values(transcripts.report.byFormat).reduce((sum, totals) => sum + totals[field], 0);
  }
  return sums;
}

const show = (sums: Sums | FormatTotals): string =>
  Object.entries(sums)
    .map(([name, value]) => `${name} ${value.toLocaleString('en')}`)
    .join(', ');

function check(target: string): boolean {
  const transcripts = readTranscripts([target]);
  const { byFormat, badLines, unknownFormat, ...counts } = transcripts.report;
  process.stdout.write(`${target}\n`);
  for (const [format, row] of Object.entries(FORMATS)) {
    const totals = byFormat[format as keyof typeof byFormat];
    if (totals !== undefined) process.stdout.write(`  ${row.label}: ${show(totals)}\n`);
  }
  const { files, lines, badLineCount, duplicates, synthetic, estimated } = counts;
  process.stdout.write(`  read: ${show({ files, lines, badLineCount, duplicates, synthetic, estimated })}\n`);
  for (const bad of badLines) process.stdout.write(`  bad: ${bad.file}:${bad.line} ${bad.reason}\n`);
  for (const file of unknownFormat) process.stdout.write(`  unknown format: ${file}\n`);
  const readme = path.join(statSync(target).isDirectory() ? target : path.dirname(target), 'README.md');
  const expected = existsSync(readme) ? expectedSums(readFileSync(readme, 'utf8')) : undefined;
  if (expected === undefined) return true;
  const found = sumOf(transcripts);
  const wrong = Object.keys(expected).filter((name) => found[name] !== expected[name]);
  process.stdout.write(`  README: ${show(expected)}\n`);
  for (const name of wrong)
    process.stdout.write(`  DIFFERS: ${name} is ${found[name]}, not ${expected[name]}\n`);
  if (wrong.length === 0) process.stdout.write('  equal to the README\n');
  return wrong.length === 0;
}

const targets = process.argv.slice(2);
if (targets.length === 0) process.stderr.write('usage: node scripts/check-transcripts.ts PATH…\n');
process.exitCode = targets.length > 0 && targets.map(check).every(Boolean) ? 0 : 1;
