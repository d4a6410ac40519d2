const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|([+-])(\d\d):(\d\d))$/;
const daysIn = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

/**
 * Reads an RFC 3339 time with any offset. Leap seconds are refused: no clock here can show them.
 * @returns the time in UTC with milliseconds, rounded up where it is finer, so that nothing opens early; undefined when it is no such time
 */
export function instantOf(text: string): string | undefined {
  const parts = RFC3339.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const [offsetHours, offsetMinutes] = [Number(parts[10] ?? 0), Number(parts[11] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const fraction = Math.ceil(Number(`0.${parts[7] ?? '0'}`) * 1000 - 1e-7);
  // setUTCFullYear: Date.UTC would read the years 0 to 99 as 1900 to 1999.
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second, fraction);
  const ms = at.getTime() - (parts[9] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  const utc = new Date(ms);
  return utc.getUTCFullYear() < 0 || utc.getUTCFullYear() > 9999 ? undefined : utc.toISOString();
}
