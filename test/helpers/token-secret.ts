/** The secret part of a token, whole: base64url has underscores of its own. */
export function tokenSecret(token: string): string {
  const secret = /^credits_\d+_([\w-]{43})$/.exec(token)?.[1];
  if (secret === undefined) throw new Error('this is no token');
  return secret;
}
