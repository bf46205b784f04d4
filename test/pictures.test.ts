/** The pictures of the README: all there, and drawn as they say. `node scripts/screenshots.ts` makes them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { terminalSvg } from '../scripts/terminal-svg.ts';

const root = path.resolve(import.meta.dirname, '..');

describe('the pictures', () => {
  it('that README shows are there, and none is there for nothing', () => {
    const shown = new Set(
      [...readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/docs\/images\/([\w-]+\.\w+)/g)].map(
        (match) => match[1]!,
      ),
    );
    expect([...shown].filter((name) => !existsSync(path.join(root, 'docs/images', name)))).toEqual([]);
    const made = readdirSync(path.join(root, 'docs/images'));
    expect(made.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('hold no path of the machine that drew them', () => {
    for (const name of readdirSync(path.join(root, 'docs/images')).filter((each) => each.endsWith('.svg'))) {
      const text = readFileSync(path.join(root, 'docs/images', name), 'utf8');
      expect(text).toMatch(/^<svg [^>]*role="img" aria-label="credits /);
      expect(text).not.toMatch(/\/(?:tmp|home|root|work|Users)\//);
    }
  });

  it('of a terminal keep columns, colours and what markup would eat', () => {
    const svg = terminalSvg('\u001b[1ma <b> & c\u001b[22m\n  \u001b[32m█▌\u001b[39m 7\n', 'x < y');
    expect(svg).toContain('aria-label="x &lt; y"');
    expect(svg).toContain('font-weight="700">a &lt;b&gt; &amp; c</text>');
    // Two cells in: the bar begins at 18 + 2 × 8.4 and is one and a half cells long.
    expect(svg).toMatch(/<rect x="34\.8" y="\d+" width="12\.6" height="\d+" fill="#8fc77a"\/>/);
    expect(svg).toMatch(/<text x="60" [^>]*textLength="8\.4"[^>]*>7<\/text>/);
  });
});
