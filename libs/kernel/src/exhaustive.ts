/** Ends a switch over a union: an unhandled member does not compile, an unknown stored one stops the writer. */
export function exhaustive(value: never): never {
  throw new TypeError(`not handled: ${JSON.stringify(value)}`);
}
