import type { Bounds } from "./protocol-state.ts";

/*
 * Two processes, a parent account with 3 units and its child with 2. Call A is the child's, call B that of a sibling whose own account
 * never runs short. Both at once are more than the parent carries: 2 held for A, 2 held for B.
 */
const callA = { accounts: [0, 1], hold: 2, cost: 1, ends: ["settle", "release"] } as const;
const callB = { accounts: [0], hold: 2, cost: 2, ends: ["settle", "doubt"] } as const;

/** Two calls of one process, and one of the other that needs all that both of them hold. */
const half = { accounts: [0], hold: 2, cost: 1, ends: ["release"] } as const;
const whole = { accounts: [0], hold: 4, cost: 4, ends: ["settle"] } as const;

/** From small to large; a guard is shown to be needed in the smallest that needs it. */
export const BOUNDS = {
  "one call, one fault": { processes: 2, limits: [3, 2], calls: [callA], faults: 1 },
  "three calls, no fault": { processes: 2, limits: [4], calls: [half, half, whole], faults: 0 },
  "two calls, one fault": { processes: 2, limits: [3, 2], calls: [callA, callB], faults: 1 },
  "one call, two faults": { processes: 2, limits: [3, 2], calls: [callA], faults: 2 },
  /** Too large to be visited whole: every state within some steps of the start is. */
  "two calls, two faults": { processes: 2, limits: [3, 2], calls: [callA, callB], faults: 2 },
} as const satisfies Record<string, Bounds>;
export type BoundsName = keyof typeof BOUNDS;
