/** Passwords in addresses of ledgers: where one is, and the address without it. */

const PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^/?#@]*@|[?&]password=/i;

/** True when an address holds a password. */
export const carriesPassword = (location: string): boolean => PASSWORD.test(location);

/** Where a ledger is, without a password: for everything that is printed. */
export const safeLocation = (location: string): string =>
  location
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^/?#]*@/i, '$1@')
    .replace(/([?&]password=)[^&#]*/gi, '$1…');

/**
 * Meant as an address, but none of a ledger: another scheme, or a name, a colon and an @ before any folder. As a path it
 * would be printed, with the password in it.
 */
const NEARLY = /^(?!postgres(?:ql)?:\/\/)(?:[a-z][a-z0-9+.-]+:\/|postgres(?:ql)?[:/].*@|[^/\\]*:[^/\\]*@)/i;

/** True for what may be an address with a slip of the pen, which must be neither opened as a file nor repeated. */
export const isNearlyAddress = (location: string): boolean => NEARLY.test(location);

/** An address for a message that says it is none: only where no password can be in it. */
export const shownAddress = (text: string): string =>
  /[@?#]/.test(text) ? 'what was given' : JSON.stringify(text);
