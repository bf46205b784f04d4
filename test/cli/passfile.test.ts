/** Passwords of PostgreSQL ledgers from a passfile. Format: PostgreSQL's manual, "The Password File". */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { withPassword } from '../../src/cli/passfile.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-passfile-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const TEXT = String.raw`# comment:5432:*:*:no
db.example:5432:books:ann:s3cret
db.example:*:*:ann:any\:where\\
short:line
*:*:*:bob:with @/#
`;

function passfile(mode = 0o600): { PGPASSFILE: string } {
  const file = path.join(folder, `${mode}`);
  fs.writeFileSync(file, TEXT, { mode });
  fs.chmodSync(file, mode);
  return { PGPASSFILE: file };
}

const passwordOf = (url: string, env = {}): string =>
  decodeURIComponent(new URL(withPassword(url, { ...passfile(), ...env })).password);

test.each([
  ['postgres://ann@db.example/books', 's3cret'],
  ['postgres://ann@db.example:5433/books', 'any:where\\'],
  ['postgres://bob@elsewhere/x?sslmode=disable', 'with @/#'],
  ['postgres://eve@db.example/books', ''],
  ['postgres://ann:own@db.example/books', 'own'],
])('%s has the password %j', (url, password) => {
  expect(passwordOf(url)).toBe(password);
});

test('the environment goes first, and names what the address leaves out', () => {
  expect(passwordOf('postgres://ann@db.example/books', { PGPASSWORD: 'x' })).toBe('');
  expect(passwordOf('postgres://db.example/books', { PGUSER: 'ann' })).toBe('s3cret');
});

test('a file that others can read is ignored', () => {
  expect(withPassword('postgres://bob@h/x', passfile(0o644))).toBe('postgres://bob@h/x');
});
