/** The style of one answer: colours, width, and the calendar of the account it is about. */
import type { Instant } from '../../core/types.ts';
import type { Context } from '../context.ts';
import { type Calendar, createCalendar } from './dates.ts';
import type { Paint } from './paint.ts';

/** How to render. */
export interface Style {
  readonly calendar: Calendar;
  readonly paint: Paint;
  /** Width a table must fit. */
  readonly columns: number;
}

/**
 * Styles an answer.
 * @param now the moment from which distances are told; the command's clock unless told
 */
export async function styleFor(context: Context, zone: string, now: Instant = context.now()): Promise<Style> {
  return {
    calendar: createCalendar(await context.zones(zone), zone, now),
    paint: context.paint,
    columns: context.terminal.tableColumns,
  };
}
