/**
 * What others wrote and users run: the packages that an installation brings, and those that the build puts into the program.
 * Few, none of them run code when they are installed, and the lock file holds a hash of each.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const MOST_PACKAGES = 60;

interface Manifest {
  readonly version?: string;
  readonly man?: unknown;
  readonly gypfile?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface Locked extends Manifest {
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const readJson = <T>(name: string): T => JSON.parse(fs.readFileSync(path.join(root, name), 'utf8')) as T;
const { packages } = readJson<{ packages: Record<string, Locked> }>('package-lock.json');
const own = readJson<Manifest>('package.json');

/** Packages that sources name, as the build finds them. */
function namedInSources(): string[] {
  const named = new Set<string>();
  for (const folder of ['src', 'migrations']) {
    for (const name of fs.readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const text = fs.readFileSync(path.join(root, folder, name), 'utf8');
      for (const [, target] of text.matchAll(/(?:\bfrom |\bimport\(|^import )'([^']+)'/gm)) {
        const [scope, rest] = target!.split('/');
        if (/^(?:\.|node:)/.test(target!)) continue;
        named.add(scope!.startsWith('@') ? `${scope}/${rest}` : scope!);
      }
    }
  }
  return [...named].filter((name) => `node_modules/${name}` in packages);
}

/** Where a package finds another: in the nearest folder above. */
function placeOf(name: string, from: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (place in packages) return place;
    if (at === '') return undefined;
  }
}

/** All that some packages bring with them, optional ones too, by their place. */
function closureOf(names: readonly string[]): Map<string, Locked> {
  const found = new Map<string, Locked>();
  const visit = (name: string, from: string): void => {
    const place = placeOf(name, from);
    // What is optional need not be there.
    if (place === undefined || found.has(place)) return;
    const locked = packages[place]!;
    found.set(place, locked);
    const optional = locked.peerDependenciesMeta ?? {};
    const peers = Object.keys(locked.peerDependencies ?? {}).filter((peer) => !optional[peer]?.optional);
    const brought = { ...locked.dependencies, ...locked.optionalDependencies };
    for (const other of [...Object.keys(brought), ...peers]) visit(other, place);
  };
  for (const name of names) visit(name, '');
  return found;
}

const installed = Object.keys(own.dependencies ?? {});
const bundled = namedInSources();
const all = closureOf([...installed, ...bundled]);

it(`are ${MOST_PACKAGES} at most`, () => {
  // The lists are not empty by mistake.
  expect(installed).toEqual(['better-sqlite3']);
  expect(bundled).toEqual(
    expect.arrayContaining(['better-sqlite3', 'commander', 'hono', 'pg', 'stripe', 'zod']),
  );
  expect([...all.keys()]).toContain('node_modules/pg-protocol');
  console.info(`${all.size} packages: ${closureOf(installed).size} installed, the others are in the build`);
  expect(all.size, [...all.keys()].join('\n')).toBeLessThanOrEqual(MOST_PACKAGES);
});

it('run nothing when they are installed', () => {
  // From this one on it brings its binaries along and compiles nothing.
  expect(Number(packages['node_modules/better-sqlite3']!.version!.split('.')[0])).toBeGreaterThanOrEqual(13);
  const running = [...all].filter(([place, { hasInstallScript }]) => {
    if (hasInstallScript === true) return true;
    const manifest = path.join(place, 'package.json');
    if (!fs.existsSync(path.join(root, manifest))) return false;
    const { scripts = {}, gypfile = true } = readJson<Manifest>(manifest);
    // A build file alone makes npm compile, unless the package says no.
    if (gypfile && fs.existsSync(path.join(root, place, 'binding.gyp'))) return true;
    return ['preinstall', 'install', 'postinstall'].some((name) => name in scripts);
  });
  expect(running.map(([place]) => place)).toEqual([]);
});

it('are held by a hash each, as is everything that builds and tests the program', () => {
  const loose = Object.entries(packages).filter(
    ([place, { integrity }]) => place !== '' && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
  );
  expect(loose.map(([place]) => place)).toEqual([]);
});

it('bring the manual page along, named in a list: npm makes no link to one that a text names', () => {
  expect(own.man).toEqual(['dist/credits.1']);
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const packed = (JSON.parse(said) as { files: { path: string }[] }[])[0]!.files.map((file) => file.path);
  expect(packed).toEqual(expect.arrayContaining(['bin/credits.js', ...(own.man as string[])]));
});
