/**
 * Prices of long inputs beside a rate row: what all tokens of a call cost once its input passes a threshold. A JSON list in
 * one column, since a row is always read, hashed and compared as a whole; null: length changes nothing.
 */
import type { Dialect } from './dialect.ts';

/** Statements of this step, in order. */
export const up = ({ text }: Dialect): string => `ALTER TABLE rate ADD COLUMN tiers ${text};\n`;
