/** A broken guardrail is answered with a revert after at most so long, or so many calls, whichever comes first. */
export const REVERT_BOUND = { ms: 60_000, calls: 200 } as const;

/**
 * Whether the engine must look again. Half of the bound, so that a tick that comes late by as much again is still within it.
 * @param sinceMs since the last tick
 * @param calls of the subject since then
 */
export function isTickDue(sinceMs: number, calls: number): boolean {
  return sinceMs >= REVERT_BOUND.ms / 2 || calls >= REVERT_BOUND.calls / 2;
}
