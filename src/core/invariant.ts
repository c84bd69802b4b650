/** What we got wrong, as opposed to what the world broke (Problem) or the domain expects (a value). */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** @throws InvariantError when the condition does not hold */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
