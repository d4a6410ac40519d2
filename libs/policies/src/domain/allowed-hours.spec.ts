import { hasNoTimeZone, isAllowedAt } from './allowed-hours.js';
import type { AllowedHours } from './policy-options.js';

const OFFICE: AllowedHours = { timeZone: 'Europe/Copenhagen', days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' };
const NIGHT: AllowedHours = { timeZone: 'Europe/Copenhagen', days: ['sat'], from: '22:00', to: '04:00' };

describe('allowed hours', () => {
  it('are all hours where none are named', () => expect(isAllowedAt(null, '2026-11-20T03:00:00.000Z')).toBe(true));
  it.each([
    ['2026-11-20T06:59:59.999Z', false, 'a Friday before eight in winter'],
    ['2026-11-20T07:00:00.000Z', true, 'at eight'],
    ['2026-11-20T16:59:59.999Z', true, 'before six in the evening'],
    ['2026-11-20T17:00:00.000Z', false, 'at six'],
    ['2026-07-17T06:00:00.000Z', true, 'at eight in summer, an hour earlier'],
    ['2026-07-17T16:00:00.000Z', false, 'at six in summer'],
    ['2026-11-21T10:00:00.000Z', false, 'a Saturday'],
    ['2026-11-22T23:30:00.000Z', false, 'a Monday there, after midnight'],
  ])('at %s: %p, %s', (at, allowed) => expect(isAllowedAt(OFFICE, at)).toBe(allowed));
  it.each([
    ['2026-11-21T20:59:00.000Z', false], ['2026-11-21T21:00:00.000Z', true], ['2026-11-21T23:30:00.000Z', true], ['2026-11-22T02:59:00.000Z', true],
    ['2026-11-22T03:00:00.000Z', false], ['2026-11-22T22:00:00.000Z', false], ['2026-11-21T02:00:00.000Z', false], ['2026-11-20T22:00:00.000Z', false],
  ])('over midnight belong to the day on which they begin: %s is %p', (at, allowed) => expect(isAllowedAt(NIGHT, at)).toBe(allowed));
  it('end with the day at 24:00', () => {
    const day: AllowedHours = { timeZone: 'UTC', days: ['sun'], from: '00:00', to: '24:00' };
    expect(isAllowedAt(day, '2026-11-22T00:00:00.000Z')).toBe(true);
    expect(isAllowedAt(day, '2026-11-22T23:59:59.999Z')).toBe(true);
    expect(isAllowedAt(day, '2026-11-23T00:00:00.000Z')).toBe(false);
    expect(isAllowedAt(day, '2026-11-21T23:59:59.999Z')).toBe(false);
  });
  it('follow the clock of the place where it is set back', () => {
    // The hour from two to three is there twice in Copenhagen on 2026-10-25.
    const hour: AllowedHours = { timeZone: 'Europe/Copenhagen', days: ['sun'], from: '02:00', to: '03:00' };
    expect(['2026-10-24T23:59:00.000Z', '2026-10-25T00:00:00.000Z', '2026-10-25T01:59:00.000Z', '2026-10-25T02:00:00.000Z'].map((at) => isAllowedAt(hour, at))).toEqual([false, true, true, false]);
  });
  it('are none in a zone that is not known, or at no time', () => {
    expect(isAllowedAt({ ...OFFICE, timeZone: 'Mars/Olympus' }, '2026-11-20T12:00:00.000Z')).toBe(false);
    expect(isAllowedAt(OFFICE, 'noon')).toBe(false);
  });
  it.each(['UTC', 'Europe/Copenhagen', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1'])('know %s', (zone) => expect(hasNoTimeZone(zone)).toBe(false));
  it.each(['', '+01:00', 'Mars/Olympus', 'Europe/Copenhagen ', '../UTC', `E${'x'.repeat(200)}`])('do not know %p', (zone) => expect(hasNoTimeZone(zone)).toBe(true));
});
