import fc from 'fast-check';
import type { Answer } from './person.js';

/** One of so many: 0 to `max` - 1. */
export type Draw = (max: number) => number;
type Move = () => Promise<Answer<unknown>>;

const WALKS = 3;

/** Several walks of so many calls. What one leaves behind is there for the next, so the first that fails is told as it is, with its seed. @returns what was answered in all of them */
export async function walked(calls: number, take: (choices: readonly number[]) => Promise<ReadonlySet<string>>): Promise<ReadonlySet<string>> {
  const said = new Set<string>();
  const walks = fc.asyncProperty(fc.array(fc.noBias(fc.nat()), { minLength: calls, maxLength: calls }), async (choices) => (await take(choices)).forEach((one) => said.add(one)));
  await fc.assert(walks, { numRuns: WALKS, endOnFailure: true });
  return said;
}

/** Makes one of the moves for each choice, which has room for all that it draws. @returns what was answered @throws when the service itself failed */
export async function walk(choices: readonly number[], moves: (draw: Draw) => readonly Move[]): Promise<ReadonlySet<string>> {
  const said = new Set<string>();
  for (const choice of choices) {
    let rest = choice;
    const draw: Draw = (max) => {
      const drawn = rest % max;
      rest = Math.floor(rest / max);
      return drawn;
    };
    const of = moves(draw);
    const answer = await (of[draw(of.length)] as Move)();
    expect(answer.status).toBeLessThan(500);
    said.add(answer.said);
  }
  return said;
}
