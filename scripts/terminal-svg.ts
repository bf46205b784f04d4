/** Draws what a program wrote to a terminal, colours included, as an SVG picture of a window. */

/** Size of a cell and of what is around the text, px. */
const CELL = { width: 8.4, height: 19, size: 14 };
const PAD = 18;
const BAR = 30;

const BACKGROUND = '#16181d';
const FOREGROUND = '#d7dae0';
/** The codes of colours that the program uses. */
const COLOURS: Readonly<Record<string, string>> = {
  '31': '#f07178',
  '32': '#8fc77a',
  '33': '#e6c07b',
  '34': '#6cb6ff',
  '35': '#c792ea',
  '36': '#56c2c6',
  '90': '#7d8590',
};

interface Look {
  readonly colour: string;
  readonly bold: boolean;
  readonly dim: boolean;
}

const PLAIN: Look = { colour: FOREGROUND, bold: false, dim: false };

function after(look: Look, code: string): Look {
  if (code === '0' || code === '') return PLAIN;
  if (code === '1') return { ...look, bold: true };
  if (code === '2') return { ...look, dim: true };
  if (code === '22') return { ...look, bold: false, dim: false };
  if (code === '39') return { ...look, colour: FOREGROUND };
  return code in COLOURS ? { ...look, colour: COLOURS[code]! } : look;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const round = (value: number): string => String(Math.round(value * 100) / 100);

/** Blocks are drawn, for fonts leave gaps between them: the share of the cell that each fills from the left. */
const BLOCKS = ' ▏▎▍▌▋▊▉█';

function run(text: string, column: number, row: number, look: Look): string {
  const x = PAD + column * CELL.width;
  const top = BAR + PAD + row * CELL.height;
  const opacity = look.dim ? ' opacity="0.6"' : '';
  if (/^[▏▎▍▌▋▊▉█]+$/.test(text)) {
    const eighths = [...text].reduce((sum, block) => sum + BLOCKS.indexOf(block), 0);
    return `<rect x="${round(x)}" y="${round(top + 3)}" width="${round((eighths / 8) * CELL.width)}" height="${CELL.height - 6}" fill="${look.colour}"${opacity}/>`;
  }
  const weight = look.bold ? ' font-weight="700"' : '';
  // The length is given, so that columns stay columns in whatever font is there.
  return `<text x="${round(x)}" y="${round(top + 14)}" textLength="${round([...text].length * CELL.width)}" fill="${look.colour}"${weight}${opacity}>${escaped(text)}</text>`;
}

/** The runs of one line; the look goes on in the next one. */
function drawLine(line: string, row: number, start: Look): { readonly parts: string[]; readonly look: Look } {
  const parts: string[] = [];
  let look = start;
  let column = 0;
  for (const [, codes, blocks, spaces, text] of line.matchAll(
    /\u001b\[([0-9;]*)m|([▏▎▍▌▋▊▉█]+)|( +)|((?:[^\u001b▏▎▍▌▋▊▉█ ]| (?! ))+)/g,
  )) {
    if (codes !== undefined) look = codes.split(';').reduce(after, look);
    else {
      const piece = blocks ?? spaces ?? text ?? '';
      if (spaces === undefined) parts.push(run(piece, column, row, look));
      column += [...piece].length;
    }
  }
  return { parts, look };
}

/**
 * The picture.
 * @param output text with SGR escape codes
 * @param title what stands in the bar of the window
 */
export function terminalSvg(output: string, title: string): string {
  const lines = output.replace(/\n+$/, '').split('\n');
  const columns = Math.max(...lines.map((line) => [...line.replace(/\u001b\[[0-9;]*m/g, '')].length));
  const width = Math.ceil(columns * CELL.width + 2 * PAD);
  const height = BAR + lines.length * CELL.height + 2 * PAD;
  const body: string[] = [];
  let look = PLAIN;
  for (const [row, line] of lines.entries()) {
    const drawn = drawLine(line, row, look);
    body.push(...drawn.parts);
    look = drawn.look;
  }
  const dots = ['#f07178', '#e6c07b', '#8fc77a'].map(
    (colour, index) => `<circle cx="${PAD + 4 + index * 18}" cy="${BAR / 2 + 3}" r="5" fill="${colour}"/>`,
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" rx="9" fill="${BACKGROUND}"/>`,
    ...dots,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${CELL.size}" xml:space="preserve">`,
    ...body,
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}
