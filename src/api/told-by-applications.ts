import { Problem } from "../contract/problem.ts";
import type { Instant } from "../core/time/window.ts";
import { readInstant } from "./call-period.ts";

/* What events and ratings have in common: somebody else made them, tells when, and may tell them again. */

/** Clocks of applications run ahead a little. */
const MOST_AHEAD_MS = 5 * 60_000;
const EARLIEST = Date.UTC(2000, 0, 1);

/** @throws Problem invalid_request for the future and for what lies before there could be anything to tell */
export function toldAt(text: string, field: string, now: Instant): Instant {
  const at = readInstant(text, field);
  if (at > now + MOST_AHEAD_MS) throw wrong(field, "lies in the future");
  if (at < EARLIEST) throw wrong(field, "lies before the year 2000");
  return at;
}

/** Of what has one identity in one request the first: arrivals at the same moment cannot be told apart later. */
export function firstOfEach<Told>(all: readonly Told[], identityOf: (told: Told) => string): Told[] {
  const first = new Map<string, Told>();
  for (const told of all) {
    const identity = identityOf(told);
    if (!first.has(identity)) first.set(identity, told);
  }
  return [...first.values()];
}

/** @param field where it was said, for messages */
export function wrong(field: string, what: string): Problem {
  return new Problem("invalid_request", { field, in: "body" }, { message: `${field} ${what}.` });
}
