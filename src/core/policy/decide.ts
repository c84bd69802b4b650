import { byLever, type LeverId, leverKind } from "../levers/lever-list.ts";
import { isTurned, leverState } from "../levers/lever-state.ts";
import type { Signal } from "../levers/signal.ts";
import type { Instant } from "../time/window.ts";
import { afterDecisions } from "./after-decisions.ts";
import { type Approval, type ApprovalsInForce, approvalsInForce } from "./approval.ts";
import type { ControlState, Decision, Held, PostmortemFacts, SubjectFacts, Verdict } from "./decision.ts";
import { asksApproval, leverDemands } from "./lever-demands.ts";
import { pacedTargets } from "./paced-targets.ts";
import { subjectKey } from "./policy.ts";
import { proposeChanges } from "./propose-changes.ts";
import { type ReachedThreshold, reviewThresholds } from "./reach-thresholds.ts";
import { type ReviewInput, reviewLevers } from "./review-levers.ts";
import type { SubjectControl } from "./subject-control.ts";

/**
 * What to do for one subject now, and what is asked for and not done, with its reason. The same input gives the same answer, and
 * once it is carried out (`afterDecisions`) the same facts at the same moment give nothing more to do.
 * @param approvals of any subject; those of this one count
 */
export function decide(
  control: SubjectControl,
  facts: SubjectFacts,
  state: ControlState,
  approvals: readonly Approval[],
  now: Instant,
): Verdict {
  const inForce = approvalsInForce(control, approvals, now);
  const review = reviewThresholds(control, facts, state, now);
  const paced = pacedTargets(control, facts, state, review.reached, now);
  const demands = leverDemands(review.reached, inForce, paced.targets);
  const sighted = leverDemands(
    review.reached.filter((reached) => !reached.isBlind || review.blind),
    inForce,
    paced.targets,
  );
  const input: ReviewInput = { control, facts, state, demands, approvals: inForce, isBlind: review.blind !== undefined, now };
  const reviewed = reviewLevers(input);
  // Proposals see what the review did: a step that is kept makes room for the next, one that goes back begins its cool-down.
  const proposed = proposeChanges({ ...input, demands: sighted, state: afterDecisions(state, reviewed.decisions, now) });
  const refused: Held[] = inForce.refused.map(({ approval, detail }) => ({ what: approval, reason: "approval_refused", detail }));
  const told = review.reached.filter(({ isNew }) => isNew).flatMap((reached) => announcements(input, reached));
  const blind = [review.blind, review.blindForecast, paced.blind].filter((one): one is Held => one !== undefined);
  return {
    decisions: [...review.decisions, ...told, ...reviewed.decisions, ...proposed.decisions],
    held: [...blind, ...refused, ...reviewed.held, ...proposed.held],
  };
}

/** What a threshold tells people when it is reached. */
function announcements(input: ReviewInput, reached: ReachedThreshold): Decision[] {
  const { key, threshold } = reached;
  const asks: Decision[] = asksApproval(reached) && !input.approvals.exec ? [{ kind: "ask_approval", threshold: key }] : [];
  const told = threshold.actions.flatMap((action): Decision[] => {
    if (action.kind === "notify") return [{ kind: "notify", channel: action.channel, threshold: key }];
    return action.kind === "postmortem" ? [{ kind: "open_postmortem", facts: postmortemFacts(input, reached) }] : [];
  });
  return [...told, ...asks];
}

function postmortemFacts({ control, facts, state, approvals, now }: ReviewInput, { key, policy }: ReachedThreshold): PostmortemFacts {
  return {
    subject: subjectKey(control.subject),
    threshold: key,
    openedAt: now,
    capNano: policy.capNano,
    spentNano: facts.spending?.spentNano ?? 0n,
    levers: turnedLevers(state).map((lever) => ({ lever, value: leverState(state.levers, lever).value, off: leverKind(lever).off })),
    signals: Object.values(facts.signals).filter((signal): signal is Signal => signal !== undefined),
    approvals: [approvals.exclusion, approvals.exec].flatMap((approval: ApprovalsInForce["exec"]) => approval?.id ?? []),
  };
}

/** The levers that do something, in the order of their list. */
export function turnedLevers({ levers }: ControlState): LeverId[] {
  return (Object.keys(levers) as LeverId[]).filter((id) => isTurned(levers, id)).sort(byLever);
}
