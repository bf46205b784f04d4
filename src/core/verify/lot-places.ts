/** The law of conservation of one lot. Source: contract 5.11. */
import type { Lot } from '../types.ts';
import { amountText } from './words.ts';

const PLACES = ['available', 'held', 'spent', 'expired', 'revoked'] as const;

/** What is wrong with where a lot's credits are; undefined: nothing. */
export function lotPlaces(lot: Lot): string | undefined {
  const below = PLACES.find((place) => !(lot[place] >= 0));
  if (below !== undefined) return `${below} is ${amountText(lot[below])}`;
  const sum = lot.available + lot.held + lot.spent + lot.expired + lot.revoked;
  if (sum === lot.granted) return undefined;
  return `granted is ${amountText(lot.granted)}, all places together have ${amountText(sum)}`;
}
