import { leverKind } from "../levers/lever-list.ts";
import { leverState } from "../levers/lever-state.ts";
import { turnedLevers } from "./decide.ts";
import type { ControlState, Decision, Held, Verdict } from "./decision.ts";

/** Somebody's word turns every lever off at once: no cool-down, no guardrail and no signal is waited for. */
export function stopLevers(state: ControlState, reason: string): Decision[] {
  return turnedLevers(state).map((lever) => {
    const { value: from, heldOffUntil: holdOffUntil } = leverState(state.levers, lever);
    return { kind: "revert", lever, from, to: leverKind(lever).off, cause: "stopped", detail: reason, guardrails: [], holdOffUntil };
  });
}

/** What is left of a verdict while the controls are stopped: people are told as ever, and no lever is turned. */
export function whileStopped({ decisions, held }: Verdict, reason: string): Verdict {
  const stopped = decisions.flatMap((decision): Held[] =>
    decision.kind === "apply" ? [{ what: decision.lever, reason: "stopped", detail: reason }] : [],
  );
  return { decisions: decisions.filter(({ kind }) => kind !== "apply"), held: [...held, ...stopped] };
}
