import type { Instant } from "../time/window.ts";
import type { Approval } from "./approval.ts";
import { decide } from "./decide.ts";
import { type ControlState, FRESH_STATE, type SubjectFacts, type Verdict } from "./decision.ts";
import { subjectKey, subjectOf } from "./policy.ts";
import { type SubjectControl, withoutPolicy } from "./subject-control.ts";

/** Everything that one tick goes by, by subject. */
export interface TickInput {
  readonly controls: ReadonlyMap<string, SubjectControl>;
  readonly facts: ReadonlyMap<string, SubjectFacts>;
  readonly states: ReadonlyMap<string, ControlState>;
  readonly approvals: readonly Approval[];
  readonly now: Instant;
}

const NO_FACTS: SubjectFacts = { spending: undefined, signals: {} };

/** One tick over all subjects: those with a policy, and those whose policy is gone while levers are still turned. */
export function decideAll({ controls, facts, states, approvals, now }: TickInput): Map<string, Verdict> {
  const approvalsOf = new Map<string, Approval[]>();
  for (const approval of approvals) {
    const key = subjectKey(approval.subject);
    approvalsOf.set(key, [...(approvalsOf.get(key) ?? []), approval]);
  }
  const left = [...states.keys()].filter((key) => !controls.has(key)).map((key) => [key, withoutPolicy(subjectOf(key))] as const);
  const verdicts = new Map<string, Verdict>();
  for (const [key, control] of [...controls, ...left]) {
    const state = states.get(key) ?? FRESH_STATE;
    verdicts.set(key, decide(control, facts.get(key) ?? NO_FACTS, state, approvalsOf.get(key) ?? [], now));
  }
  return verdicts;
}
