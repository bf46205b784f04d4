/** What the server's codes mean to who runs a command: no connection now is 75, and nothing was written. */
import { expect, it } from 'vitest';
import { isLost, postgresRefusal } from '../../src/store/postgres-errors.ts';

const failed = (code: string): Error => Object.assign(new Error('no'), { code });

it.each(['57P01', '57P02', '57P03', '08006', '55000', 'ECONNREFUSED', 'EHOSTUNREACH'])(
  '%s is no connection',
  (code) => {
    expect(isLost(failed(code))).toBe(true);
    expect(postgresRefusal(failed(code), 'postgres://there')).toMatchObject({
      code: 'remote_unreachable',
      exitCode: 75,
      details: { outcome: 'nothing_written' },
    });
  },
);

it.each([
  ['3D000', 'no_ledger'],
  ['28P01', 'unauthenticated'],
  ['53100', 'disk_full'],
  ['25006', 'ledger_read_only'],
  ['40P01', 'ledger_busy'],
  ['23505', 'integrity_failure'],
])('%s is %s', (code, refusal) => {
  expect(isLost(failed(code))).toBe(false);
  expect(postgresRefusal(failed(code), 'postgres://there')).toMatchObject({ code: refusal });
});
