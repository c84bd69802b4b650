import { type PacingFacts, pacedShare, paceOfPriorities } from "../forecast/pacing.ts";
import { leverState } from "../levers/lever-state.ts";
import type { Instant } from "../time/window.ts";
import type { ControlState, Held, SubjectFacts } from "./decision.ts";
import type { ReachedThreshold } from "./reach-thresholds.ts";
import type { SubjectControl } from "./subject-control.ts";

const PACED = ["p2", "p1"] as const;

/** Where the levers of pacing are to stand; undefined where nothing asks for pacing. */
export interface PacedTargets {
  readonly targets: Readonly<Record<"pace_p1" | "pace_p2", number>> | undefined;
  /** Why the forecast of the priorities says nothing; then the levers stay where they are. */
  readonly blind: Held | undefined;
}

/** What is left of the strictest cap that asks, shared out by priority. */
export function pacedTargets(
  { pace }: SubjectControl,
  { spending, pacing }: SubjectFacts,
  { levers }: ControlState,
  reached: readonly ReachedThreshold[],
  now: Instant,
): PacedTargets {
  const asking = reached.filter(({ threshold }) => threshold.actions.some(({ kind }) => kind === "protect_p0"));
  if (asking.length === 0) return { targets: undefined, blind: undefined };
  const stand = (lever: "pace_p1" | "pace_p2") => leverState(levers, lever).value;
  const ageMs = pacing === undefined ? undefined : now - pacing.observedAt;
  const isFresh = ageMs !== undefined && ageMs >= 0 && ageMs <= pace.terms.mostAgeMs;
  if (!isFresh || spending === undefined || asking.every(({ isBlind }) => isBlind)) {
    const detail =
      ageMs === undefined ? "the forecast by priority is missing" : `the forecast by priority is ${Math.floor(ageMs / 1000)} s old`;
    const targets = { pace_p1: stand("pace_p1"), pace_p2: stand("pace_p2") };
    return { targets, blind: isFresh ? undefined : { what: "protect_p0", reason: "no_signal", detail } };
  }
  const capNano = asking.map(({ policy }) => policy.capNano).reduce((one, other) => (one < other ? one : other));
  const fits = paceOfPriorities(pacing as PacingFacts, { spentNano: spending.spentNano, capNano }, now);
  const [p2, p1] = PACED.map((priority) => pacedShare(fits[priority].percent, stand(`pace_${priority}`))) as [number, number];
  return { targets: { pace_p1: p1, pace_p2: p2 }, blind: undefined };
}
