import type { LeverId } from "../levers/lever-list.ts";
import type { Instant } from "../time/window.ts";
import { afterDecisions } from "./after-decisions.ts";
import type { Approval } from "./approval.ts";
import { decide } from "./decide.ts";
import { type ControlState, FRESH_STATE, type SubjectFacts, type Verdict } from "./decision.ts";
import type { SubjectControl } from "./subject-control.ts";

/** What one subject goes through in virtual time. */
export interface Course {
  readonly control: SubjectControl;
  readonly start: Instant;
  readonly intervalMs: number;
  readonly ticks: number;
  readonly factsAt: (tick: number, now: Instant) => SubjectFacts;
  readonly approvals: readonly Approval[];
  /** Levers that cannot be turned. */
  readonly failing: ReadonlySet<LeverId>;
}

export interface ReplayedTick {
  readonly now: Instant;
  readonly verdict: Verdict;
  /** With the decisions carried out. */
  readonly state: ControlState;
}

/** The engine as it runs in production, over facts that are given instead of measured. The same course gives the same ticks. */
export function replayCourse({ control, start, intervalMs, ticks, factsAt, approvals, failing }: Course): ReplayedTick[] {
  let state = FRESH_STATE;
  return Array.from({ length: ticks }, (_, tick) => {
    const now = start + tick * intervalMs;
    const verdict = decide(control, factsAt(tick, now), state, approvals, now);
    state = afterDecisions(state, verdict.decisions, now, failing);
    return { now, verdict, state };
  });
}
