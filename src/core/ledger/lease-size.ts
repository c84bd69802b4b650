import type { Nano } from "../money/usd.ts";

/** Far from the limit one lease should carry this many calls like the one that asks. */
const CALLS_PER_LEASE = 256n;
/** Never hand one process more than this part of what is left: others, and the next call after a crash, need it too. */
const LARGEST_PART = 16n;

/**
 * How much to lease for a call that lacks `missing`: room for many calls while the account is far from its limit,
 * down to exactly what is missing near it.
 * @returns undefined when the account cannot give what is missing
 */
export function leaseSize(missing: Nano, available: Nano): Nano | undefined {
  if (missing === 0n) return 0n;
  if (missing > available) return undefined;
  const roomy = missing * CALLS_PER_LEASE;
  const part = available / LARGEST_PART;
  const size = roomy < part ? roomy : part;
  return size > missing ? size : missing;
}
