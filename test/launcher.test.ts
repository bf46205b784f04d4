/** The launcher on every kind of Node: an unsupported one gets a sentence, never a crash. */
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

const bin = path.resolve(import.meta.dirname, '../bin/credits.js');

/** Runs the launcher in a Node that says it is another version. */
const under = (version: string, ...argv: string[]) =>
  execa(
    process.execPath,
    [
      '-e',
      `Object.defineProperty(process.versions, 'node', { value: '${version}' });
       process.argv = [process.execPath, ${JSON.stringify(bin)}, '--version', ...${JSON.stringify(argv)}];
       require(${JSON.stringify(bin)});`,
    ],
    { reject: false, stdin: 'ignore' },
  );

describe('the launcher', () => {
  it.each(['18.20.8', '20.20.2', '22.22.1', '23.11.0', '24.14.9', '25.9.0'])(
    'refuses Node %s before anything native loads',
    async (version) => {
      const { exitCode, stdout, stderr } = await under(version);
      expect(exitCode).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toContain(packageJson.engines.node);
      expect(stderr).toContain(version);
      expect(stderr).not.toMatch(/\n\s+at /);
    },
  );

  it('refuses with a document where --json asks for one', async () => {
    const { exitCode, stdout, stderr } = await under('20.20.2', '--json');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'internal', message: expect.stringContaining('20.20.2'), hint: expect.any(String) },
    });
  });

  it.each(['22.22.2', '22.30.0', '24.15.0', '26.0.0', '30.1.0'])('starts on Node %s', async (version) => {
    const { exitCode, stdout } = await under(version);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(packageJson.version);
  });
});
