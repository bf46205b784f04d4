import { describe, expect, test } from 'vitest';
import { wrapText } from '../../src/cli/render/wrap.ts';
import { fakeRun } from './fake.ts';

describe('running lines on a narrow terminal', () => {
  test.each<[string, number, string]>([
    ['fits', 4, 'fits'],
    ['one two three', 8, 'one two\n  three'],
    ['default · team · cycle 10 Nov', 20, 'default · team\n  cycle 10 Nov'],
    ['Burn rate   382.88 credits a day', 20, 'Burn rate   382.88\n  credits a day'],
    ['  note of some words', 12, '  note of\n    some\n    words'],
    ['/a/path/that/is/long x', 10, '/a/path/that/is/long\n  x'],
    ['\u001b[1mbold words\u001b[22m', 10, '\u001b[1mbold words\u001b[22m'],
    ['\u001b[1mbold words\u001b[22m here', 10, '\u001b[1mbold words\u001b[22m\n  here'],
    ['全角 文字', 6, '全角\n  文字'],
    ['a\n\nlonger line\n', 6, 'a\n\nlonger\n  line\n'],
    ['no end to it', Number.POSITIVE_INFINITY, 'no end to it'],
  ])('%j in %d columns', (text, width, expected) => {
    expect(wrapText(text, width)).toBe(expected);
  });

  test('answers are broken on a terminal, and whole in a pipe', async () => {
    const narrow = await fakeRun(['status'], {
      env: { NO_COLOR: '1' },
      terminal: { stdout: true, columns: 24 },
    });
    const lines = narrow.stdout.trimEnd().split('\n');
    expect(lines.every((line) => line.length <= 24)).toBe(true);
    const piped = await fakeRun(['status'], { env: { COLUMNS: '24' } });
    expect(piped.stdout.split('\n').some((line) => line.length > 24)).toBe(true);
    const words = (text: string): string[] => text.split(/[\s·]+/);
    expect(words(narrow.stdout)).toEqual(words(piped.stdout));
  });

  test('refusals too; scripts never', async () => {
    const refused = await fakeRun(['balance', '--lots', '--total'], {
      terminal: { stderr: true, columns: 24 },
    });
    expect(refused.stderr).toBe(
      'error: --lots and\n  --total are two\n  answers\nhint: leave one of them\n  out\n',
    );
    const script = await fakeRun(['completion', 'bash'], { terminal: { stdout: true, columns: 24 } });
    expect(script.stdout).toBe((await fakeRun(['completion', 'bash'])).stdout);
  });
});
