/** Month boundaries for the naive model: UTC by `Date`, other zones by asking `Intl` what a wall clock shows. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a zone's wall clock shows, written as if it were UTC. */
function wallOf(at: number, zone: string): number {
  if (zone === 'UTC') return at;
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  const shown = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year, month, day, hour, minute, second } = shown;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) + (((at % 1000) + 1000) % 1000);
}

/** The first instant at which the wall clock shows this; in a gap, as far behind the gap as the wall time is inside. */
function instantOf(wall: number, zone: string): number {
  if (zone === 'UTC') return wall;
  const day = 86_400_000;
  const offsets = [-1.5, -1, -0.5, 0, 0.5, 1, 1.5].map(
    (days) => wallOf(wall + days * day, zone) - wall - days * day,
  );
  const fits = offsets.map((offset) => wall - offset).filter((at) => wallOf(at, zone) === wall);
  return fits.length > 0 ? Math.min(...fits) : wall - offsets[1]!;
}

const known = new Map<string, number>();

/** Boundary n of an anchor: n months later on the wall, on the month's last day where the month is too short. */
export function naiveBoundary(anchor: number, n: number, zone: string): number {
  if (n === 0) return anchor;
  const name = `${zone} ${anchor} ${n}`;
  let found = known.get(name);
  if (found === undefined) {
    const wall = new Date(wallOf(anchor, zone));
    const year = wall.getUTCFullYear();
    const month = wall.getUTCMonth() + n;
    const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const day = Math.min(wall.getUTCDate(), lastDay);
    found = instantOf(Date.UTC(year, month, day) + (wall.getTime() % 86_400_000), zone);
    if (known.size > 200_000) known.clear();
    known.set(name, found);
  }
  return found;
}
