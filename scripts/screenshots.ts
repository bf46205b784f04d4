/**
 * Makes the pictures of the README, docs/images/*: real output of the built program on a ledger of a fixed clock and
 * seed, so that the same program draws the same pictures. The page is drawn by headless Chromium, where it is installed.
 *
 *   npm run build && node scripts/screenshots.ts
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { wrapText } from '../src/cli/render/wrap.ts';
import { terminalSvg } from './terminal-svg.ts';

const root = path.resolve(import.meta.dirname, '..');
const images = path.join(root, 'docs/images');
const NOW = '2026-03-24T12:00:00Z';
const COLUMNS = 92;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-pictures-'));
const env = {
  PATH: process.env.PATH,
  HOME: folder,
  CREDITS_DB: path.join(folder, 'ledger.db'),
  TZ: 'UTC',
  LC_ALL: 'C.UTF-8',
};

/** Runs the program; its stdout with colours, as a terminal of that width would get it. */
function credits(argv: readonly string[], now = NOW): string {
  const settings = { ...env, CREDITS_NOW: now, FORCE_COLOR: '1', COLUMNS: String(COLUMNS) };
  return execFileSync(process.execPath, [path.join(root, 'bin/credits.js'), ...argv], {
    encoding: 'utf8',
    env: settings,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** A month of calls by a few models, the same every time (a linear congruential generator). */
function calls(): string {
  let state = 11;
  const chance = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const lines: string[] = [];
  for (let day = 2; day <= 23; day += 1) {
    const isWeekend = day % 7 === 0 || day % 7 === 1;
    for (const model of ['sonnet', 'haiku', '4o', 'mini', 'gemini-pro', 'flash']) {
      for (let no = 0; no < (isWeekend ? 1 : 2 + chance() * 9); no += 1) {
        lines.push(
          JSON.stringify({
            model,
            inputTokens: 1_500 + Math.floor(chance() * 9_000),
            outputTokens: 100 + Math.floor(chance() * 900),
            session: `session-${day % 5}`,
            activity: ['chat', 'agent', 'artifact'][Math.floor(chance() * 3)],
            at: `2026-03-${String(day).padStart(2, '0')}T1${Math.floor(chance() * 8)}:00:00Z`,
          }),
        );
      }
    }
  }
  return lines.join('\n');
}

function fill(): void {
  credits(['init', '--plan', 'team', '--anchor', '2026-03-01'], '2026-03-01T00:00:00Z');
  credits(['grant', '2000', '--source', 'purchased'], '2026-03-02T00:00:00Z');
  const file = path.join(folder, 'calls.jsonl');
  fs.writeFileSync(file, calls());
  credits(['import', file]);
  credits(['hold', '20', '--ttl', '1h']);
}

const prompt = (line: string): string => `\u001b[32m$\u001b[39m \u001b[1m${line}\u001b[22m\n`;

/** Draws some commands under each other. */
function terminal(name: string, lines: readonly string[]): void {
  const text = lines
    .map((line) => prompt(`credits ${line}`) + wrapText(credits(line.split(' ')), COLUMNS))
    .join('\n');
  fs.writeFileSync(
    path.join(images, `${name}.svg`),
    terminalSvg(text, lines.map((line) => `credits ${line}`).join('; ')),
  );
}

const chromium = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

/** Draws a page of a width, light or dark. */
function picture(name: string, page: string, width: number, height: number, isDark: boolean): void {
  // In a frame, since a window cannot be as narrow as a telephone.
  const frame = path.join(folder, `${name}.html`);
  fs.writeFileSync(
    frame,
    `<!doctype html><style>html,body{margin:0}iframe{border:0;width:${width}px;height:${height}px;display:block}</style><iframe src="${pathToFileURL(page)}"></iframe>`,
  );
  execFileSync(
    chromium!,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--user-data-dir=${path.join(folder, 'chromium')}`,
      `--blink-settings=preferredColorScheme=${isDark ? 0 : 1}`,
      `--window-size=${width},${height}`,
      `--screenshot=${path.join(images, `${name}.png`)}`,
      pathToFileURL(frame).href,
    ],
    { stdio: 'ignore' },
  );
}

try {
  fs.mkdirSync(images, { recursive: true });
  fill();
  terminal('balance', ['balance', 'forecast']);
  terminal('estimate', ['estimate --compare --input-tokens 1200 --output-tokens 300']);
  terminal('usage', ['usage --by day --plot']);
  terminal('simulate', ['simulate -m haiku --max-rounds 50 --budget 200 --plot']);
  const page = path.join(folder, 'report.html');
  credits(['usage', '--by', 'model', '--html', page]);
  if (chromium === undefined)
    console.error('no Chromium is here: the pictures of the page are left as they are');
  else {
    picture('page-light', page, 1_000, 1_030, false);
    picture('page-dark', page, 1_000, 1_030, true);
    picture('page-phone', page, 390, 1_000, false);
  }
  for (const name of fs.readdirSync(images).sort()) {
    console.log(`docs/images/${name} ${fs.statSync(path.join(images, name)).size} bytes`);
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
