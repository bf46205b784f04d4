/**
 * TLS between here and a PostgreSQL server: what the address asks for, and what goes wrong.
 *
 * Source: PostgreSQL's manual, "SSL Support" of libpq; the driver's reading of `sslmode`; Node's codes of TLS.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { invalid, LedgerError } from '../core/errors.ts';
import { codeOf } from './sqlite-errors.ts';

const MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** What the driver takes for `verify-full`, with a warning about its next version on stderr. */
const AS_FULL = ['prefer', 'require', 'verify-ca'];

function requireMode(mode: string, known: readonly string[]): void {
  if (!known.includes(mode)) {
    throw invalid(
      `sslmode ${JSON.stringify(mode)} is none of a PostgreSQL ledger`,
      `it is ${known.join(', ')}`,
    );
  }
}

/**
 * Reads what the driver will read: where it fails in the middle of a handshake, it leaves the connection open, and the
 * program waits for the server's patience to end.
 */
function requireFiles(parameters: URLSearchParams): void {
  const files: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {};
  for (const [name, option] of [
    ['sslrootcert', 'ca'],
    ['sslcert', 'cert'],
    ['sslkey', 'key'],
  ] as const) {
    const file = parameters.getAll(name).at(-1);
    if (!file) continue;
    try {
      files[option] = readFileSync(file);
    } catch (error) {
      throw invalid(
        `cannot read the ${name} of the PostgreSQL ledger, ${file}: ${codeOf(error)}`,
        `${name} is the path of a file; without sslrootcert the signers count that Node.js trusts`,
      );
    }
  }
  if (Object.keys(files).length === 0) return;
  try {
    createSecureContext(files);
  } catch (error) {
    throw invalid(
      `the certificates or the key of the PostgreSQL ledger cannot be used: ${(error as Error).message}`,
      'sslrootcert, sslcert and sslkey name files in PEM, the key that of the certificate',
    );
  }
}

/**
 * The address with what the driver makes of its `sslmode` said outright, whatever the driver's next version makes of it.
 * @param url an address that can be read
 * @param fromEnvironment `PGSSLMODE`, which counts where the address has none
 * @throws LedgerError `invalid_argument`: a mode that the driver does not know, and for which it would leave TLS out or
 *   check less; a file that cannot be read or used
 */
export function withTlsMode(url: string, fromEnvironment: string | undefined): string {
  const address = new URL(url);
  requireFiles(address.searchParams);
  // Of several the driver takes the last.
  const mode = address.searchParams.getAll('sslmode').at(-1);
  if (mode === undefined) {
    // `allow` asks without TLS first, which is what the driver does.
    if (fromEnvironment) requireMode(fromEnvironment, [...MODES, 'allow']);
    return url;
  }
  requireMode(mode, MODES);
  const isLibpq = address.searchParams.getAll('uselibpqcompat').at(-1) === 'true';
  if (isLibpq && mode === 'verify-ca' && !address.searchParams.get('sslrootcert')) {
    throw invalid('sslmode verify-ca as libpq has it needs a sslrootcert', 'or say sslmode=verify-full');
  }
  if (isLibpq || !AS_FULL.includes(mode)) return url;
  address.searchParams.set('sslmode', 'verify-full');
  return address.href;
}

const CERTIFICATE =
  /^(?:UNABLE_TO_\w+|CERT_\w+|CRL_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|ERROR_IN_\w+|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT\w*)$/;
const HANDSHAKE = /^(?:ERR_TLS_\w+|ERR_SSL_\w+|EPROTO)$/;

/**
 * What is wrong with TLS as a refusal: exit 75 where the server may be mended or another one answer, 2 where the address
 * must change. Null where it is something else.
 * @param location the ledger's address, without a password
 */
export function tlsRefusal(error: unknown, location: string): LedgerError | null {
  if (!(error instanceof Error)) return null;
  const [code, text] = [codeOf(error), error.message];
  if (code === '' && /does not support SSL/.test(text)) {
    return invalid(
      `the server at ${location} takes no TLS`,
      'switch it on there, or say sslmode=disable where the network is yours',
    );
  }
  const isCertificate = CERTIFICATE.test(code);
  if (!isCertificate && !HANDSHAKE.test(code) && !/error establishing an SSL/.test(text)) return null;
  return new LedgerError(
    'remote_unreachable',
    `${location} cannot be reached: ${isCertificate ? 'its certificate is not accepted' : 'TLS failed'}: ${text}`,
    {
      hint: isCertificate
        ? 'nothing was written; sslrootcert=FILE names who signed it, and the host must be one that it names'
        : 'nothing was written; try again when the server is back',
      details: { outcome: 'nothing_written' },
    },
  );
}
