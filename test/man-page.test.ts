/** The manual page: whole, readable by the real formatters where they are, and the one that the package ships. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { renderManPage } from '../scripts/man-page.ts';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { GLOBAL_OPTIONS } from '../src/cli/globals.ts';
import { HELP_TOPICS } from '../src/cli/render/help-topics.ts';
import { temporaryFolder } from './helpers/cli-line.ts';

const page = renderManPage(COMMANDS, HELP_TOPICS, packageJson.version);
const shown = COMMANDS.flatMap(({ commands }) => commands).filter(
  ({ name, hidden }) => name !== '' && hidden !== true,
);
/** The text as a reader gets it. */
const plain = page
  .replace(/\\f[BIR]/g, '')
  .replace(/\\-/g, '-')
  .replace(/\\\[u([0-9A-F]+)\]/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));

describe('credits.1', () => {
  it('has a section of every command, with its options and examples, and no hidden one', () => {
    for (const { name, options = [], examples } of shown) {
      const section = plain.split(`\n.SS "${name}"\n`)[1]?.split('\n.S')[0] ?? `no section of ${name}`;
      for (const { flags, hidden } of options) {
        const words = flags.replace(/[<>[\]]/g, '');
        if (hidden === true) expect(section).not.toContain(`\n${words}\n`);
        else expect(section).toContain(`\n.TP\n${words}\n`);
      }
      for (const line of examples) expect(section.replaceAll('\\e', '\\')).toContain(`  $ ${line}`);
    }
    expect(plain.match(/^\.SS /gm)).toHaveLength(shown.length);
    expect(plain).not.toContain('"complete"');
  });

  it('has the global options and every topic', () => {
    for (const { flags } of GLOBAL_OPTIONS) expect(plain).toContain(`\n${flags.replace(/[<>]/g, '')}\n`);
    for (const { page: text } of HELP_TOPICS) expect(plain).toContain(`.SH "${text().split('\n')[0]}"`);
    expect(plain).toContain('insufficient_credits');
    expect(page).toContain(`"credits ${packageJson.version}"`);
  });

  it('is plain ASCII, and no line of text is taken for a request', () => {
    expect(page).toMatch(/^[\n\u0020-\u007e]*$/);
    const requests = new Set([...page.matchAll(/^[.'](\w*)/gm)].map((match) => match[1]));
    const known = new Set(['TH', 'SH', 'SS', 'TP', 'PP', 'B', 'nf', 'fi', 'in', 'sp']);
    expect([...requests].filter((name) => !known.has(name!))).toEqual([]);
  });

  it('takes what a description must not do to the page', () => {
    const odd = {
      name: 'odd',
      summary: "'quoted' \\fB and -x",
      about: '.TH gone',
      options: [{ flags: '--a-b <x>', description: '.B "x"' }],
      examples: ['.x \\n'],
      load: () => Promise.reject(new Error('not here')),
    };
    const text = renderManPage([{ heading: 'Odd:', commands: [odd] }], [], '1');
    expect(text).toContain('\n.PP\n\\&.TH gone\n');
    expect(text).toContain('\n\\fB\\-\\-a\\-b\\fR \\fIx\\fR\n\\&.B "x"\n');
    expect(text).toContain("\n\\&'quoted' \\efB and \\-x.\n");
    expect(text).toContain('\n  $ .x \\en\n');
  });

  it('is what the package ships', () => {
    expect(packageJson.man[0]!).toBe('dist/credits.1');
    expect(packageJson.files).toContain('dist');
    // Built before the tests; made of the same table.
    const built = readFileSync(path.resolve(import.meta.dirname, '..', packageJson.man[0]!), 'utf8');
    expect(built).toBe(page);
  });

  it('reads without complaints in the formatters that are here', () => {
    const file = path.join(temporaryFolder(), 'credits.1');
    writeFileSync(file, page);
    const tried: string[] = [];
    const lint = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', file], { encoding: 'utf8' });
    if (lint.error === undefined) {
      tried.push('mandoc');
      // Who ships it knows when: the page has no date, so that the same sources make the same page.
      const complaints = lint.stdout.split('\n').filter((line) => line !== '' && !/missing date/.test(line));
      expect(complaints).toEqual([]);
    }
    const man = spawnSync('man', ['--warnings', '-P', 'cat', '-l', file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, MANWIDTH: '80', LC_ALL: 'C.UTF-8' },
    });
    if (man.error === undefined) {
      tried.push('man');
      expect([man.status, man.stderr]).toEqual([0, '']);
      expect(man.stdout).toContain('GLOBAL OPTIONS');
    }
    if (tried.length === 0) process.stderr.write('man page: neither mandoc nor man is here, not formatted\n');
  });
});
