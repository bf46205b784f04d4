/** The completion scripts in the real shells, where they are installed: they load, ask for the right words, and offer the answer. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMPLETION_SCRIPTS, type Shell } from '../../src/cli/render/completion-scripts.ts';
import { temporaryFolder } from '../helpers/cli-line.ts';
import { hasShell } from '../helpers/shells.ts';

const folder = temporaryFolder();
// A program that writes down what it is asked, and offers what the test says.
writeFileSync(path.join(folder, 'credits'), '#!/bin/sh\nprintf "%s|" "$@" >"$SEEN"\nprintf %b "$OFFERS"\n');
chmodSync(path.join(folder, 'credits'), 0o755);
writeFileSync(path.join(folder, 'a-file.txt'), '');

/** What a shell is told to do, and how its answer is read. Each prints one offer a line. */
const SHELLS: Readonly<Record<Shell, { argv: (script: string) => string[]; program: string }>> = {
  // `complete -p` proves that it is registered; the function is called as readline does.
  bash: {
    argv: (script) => ['--norc', '-c', script],
    program: `complete -p credits >/dev/null || exit 9
COMP_LINE="$LINE" COMP_POINT=\${#LINE} COMP_WORDS=(credits settle "") COMP_CWORD=2
_credits
printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  // The completion system itself, with its last step replaced by one that prints.
  zsh: {
    argv: (script) => ['-f', '-c', script],
    program: `[[ "\${_comps[credits]}" == _credits ]] || exit 9
_describe() { print -rl -- "\${(@P)2}" }
_files() { print -rl -- *.txt }
words=(credits settle ""); CURRENT=3; PREFIX=""
_credits`,
  },
  fish: {
    argv: (script) => ['--no-config', '-c', script],
    program: 'complete -C "$LINE"',
  },
};

const BEFORE: Readonly<Record<Shell, string>> = {
  bash: '',
  zsh: 'autoload -Uz compinit && compinit -u -d "$HOME/.zcompdump"\n',
  fish: '',
};

function complete(shell: Shell, offers: string): { lines: string[]; asked: string; status: number | null } {
  const seen = path.join(folder, `seen-${shell}`);
  const { argv, program } = SHELLS[shell];
  const { stdout, stderr, status } = spawnSync(
    shell,
    argv(`${BEFORE[shell]}${COMPLETION_SCRIPTS[shell]}\n${program}\n`),
    {
      encoding: 'utf8',
      cwd: folder,
      input: '',
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        HOME: folder,
        LINE: 'credits settle ',
        OFFERS: offers,
        SEEN: seen,
        LC_ALL: 'C.UTF-8',
      },
    },
  );
  expect(stderr).toBe('');
  return { lines: stdout.trimEnd().split('\n'), asked: readFileSync(seen, 'utf8'), status };
}

describe.each(['bash', 'zsh', 'fish'] as const)('the script in %s', (shell) => {
  const isThere = hasShell(shell);

  test.skipIf(!isThere)('loads, asks with the words that are written, and offers what comes', () => {
    const { lines, asked } = complete(shell, 'hold_a_1\\t5 credits\\nacme:eu\\tpro\\n:4\\n');
    expect(asked).toBe('complete|--|settle||');
    expect(lines).toEqual(
      {
        // Bash shows no descriptions; zsh takes `value:description`; fish sorts.
        bash: ['hold_a_1', 'acme:eu'],
        zsh: ['hold_a_1:5 credits', 'acme\\:eu:pro'],
        fish: ['acme:eu\tpro', 'hold_a_1\t5 credits'],
      }[shell],
    );
  });

  test.skipIf(!isThere)('nothing to offer is no failure', () => {
    const { lines } = complete(shell, ':4\\n');
    expect(lines).toEqual(['']);
  });

  // Bash offers files through readline, which a script has not.
  const offersFiles = shell === 'bash' ? undefined : test.skipIf(!isThere);
  offersFiles?.('files, where the program says so', () => {
    const { lines } = complete(shell, ':0\\n');
    expect(lines.map((line) => line.split('\t')[0])).toContain('a-file.txt');
  });
});
