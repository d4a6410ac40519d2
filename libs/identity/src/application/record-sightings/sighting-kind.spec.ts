import { readdirSync, readFileSync } from 'node:fs';
import { UnknownEventTypeError } from '#eventing/event-codec.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { initialSighting, sightingDecider } from '../../domain/sightings/sighting.js';
import type { GroupsSeen } from '../../domain/sightings/sighting.js';
import { decodeSighting, personStream, sightingKind } from './sighting-kind.js';
import { Sightings } from './sightings.js';

const TESTDATA = new URL('../../domain/sightings/testdata/', import.meta.url);
const FILE = 'identity.groups-seen.v1.json';
const golden = JSON.parse(readFileSync(new URL(FILE, TESTDATA), 'utf8')) as GroupsSeen;
const account = { issuer: 'https://idp.example', subject: 'approver1' };
const claims = { at: '2026-11-20T12:00:00.000Z', roles: ['approver', 'orderer'], groups: ['firmware-approvers', 'second'] };
const recorded = (type: string, data: unknown): RecordedEvent => ({ id: 'e', type, data, stream: personStream(account), revision: 0, position: 1n, metadata: { commandId: 'c', actor: account, at: claims.at } });

describe('what is stored of sightings', () => {
  it('has a golden file for every type', () => expect(readdirSync(TESTDATA)).toEqual([FILE]));

  it('is written as it ever was', () => {
    const made = sightingDecider.decide({ account, claims }, initialSighting);
    expect(JSON.parse(JSON.stringify(made))).toEqual([golden]);
    // The name of the stream is stored as well.
    expect(personStream(account)).toBe('person-c9c4fbc8-e4c5-55fd-9d48-59f27bf3a01d');
  });

  it('is read as it ever was, by who decides and by who follows', () => {
    const event = decodeSighting(recorded(golden.type, golden.data));
    const state = sightingKind.evolve(sightingKind.initialState, event);
    expect(state).toEqual({ last: claims });
    expect(sightingKind.fromJson(JSON.parse(JSON.stringify(sightingKind.toJson(state))) as never)).toEqual(state);
    const sightings = new Sightings();
    sightings.follow(recorded(golden.type, golden.data));
    expect(sightings.seen(account, '2026-11-21T11:59:59.999Z')).toMatchObject(claims);
    expect(sightings.seen(account, '2026-11-21T12:00:00.000Z')).toBeUndefined();
  });

  it('of an unknown type stops the reader', () => {
    for (const type of ['identity.groups-seen.v2', 'identity.groups-seen', 'operations.requested.v1']) expect(() => decodeSighting(recorded(type, golden.data))).toThrow(UnknownEventTypeError);
  });
});
