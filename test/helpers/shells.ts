/** Shells that completion scripts are tried in, where they are installed. */
import { spawnSync } from 'node:child_process';

/** True where a shell is there. Says of tests that are left out why they are. */
export function hasShell(shell: 'bash' | 'zsh' | 'fish'): boolean {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  if (!isThere) console.info(`left out: completion in ${shell}, which is not here`);
  return isThere;
}
