/**
 * Where a server's ledger lies is told to nobody who asks it, with or without a token: paths and addresses stay in its own
 * log. Refusals of the store name the place for who runs a command on it, so they are put otherwise on their way out.
 */
import { isLedgerError, LedgerError } from '../../core/errors.ts';
import type { LedgerService } from '../../ledger/service.ts';
import type { ServerDeps } from './deps.ts';

const LEDGER = "the server's ledger";

/** Tells the server's log what the wire does not carry. */
type Tell = (refusal: LedgerError) => void;

/**
 * A refusal without the place; anything else stays as it is. What the store or its driver adds behind a colon names hosts,
 * users and files too.
 */
function withoutPlace(error: unknown, place: string, tell: Tell): unknown {
  if (!isLedgerError(error) || place === '' || !error.message.includes(place)) return error;
  tell(error);
  const { code, message, hint, details } = error;
  if (code === 'unauthenticated') {
    // It is the server that may not in: whoever asks cannot mend that with another token.
    return new LedgerError('remote_unreachable', `${LEDGER} cannot be reached`, {
      hint: 'nothing was written; try again when the ledger is back',
      details: { outcome: 'nothing_written' },
    });
  }
  return new LedgerError(code, message.replaceAll(place, LEDGER).replace(/: .*$/s, ''), {
    ...(hint === undefined ? {} : { hint: hint.replaceAll(place, LEDGER) }),
    ...(details === undefined || JSON.stringify(details).includes(place) ? {} : { details }),
  });
}

/** What a server is wired with, in which no refusal says where the ledger lies. */
export function veiled(wired: ServerDeps): ServerDeps {
  const tell: Tell = ({ code, message }) =>
    wired.log.write('warn', 'ledger refused', { code, error: message });
  const placeOf = ({ info }: LedgerService): string => info.location;
  const place = (): string => placeOf(wired.ledger({ actor: 'server', now: null }));
  const ledger: ServerDeps['ledger'] = (as) => {
    const own = wired.ledger(as);
    return veiledLedger(own, (error) => withoutPlace(error, placeOf(own), tell));
  };
  const tokenByNo: ServerDeps['tokenByNo'] = (no) =>
    wired.tokenByNo(no).catch((error) => {
      throw withoutPlace(error, place(), tell);
    });
  const webhook = wired.hooks?.webhook;
  if (webhook === undefined) return { ...wired, ledger, tokenByNo };
  const hooks: ServerDeps['hooks'] = {
    ...wired.hooks,
    webhook: (request) =>
      webhook(request).catch((error) => {
        throw withoutPlace(error, place(), tell);
      }),
  };
  return { ...wired, ledger, tokenByNo, hooks };
}

type Veil = (error: unknown) => unknown;

/** Every method of the service answers with promises or pages. */
function veiledLedger(ledger: LedgerService, veil: Veil): LedgerService {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...words: unknown[]) => {
        const answer: unknown = value.apply(target, words);
        if (answer instanceof Promise) {
          return answer.then(
            (result) => veiledParts(result, veil),
            (error) => {
              throw veil(error);
            },
          );
        }
        return isPages(answer) ? veiledPages(answer, veil) : answer;
      };
    },
  });
}

/** A sweep over many accounts tells which of them were refused, and why. */
function veiledParts(result: unknown, veil: Veil): unknown {
  const { failed } = (result ?? {}) as { readonly failed?: unknown };
  if (!Array.isArray(failed) || failed.length === 0) return result;
  return {
    ...(result as object),
    failed: failed.map((each) => ({ ...each, error: veil(each.error) })),
  };
}

const isPages = (answer: unknown): answer is AsyncIterable<unknown> =>
  typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;

async function* veiledPages(pages: AsyncIterable<unknown>, veil: Veil): AsyncGenerator<unknown> {
  try {
    yield* pages;
  } catch (error) {
    throw veil(error);
  }
}
