/** Emphasis in text for people: plain functions where there is no colour, so that the library is loaded only for it. */

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

const same = (text: string): string => text;

/** No escape codes. */
export const PLAIN: Paint = { bold: same, dim: same, good: same, warn: same, bad: same };

/** The paint for a stream. */
export async function createPaint(color: boolean): Promise<Paint> {
  return color ? (await import('./paint-chalk.ts')).COLORED : PLAIN;
}
