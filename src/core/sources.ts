/**
 * The sources of credits, one row each: label, burn group and default expiry. Burn order and every table follow it.
 * Source: contract 4 (sources) and 5.1 (`purchased` is paid, every other source free).
 */
import type { Source } from './types.ts';

interface SourceRow {
  /** How tables name it. */
  readonly label: string;
  /** Paid lots burn after free ones of the same priority and expiry. */
  readonly paid: boolean;
  /** Default expiry: at the cycle's end, or never. */
  readonly expires: 'cycle' | 'never';
}

/** Every source, in the order in which tables list them. */
export const SOURCES = {
  monthly: { label: 'Monthly', paid: false, expires: 'cycle' },
  welcome: { label: 'Welcome', paid: false, expires: 'never' },
  promotional: { label: 'Promotional', paid: false, expires: 'never' },
  purchased: { label: 'Purchased', paid: true, expires: 'never' },
} as const satisfies Record<Source, SourceRow>;

/** Priority of a lot unless an operator says otherwise; lower burns first. */
export const DEFAULT_PRIORITY = 50;

/** Tells a source's name from other text. */
export const isSource = (text: string): text is Source => Object.hasOwn(SOURCES, text);
