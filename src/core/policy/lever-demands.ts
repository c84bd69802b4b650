import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { cheaperOf, withinRange } from "../levers/lever-step.ts";
import type { ApprovalsInForce } from "./approval.ts";
import type { ReachedThreshold } from "./reach-thresholds.ts";

/** Where the reached thresholds want a lever. */
export interface Demand {
  readonly target: number;
  /** The thresholds that ask for it. */
  readonly because: readonly string[];
}

/** Thresholds add up; where several want the same lever, the one that saves most holds. */
export function leverDemands(reached: readonly ReachedThreshold[], approvals: ApprovalsInForce): Map<LeverId, Demand> {
  const demands = new Map<LeverId, { target: number; because: string[] }>();
  if (approvals.exclusion) return demands;
  for (const { key, threshold } of reached) {
    if (approvals.exec && asksApproval({ threshold })) continue;
    for (const action of threshold.actions) {
      if (action.kind !== "turn") continue;
      const lever = leverKind(action.lever);
      const asked = withinRange(lever, action.target);
      const known = demands.get(action.lever);
      if (!known) demands.set(action.lever, { target: asked, because: [key] });
      else {
        known.target = cheaperOf(lever, known.target, asked);
        known.because.push(key);
      }
    }
  }
  return demands;
}

export function asksApproval({ threshold }: Pick<ReachedThreshold, "threshold">): boolean {
  return threshold.actions.some((action) => action.kind === "turn" && action.lever === "exec_approval");
}
