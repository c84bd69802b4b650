import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { cheaperOf, withinRange } from "../levers/lever-step.ts";
import type { ApprovalsInForce } from "./approval.ts";
import type { PacedTargets } from "./paced-targets.ts";
import type { ReachedThreshold } from "./reach-thresholds.ts";

/** Where the reached thresholds want a lever. */
export interface Demand {
  readonly target: number;
  /** The thresholds that ask for it. */
  readonly because: readonly string[];
}

/** Thresholds add up; where several want the same lever, the one that saves most holds. @param paced what `protect_p0` comes to now */
export function leverDemands(
  reached: readonly ReachedThreshold[],
  approvals: ApprovalsInForce,
  paced: PacedTargets["targets"] = undefined,
): Map<LeverId, Demand> {
  const demands = new Map<LeverId, { target: number; because: string[] }>();
  if (approvals.exclusion) return demands;
  const ask = (id: LeverId, target: number, key: string) => {
    const lever = leverKind(id);
    const asked = withinRange(lever, target);
    const known = demands.get(id);
    if (!known) demands.set(id, { target: asked, because: [key] });
    else {
      known.target = cheaperOf(lever, known.target, asked);
      known.because.push(key);
    }
  };
  for (const { key, threshold } of reached) {
    if (approvals.exec && asksApproval({ threshold })) continue;
    for (const action of threshold.actions) {
      if (action.kind === "turn") ask(action.lever, action.target, key);
      else if (action.kind === "protect_p0" && paced) {
        for (const lever of ["pace_p2", "pace_p1"] as const) ask(lever, paced[lever], key);
      }
    }
  }
  return demands;
}

export function asksApproval({ threshold }: Pick<ReachedThreshold, "threshold">): boolean {
  return threshold.actions.some((action) => action.kind === "turn" && action.lever === "exec_approval");
}
