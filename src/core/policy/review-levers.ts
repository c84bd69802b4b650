import { byLever, type LeverId, leverKind } from "../levers/lever-list.ts";
import { isTurned, type LeverState, leverState } from "../levers/lever-state.ts";
import { isCheaper } from "../levers/lever-step.ts";
import type { Instant } from "../time/window.ts";
import type { ApprovalsInForce } from "./approval.ts";
import { checkGuardrails, type GuardrailCheck, guardrailText } from "./check-guardrails.ts";
import type { ControlState, Decision, Held, RevertCause, SubjectFacts, Verdict } from "./decision.ts";
import { GUARDRAILS, type GuardrailName } from "./guardrail-list.ts";
import type { Demand } from "./lever-demands.ts";
import type { SubjectControl } from "./subject-control.ts";

/** What a review of the turned levers goes by. */
export interface ReviewInput {
  readonly control: SubjectControl;
  readonly facts: SubjectFacts;
  readonly state: ControlState;
  readonly demands: ReadonlyMap<LeverId, Demand>;
  readonly approvals: ApprovalsInForce;
  /** Spending says nothing, so no condition can be seen to clear. */
  readonly isBlind: boolean;
  readonly now: Instant;
}

const DAY_MS = 86_400_000;

/** Each lever that is turned: back at once where a guardrail broke, back where nothing asks for it any more, kept, or watched on. */
export function reviewLevers(input: ReviewInput): Verdict {
  const decisions: Decision[] = [];
  const held: Held[] = [];
  const turned = (Object.keys(input.state.levers) as LeverId[])
    .filter((id) => isTurned(input.state.levers, id))
    .map((id) => ({
      id,
      state: leverState(input.state.levers, id),
      check: checkGuardrails(input.control, leverKind(id), input.facts, input.now),
    }))
    .sort((one, other) => Number(isOnProbation(other)) - Number(isOnProbation(one)) || byLever(one.id, other.id));
  for (const lever of turned) {
    const lifted = liftedBy(input, lever);
    if (lever.state.failedRevert) decisions.push(...retryRevert(lever.id, lever.state, input.now));
    else if (lifted) decisions.push(lifted);
    else if (lever.check.broken.length > 0) reviewBroken(input, lever, decisions, held);
    else reviewHolding(input, lever, decisions, held);
  }
  return { decisions: [...decisions, ...pagesFor(decisions)], held };
}

interface TurnedLever {
  readonly id: LeverId;
  readonly state: LeverState;
  readonly check: GuardrailCheck;
}

function isOnProbation({ state }: TurnedLever): boolean {
  return state.probation !== undefined;
}

function reviewBroken(input: ReviewInput, { id, state, check }: TurnedLever, decisions: Decision[], held: Held[]): void {
  const { now, control } = input;
  // The newest change is the likely cause. Levers that have proved themselves wait until its revert shows in the signals.
  if (!state.probation && check.broken.every(({ name }) => hasSuspect(input, name, decisions))) {
    const names = check.broken.map(({ name }) => name).join(", ");
    held.push({ what: id, reason: "waits_for_revert", detail: `a lever was turned back for ${names}` });
    return;
  }
  const lever = leverKind(id);
  const target = input.demands.get(id)?.target ?? lever.off;
  const proved = state.probation ? state.before : lever.off;
  const to = isCheaper(lever, proved, target) ? target : proved;
  const holdOffMs = Math.min(DAY_MS, control.pace.holdOffMs * 2 ** Math.min(state.failures, 10));
  decisions.push({
    ...revert(id, state, to, "guardrail", guardrailText(check.broken)),
    guardrails: check.broken,
    holdOffUntil: now + holdOffMs,
  });
}

/**
 * Whether a step is turned back for a broken guardrail now, or a lever, this one or another, was within its cool-down and may still show. A
 * signal that is made only of what came after that revert has shown it: broken again, it is not the revert that is to be waited for.
 */
function hasSuspect({ state, control, facts, now }: ReviewInput, broken: GuardrailName, decisions: readonly Decision[]): boolean {
  const isNow = (decision: Decision) =>
    decision.kind === "revert" &&
    leverState(state.levers, decision.lever).probation !== undefined &&
    decision.guardrails.some(({ name }) => name === broken);
  if (decisions.some(isNow)) return true;
  const since = facts.signals[GUARDRAILS[broken].signal]?.since ?? Number.NEGATIVE_INFINITY;
  return (Object.keys(state.levers) as LeverId[]).some((id) => {
    const { broke } = leverState(state.levers, id);
    return broke !== undefined && since < broke.at && now < broke.at + control.pace.coolDownMs && broke.guardrails.includes(broken);
  });
}

function reviewHolding(input: ReviewInput, { id, state, check }: TurnedLever, decisions: Decision[], held: Held[]): void {
  const { demands, now, isBlind, control } = input;
  const lever = leverKind(id);
  const target = demands.get(id)?.target ?? lever.off;
  if (isCheaper(lever, state.value, target)) {
    const coolUntil = Math.max(state.appliedAt ?? 0, state.revertedAt ?? 0) + control.pace.coolDownMs;
    if (isBlind) held.push({ what: id, reason: "no_signal", detail: "nothing may be turned back while spending is not known" });
    else if (now < coolUntil) held.push({ what: id, reason: "cool_down", detail: `until ${new Date(coolUntil).toISOString()}` });
    else {
      decisions.push(revert(id, state, target, "cleared", "no threshold that is reached asks for more"));
      return;
    }
  }
  if (!state.probation || now < state.probation.until) return;
  if (check.unknown.length > 0) held.push({ what: id, reason: "probation", detail: `cannot pass: ${check.unknown.join(", ")}` });
  else decisions.push({ kind: "keep", lever: id, value: state.value, guardrails: check.holding });
}

/** Somebody's word turns a lever back at once: no cool-down, no guardrail and no signal is waited for. */
function liftedBy({ approvals: { exclusion, exec }, demands }: ReviewInput, { id, state }: TurnedLever): Decision | undefined {
  if (demands.has(id)) return undefined;
  const { off } = leverKind(id);
  if (exclusion?.kind === "exclusion") return revert(id, state, off, "excluded", `${exclusion.reason}, granted by ${exclusion.approver}`);
  return exec ? revert(id, state, off, "approved", `approved by ${exec.approver}`) : undefined;
}

function retryRevert(id: LeverId, state: LeverState, now: Instant): Decision[] {
  const { to, attempts, since, paged } = state.failedRevert!;
  const detail = `${attempts} ${attempts === 1 ? "attempt" : "attempts"} failed in ${Math.floor((now - since) / 1000)} s`;
  const again = revert(id, state, to, "again", detail);
  return paged
    ? [again]
    : [again, { kind: "page", about: "revert_failed", levers: [id], detail: `${id} could not be turned back: ${detail}` }];
}

type Revert = Extract<Decision, { readonly kind: "revert" }>;

function revert(lever: LeverId, { value, heldOffUntil }: LeverState, to: number, cause: RevertCause, detail: string): Revert {
  return { kind: "revert", lever, from: value, to, cause, detail, guardrails: [], holdOffUntil: heldOffUntil };
}

/** One page for all levers that broken guardrails turn back in this tick. */
function pagesFor(decisions: readonly Decision[]): Decision[] {
  const broken = decisions.filter((decision): decision is Revert => decision.kind === "revert" && decision.cause === "guardrail");
  if (broken.length === 0) return [];
  const details = [...new Set(broken.map(({ detail }) => detail))];
  return [{ kind: "page", about: "guardrail_broken", levers: broken.map(({ lever }) => lever), detail: details.join(", ") }];
}
