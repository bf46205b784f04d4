/**
 * The rules of named time zones, from the platform's time zone database through Temporal. Temporal is asked once per zone
 * and stretch of time for the changes of offset; everything after that is arithmetic on the answer. The only file that
 * imports the Temporal library, so that a ledger of UTC accounts never loads it.
 */
import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime';
import type { Instant } from '../core/time.ts';
import { DAY_MS } from '../core/time.ts';
import { fromWallMs, UTC, UTC_RULES, unknownZone, wallMs, type ZoneRules } from '../core/zones.ts';

/** Offsets of one zone during one stretch: `offsets[i]` ms ahead of UTC from `starts[i]` on; the first start is −∞. */
interface Stretch {
  readonly starts: readonly Instant[];
  readonly offsets: readonly number[];
}

/** About a year. A year has few changes, so a look-up walks a very short list. */
const STRETCH_MS = 2 ** 35;
/** Stretches kept before all are dropped: a century for 80 zones, or every zone for a decade. */
const MAX_STRETCHES = 8_192;
/** Spellings kept before all are dropped; the database has about 600 names. */
const MAX_NAMES = 4_096;

// Names only. Temporal takes bare offsets too (`+02:00`), which know no daylight saving time, and the platform's own
// SystemV zones, which are not in the IANA database.
const NAME = /^(?!systemv\/)[a-z][a-z0-9_+-]*(?:\/[a-z0-9_+-]+){0,2}$/i;
const UTC_LINKS: ReadonlySet<string> = new Set([
  'Etc/UTC',
  'Etc/UCT',
  'Etc/Universal',
  'Etc/Zulu',
  'UCT',
  'Universal',
  'Zulu',
]);

function lookUpName(zone: string): string | undefined {
  if (zone.length > 64 || !NAME.test(zone)) return undefined;
  try {
    const name = ZonedDateTime.create(0n, zone).timeZoneId;
    return UTC_LINKS.has(name) ? UTC : name;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function loadStretch(zone: string, index: number): Stretch {
  const end = (index + 1) * STRETCH_MS;
  let at = ZonedDateTime.create(BigInt(index * STRETCH_MS) * 1_000_000n, zone);
  const starts = [Number.NEGATIVE_INFINITY];
  const offsets = [ZonedDateTime.offsetNanoseconds(at) / 1e6];
  for (;;) {
    const change = ZonedDateTime.getTimeZoneTransition(at, 'next');
    if (change === null || change.epochMilliseconds >= end) return { starts, offsets };
    starts.push(change.epochMilliseconds);
    offsets.push(ZonedDateTime.offsetNanoseconds(change) / 1e6);
    at = change;
  }
}

/** Offsets by zone and instant, from stretches that are loaded when they are first needed. */
function createOffsets(): (instant: Instant, zone: string) => number {
  const zones = new Map<string, Map<number, Stretch>>();
  let kept = 0;

  function load(zone: string, index: number): Stretch {
    if (kept >= MAX_STRETCHES) {
      zones.clear();
      kept = 0;
    }
    const stretches = zones.get(zone) ?? new Map<number, Stretch>();
    const stretch = loadStretch(zone, index);
    zones.set(zone, stretches.set(index, stretch));
    kept += 1;
    return stretch;
  }

  return (instant, zone) => {
    const index = Math.floor(instant / STRETCH_MS);
    const { starts, offsets } = zones.get(zone)?.get(index) ?? load(zone, index);
    let last = starts.length - 1;
    while (starts[last]! > instant) last -= 1;
    return offsets[last]!;
  };
}

/** Canonical names by spelling, undefined for what is no zone. */
function createNames(): (zone: string) => string | undefined {
  const names = new Map<string, string | undefined>();
  return (zone) => {
    if (zone === UTC) return UTC;
    if (names.has(zone)) return names.get(zone);
    const name = lookUpName(zone);
    if (names.size >= MAX_NAMES) names.clear();
    names.set(zone, name);
    return name;
  };
}

/**
 * Rules for UTC and every name of the IANA time zone database, links such as `US/Eastern` included, in any case. Links
 * keep their own name, except those that mean UTC, which become `UTC`. Offsets (`+02:00`) are no zones. Keeps what it
 * looked up, in bounds.
 */
export function createZoneRules(): ZoneRules {
  const canonicalZone = createNames();
  const offsetAt = createOffsets();

  function nameOf(zone: string): string {
    const name = canonicalZone(zone);
    if (name === undefined) throw unknownZone(zone);
    return name;
  }

  return {
    toLocal(instant, zone) {
      const name = nameOf(zone);
      return name === UTC ? UTC_RULES.toLocal(instant, UTC) : fromWallMs(instant + offsetAt(instant, name));
    },
    toInstant(local, zone) {
      const name = nameOf(zone);
      if (name === UTC) return UTC_RULES.toInstant(local, UTC);
      const wall = wallMs(local);
      // No offset reaches 24 hours, so these two are the offsets before and after any change near this wall time.
      const before = offsetAt(wall - DAY_MS, name);
      const after = offsetAt(wall + DAY_MS, name);
      const first = wall - before;
      if (before === after || offsetAt(first, name) === before) return first;
      const second = wall - after;
      // Neither: the wall time is skipped, and the old offset carries it past the gap by the gap's length.
      return offsetAt(second, name) === after ? second : first;
    },
    isZone: (zone) => canonicalZone(zone) !== undefined,
    canonicalZone,
  };
}
