import type { Instant } from "../time/window.ts";
import type { ControlState, Decision, Held, SubjectFacts } from "./decision.ts";
import { type SubjectPolicy, type Threshold, WHOLE_SHARE } from "./policy.ts";
import type { SubjectControl } from "./subject-control.ts";

export interface ReachedThreshold {
  readonly key: string;
  readonly policy: SubjectPolicy;
  readonly threshold: Threshold;
  /** Reached in this tick and not before. */
  readonly isNew: boolean;
}

export interface ThresholdReview {
  readonly reached: readonly ReachedThreshold[];
  /** "reached" and "cleared". */
  readonly decisions: readonly Decision[];
  /** Why spending says nothing now; then thresholds stay as they were. */
  readonly blind: Held | undefined;
}

/** Which thresholds are reached. One that was reached clears only a margin below it, so that spending around it does not flap. */
export function reviewThresholds(control: SubjectControl, facts: SubjectFacts, state: ControlState, now: Instant): ThresholdReview {
  const { pace, thresholds } = control;
  const spending = facts.spending;
  const ageMs = spending === undefined ? 0 : now - spending.observedAt;
  const isFresh = spending !== undefined && ageMs >= 0 && ageMs <= pace.terms.mostAgeMs;
  const reached: ReachedThreshold[] = [];
  const decisions: Decision[] = [];
  for (const [key, { policy, threshold }] of thresholds) {
    const was = state.reached.includes(key);
    const is = isFresh ? isReached(policy, threshold, spending.spentNano, was, pace.clearMargin) : was;
    if (is) reached.push({ key, policy, threshold, isNew: !was });
    if (is === was) continue;
    decisions.push({ kind: is ? "reached" : "cleared", threshold: key, spentNano: spending?.spentNano ?? 0n, capNano: policy.capNano });
  }
  decisions.push(...forgotten(control, state, spending?.spentNano ?? 0n));
  if (isFresh || thresholds.size === 0) return { reached, decisions, blind: undefined };
  const detail = spending === undefined ? "spending is missing" : `spending is ${Math.floor(ageMs / 1000)} s old`;
  return { reached, decisions, blind: { what: "spending", reason: "no_signal", detail } };
}

/** Thresholds that no policy has any more. */
function forgotten({ thresholds }: SubjectControl, { reached }: ControlState, spentNano: bigint): Decision[] {
  return reached.filter((key) => !thresholds.has(key)).map((threshold) => ({ kind: "cleared", threshold, spentNano, capNano: 0n }));
}

function isReached({ capNano }: SubjectPolicy, { share }: Threshold, spentNano: bigint, was: boolean, margin: bigint): boolean {
  // Half of a small threshold, or it could never clear.
  const slack = was ? (margin * 2n < share ? margin : share / 2n) : 0n;
  return spentNano * WHOLE_SHARE >= capNano * (share - slack);
}
