// Builds dist/: one small CommonJS entry, and one file for each module that the sources load with `import()`.
// esbuild does not split CommonJS, and one big file is parsed whole at every start (docs/PERFORMANCE.md), so each
// lazily loaded module becomes an entry of its own, required only when a command needs it. Beside them the manual page.
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'dist');
const name = (file) =>
  `${path.relative(path.join(root, 'src'), file).replace(/\.ts$/, '').replaceAll(path.sep, '-').replaceAll('..', 'up')}.cjs`;

const lazy = (queue) => ({
  name: 'lazy-chunks',
  setup(api) {
    api.onResolve({ filter: /^\.{1,2}\// }, async (args) => {
      if (args.kind !== 'dynamic-import') return undefined;
      const found = await api.resolve(args.path, {
        kind: 'import-statement',
        resolveDir: args.resolveDir,
        importer: args.importer,
      });
      if (found.errors.length > 0) return found;
      queue.add(found.path);
      return { path: `./${name(found.path)}`, external: true };
    });
  },
});

// commander loads it for stand-alone executables as subcommands, which the program does not have.
const unused = {
  name: 'unused-builtins',
  setup(api) {
    api.onResolve({ filter: /^(node:)?child_process$/ }, (args) =>
      args.importer.includes('/commander/') ? { path: args.path, namespace: 'unused' } : undefined,
    );
    api.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

await rm(out, { recursive: true, force: true });
const queue = new Set([path.join(root, 'src/cli/main.ts'), path.join(root, 'src/index.ts')]);
for (const entry of queue) {
  await build({
    entryPoints: [entry],
    outfile: path.join(out, name(entry)),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    // Bundled code starts faster than required packages; only what carries a native binary stays outside.
    external: ['better-sqlite3'],
    supported: { 'dynamic-import': false },
    plugins: [lazy(queue), unused],
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

const { renderManPage } = await import('./man-page.ts');
const { COMMANDS } = await import('../src/cli/commands/index.ts');
const { HELP_TOPICS } = await import('../src/cli/render/help-topics.ts');
const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
await writeFile(path.join(out, 'credits.1'), renderManPage(COMMANDS, HELP_TOPICS, version));
