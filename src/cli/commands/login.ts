/** `credits login|logout|whoami`: access tokens for served ledgers. Source: contract 2 (secrets), 6, 8. */
import { invalid } from '../../core/errors.ts';
import type { CommandInput, CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import {
  credentialsFile,
  forgetToken,
  keepToken,
  keptServers,
  keptToken,
  serverAddress,
} from '../credentials.ts';
import type { RemoteAccess } from '../wire-types.ts';

const accessJson = (url: string, { token, role, account, mode }: RemoteAccess) => ({
  remote: url,
  id: token,
  role,
  account,
  mode,
});

const accessText = ({ token, role, account, mode }: RemoteAccess): string =>
  `${token}: ${role} on ${account === null ? 'every account' : `account ${account}`} of a ${mode} ledger`;

/** Longer than any token: standard input is not read to its end. */
const MOST = 1_024;

/** The beginning of every access token, as a server makes them. */
const TOKEN = /^credits_\S+$/;

/**
 * The token from a prompt, else from standard input: the first line that is one, so that what `tokens create` prints can
 * be kept and read as it is.
 * @throws LedgerError `invalid_argument`
 */
async function readToken(context: Context, url: string): Promise<string> {
  let text = '';
  if (context.terminal.canAsk) {
    const { askSecret } = await import('../prompts.ts');
    text = await askSecret(`Access token for ${url}`, context.signal);
  } else {
    if (context.stdinIsTerminal) throw invalid('the token is read from standard input', 'pipe it in');
    for await (const part of context.stdin()) {
      text += String(part);
      if (text.length > MOST) break;
    }
  }
  if (text.trim() === '') {
    throw invalid('no access token was given', 'it is asked for, or read from standard input');
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const token = lines.find((line) => TOKEN.test(line));
  if (token === undefined || token.length > MOST) {
    throw invalid('that is no access token', 'it looks like credits_1_…, on a line of its own');
  }
  return token;
}

export const login: CommandModule<{ readonly url: string }> = {
  parse: (input) => ({ url: serverAddress(input.args[0]!) }),

  async run(context, { url }) {
    const token = await readToken(context, url);
    const access = await context.remoteAccess(url, token);
    keepToken(context.env, url, token);
    const file = credentialsFile(context.env);
    return {
      schema: 'credits.login/v1',
      json: () => ({ ...accessJson(url, access), file }),
      text: () =>
        `${accessText(access)}.\nKept in ${file}. Use it with --remote ${url}, or set CREDITS_REMOTE.`,
    };
  },
};

interface ServerRequest {
  /** Null: the one that is meant anyway. */
  readonly url: string | null;
}

const readServer = (input: CommandInput): ServerRequest => ({
  url: input.args[0] === undefined ? null : serverAddress(input.args[0]),
});

/** The server that is named, else set, else the only one there is a token for. @throws LedgerError `invalid_argument` */
function serverOf({ globals, env }: Context, url: string | null): string {
  if (url !== null) return url;
  if (globals.remote !== null) return serverAddress(globals.remote);
  const known = keptServers(env);
  if (known.length === 1) return known[0]!;
  throw invalid(
    known.length === 0 ? 'no server is known' : `which server? There are tokens for ${known.join(', ')}`,
    known.length === 0 ? 'name one: `credits login https://…`' : 'name it with --remote',
  );
}

export const logout: CommandModule<ServerRequest> = {
  parse: readServer,

  async run(context, request) {
    const url = serverOf(context, request.url);
    const removed = forgetToken(context.env, url);
    return {
      schema: 'credits.logout/v1',
      json: () => ({ remote: url, removed }),
      text: () =>
        removed
          ? `Forgot the token for ${url}. It stays valid: \`credits tokens revoke\` on the server ends it.`
          : `There is no token for ${url}: nothing changed.`,
      unchanged: !removed,
    };
  },
};

export const whoami: CommandModule<null> = {
  parse: () => null,

  async run(context) {
    const url = serverOf(context, null);
    const { token } = context.globals;
    const access = await context.remoteAccess(url, token ?? keptToken(context.env, url));
    return {
      schema: 'credits.whoami/v1',
      json: () => accessJson(url, access),
      text: () => `${accessText(access)} at ${url}`,
    };
  },
};
