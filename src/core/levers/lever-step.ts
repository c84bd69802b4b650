import { invariant } from "../invariant.ts";
import type { LeverKind } from "./lever.ts";

/** The value that costs less. */
export function cheaperOf(lever: LeverKind, one: number, other: number): number {
  return lever.cheaper === "up" ? Math.max(one, other) : Math.min(one, other);
}

export function isCheaper(lever: LeverKind, value: number, than: number): boolean {
  return lever.cheaper === "up" ? value > than : value < than;
}

/** A value that the lever can have, nearest to what was asked. */
export function withinRange(lever: LeverKind, value: number): number {
  return Math.min(lever.most, Math.max(lever.least, value));
}

/**
 * Where one change towards a cheaper target ends: from off at the entry, then at most a step farther, never past the target.
 * @throws InvariantError when the target does not cost less than what is in force
 */
export function stepTowards(lever: LeverKind, from: number, target: number): number {
  const to = withinRange(lever, target);
  invariant(isCheaper(lever, to, from), `a step from ${from} to ${to} does not go to the cheaper side`);
  // A cap that stands at off is felt nowhere: its first step is to the entry, however far that is.
  const far = from === lever.off ? lever.entry : lever.cheaper === "up" ? from + lever.step : from - lever.step;
  return isCheaper(lever, far, to) ? to : far;
}
