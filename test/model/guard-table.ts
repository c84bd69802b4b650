import { type Counterexample, explore } from "./explore.ts";
import { BOUNDS } from "./model-bounds.ts";
import { ALL_GUARDS, GUARDS, type Guard, REDUNDANT } from "./protocol-guards.ts";

/** What goes wrong without the guard, in the smallest world that shows it. */
export function counterexampleWithout(guard: Guard): Counterexample | undefined {
  const worlds = [BOUNDS["one call, one fault"], BOUNDS["three calls, no fault"], BOUNDS["two calls, one fault"]];
  for (const bounds of worlds) {
    const { counterexample } = explore(bounds, { without: guard });
    if (counterexample) return counterexample;
  }
  return undefined;
}

/** A row of the table of guards in docs/concepts/lease-protocol.md. */
export function guardRow(guard: Guard, found: Counterexample | undefined): string {
  const without = found ? `*${found.law}* breaks: ${found.trace.join(" → ")}` : `${REDUNDANT[guard]}`;
  return `| **${guard}** | ${GUARDS[guard]} | ${without} |`;
}

export function guardTable(): string {
  const rows = ALL_GUARDS.map((guard) => guardRow(guard, counterexampleWithout(guard)));
  return ["| guard | what is checked | without it |", "| --- | --- | --- |", ...rows].join("\n");
}
