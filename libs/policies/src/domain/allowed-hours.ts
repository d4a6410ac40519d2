import type { Instant } from '#kernel/clock.js';
import { DAYS } from './policy-options.js';
import type { AllowedHours } from './policy-options.js';

/** Area/City and the like; offsets such as +01:00, which newer engines take too, are no zones. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;
const formats = new Map<string, Intl.DateTimeFormat>();

/** There are a few hundred zones; written in other cases they are many more. */
const KEPT = 1_000;

/** Making a format costs much more than asking it. */
function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(timeZone);
  if (known !== undefined || timeZone.length > 100 || !ZONE_NAME.test(timeZone)) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    if (formats.size >= KEPT) formats.clear();
    formats.set(timeZone, format);
    return format;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

export const hasNoTimeZone = (timeZone: string): boolean => formatOf(timeZone) === undefined;

/** Whether keys may be used at this time. A zone that is not known here allows nothing. */
export function isAllowedAt(hours: AllowedHours | null, instant: Instant): boolean {
  if (hours === null) return true;
  const at = Date.parse(instant);
  const format = formatOf(hours.timeZone);
  if (format === undefined || Number.isNaN(at)) return false;
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const time = `${parts.get('hour') ?? ''}:${parts.get('minute') ?? ''}`;
  const weekday = parts.get('weekday')?.toLowerCase();
  const day = DAYS.findIndex((d) => d === weekday);
  const begins = (index: number): boolean => hours.days.some((d) => DAYS.indexOf(d) === (index + DAYS.length) % DAYS.length);
  if (day < 0 || !/^\d\d:\d\d$/.test(time)) return false;
  if (hours.from < hours.to) return begins(day) && time >= hours.from && time < hours.to;
  // Over midnight: what is left of the day before belongs to the day on which it began.
  return (begins(day) && time >= hours.from) || (begins(day - 1) && time < hours.to);
}
