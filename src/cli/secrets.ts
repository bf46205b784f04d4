/** Passwords in addresses of ledgers: where one is, and the address without it. */

const PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^/?#@]*@|[?&]password=/i;

/** True when an address holds a password. */
export const carriesPassword = (location: string): boolean => PASSWORD.test(location);

/** Where a ledger is, without a password: for everything that is printed. */
export const safeLocation = (location: string): string =>
  location
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^/?#]*@/i, '$1@')
    .replace(/([?&]password=)[^&#]*/gi, '$1…');
