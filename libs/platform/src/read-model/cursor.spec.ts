import { decodeCursor, encodeCursor, NAME_FORM, POSITION_FORM } from './cursor.js';

const refused = expect.objectContaining({ code: 'VALIDATION_FAILED', more: { faults: [{ path: 'cursor', message: expect.any(String) as string }] } });
const decoding = (cursor: string) => (): unknown => decodeCursor(cursor, 'things', POSITION_FORM, NAME_FORM);

describe('cursors', () => {
  it('give back what they were made of', () => {
    expect(decodeCursor(encodeCursor('things', '12', 'fw-prod'), 'things', POSITION_FORM, NAME_FORM)).toEqual(['12', 'fw-prod']);
  });

  it.each([
    ['of another list', encodeCursor('others', '12', 'fw-prod')],
    ['with too few fields', encodeCursor('things', '12')],
    ['with too many fields', encodeCursor('things', '12', 'a', 'b')],
    ['with a field of another form', encodeCursor('things', '-1', 'a')],
    ['with a position beyond 64 bits', encodeCursor('things', '9'.repeat(19), 'a')],
    ['that are not JSON', Buffer.from('things').toString('base64url')],
    ['that are no list', Buffer.from('{"kind":"things"}').toString('base64url')],
    ['with other than texts', Buffer.from('["things",12,"a"]').toString('base64url')],
    ['that are empty', ''],
    ['that are long', 'A'.repeat(5_000)],
    ['that are no base64', '%%%'],
  ])('%s are refused', (_, cursor) => {
    expect(decoding(cursor)).toThrow(refused);
  });
});
