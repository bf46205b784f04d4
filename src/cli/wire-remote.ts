/** Reaches a served ledger, with the token that stands in the environment or is kept. Loaded when one is asked for. */
import { LedgerError } from '../core/errors.ts';
import { requireSafe } from '../http/client/transport.ts';
import { openRemote, type RemoteLedger } from '../http/client.ts';
import type { LedgerService } from '../ledger/service.ts';
import { credentialsFile, keptToken, serverAddress } from './credentials.ts';
import type { RemoteAccess, WireOptions } from './wire-types.ts';

async function open(options: WireOptions): Promise<RemoteLedger> {
  const { remote, env, now, clock, random, signal } = options;
  const url = serverAddress(remote!.url);
  requireSafe(url, env.CREDITS_ALLOW_HTTP === '1');
  const token = remote!.token ?? keptToken(env, url);
  if (token === null) {
    throw new LedgerError('unauthenticated', `there is no access token for ${url}`, {
      hint: `\`credits login ${url}\` keeps one in ${credentialsFile(env)}; CREDITS_TOKEN holds one for now`,
    });
  }
  // Node would refuse such a header too, as a defect of ours.
  if (!/^[\x21-\x7e]{1,256}$/.test(token)) {
    throw new LedgerError(
      'unauthenticated',
      `the access token for ${url} is none: it is too long, or has blanks or characters outside ASCII`,
      { hint: 'it looks like credits_1_…; CREDITS_TOKEN holds it, or `credits login` keeps it' },
    );
  }
  return openRemote({
    url,
    token,
    now,
    clock,
    random: () => Buffer.from(random(4)).readUInt32BE() / 2 ** 32,
    newKey: () => `req_${Buffer.from(random(15)).toString('base64url')}`,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** @throws LedgerError `unauthenticated`, `remote_unreachable`, `invalid_argument` */
export const openRemoteLedger = (options: WireOptions): Promise<LedgerService> => open(options);

/** What the server says of the token. @throws LedgerError as `openRemoteLedger` */
export async function askAccess(options: WireOptions): Promise<RemoteAccess> {
  const ledger = await open(options);
  try {
    const { mode, token, role, account } = ledger.access;
    return { mode, token, role, account };
  } finally {
    await ledger.close();
  }
}
