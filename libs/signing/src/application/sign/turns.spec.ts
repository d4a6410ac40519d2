import { randomUUID } from 'node:crypto';
import { ALIVE_MS, Turns } from './turns.js';

const signer = (name: string) => ({ name, incarnation: randomUUID() });
const operations = Array.from({ length: 400 }, () => randomUUID());

describe('whose turn an order is', () => {
  const of = (name: string, others: readonly (readonly [string, number])[], serial: string | undefined = 'A'): Turns => {
    const turns = new Turns(signer(name), () => serial);
    turns.heard([[name, 0] as const, ...others].map(([one, silentMs]) => ({ ...signer(one), silentMs })));
    return turns;
  };

  it('is always the one that is alone', () => {
    expect(operations.every((id) => of('signer-1', []).isMine(id, 'B'))).toBe(true);
    expect(operations.every((id) => of('signer-1', [['signer-2', ALIVE_MS]]).isMine(id, 'A'))).toBe(true);
  });

  it('rule 18: each operation has one among signers that know each other, about as many each', () => {
    const names = ['signer-1', 'signer-2', 'signer-3'];
    const all = names.map((name) => of(name, names.filter((other) => other !== name).map((other) => [other, 1_000] as const)));
    for (const turns of all) for (const name of names) turns.seen(name, 'A');
    const shares = all.map((turns) => operations.filter((id) => turns.isMine(id, 'A')).length);
    expect(shares.reduce((a, b) => a + b)).toBe(operations.length);
    for (const share of shares) expect(share).toBeGreaterThan(80);
  });

  it('rule 18: orders go to who was seen with the token of their key', () => {
    const first = of('signer-1', [['signer-2', 0]], 'A');
    const second = of('signer-2', [['signer-1', 0]], 'B');
    for (const turns of [first, second]) {
      turns.seen('signer-1', 'A');
      turns.seen('signer-2', 'B');
    }
    expect(operations.every((id) => first.isMine(id, 'A') && !second.isMine(id, 'A') && second.isMine(id, 'B') && !first.isMine(id, 'B'))).toBe(true);
  });

  it('leaves its own to others while its token is lost', () => {
    let serial: string | undefined = 'A';
    const turns = new Turns(signer('signer-1'), () => serial);
    turns.heard([{ ...signer('signer-2'), silentMs: 0 }]);
    turns.seen('signer-2', 'A');
    const mine = operations.filter((id) => turns.isMine(id, 'A'));
    expect(turns.tokenSerial).toBe('A');
    serial = undefined;
    expect([mine.length > 0, mine.some((id) => turns.isMine(id, 'A')), turns.tokenSerial]).toEqual([true, false, 'A']);
  });
});
