import type { ApprovalView, ControlsAnswer, LeverView, PostmortemView, SubjectView } from "../contract/controls-contract.ts";
import { byLever, type LeverId, leverKind } from "../core/levers/lever-list.ts";
import { type LeverStates, leverState } from "../core/levers/lever-state.ts";
import type { Signal } from "../core/levers/signal.ts";
import { SIGNALS } from "../core/levers/signal-list.ts";
import { formatUsd } from "../core/money/usd.ts";
import { valueText } from "../core/policy/decision-text.ts";
import { GUARDRAIL_NAMES } from "../core/policy/guardrail-list.ts";
import { subjectKey, subjectOf, thresholdKey } from "../core/policy/policy.ts";
import { type SubjectControl, withoutPolicy } from "../core/policy/subject-control.ts";
import type { Instant } from "../core/time/window.ts";
import type { Postmortem, StoredApproval } from "../ports/control-store.ts";
import type { ControlsLook, RunningControls } from "../ports/running-controls.ts";

/** How the controls stand: subjects with a policy, and those whose levers are turned though no policy asks for it any more. */
export function controlsView(look: ControlsLook, controls: Pick<RunningControls, "subjects" | "budgetIds">): ControlsAnswer {
  const states = new Map(look.stored.controls.map(({ subject, state }) => [subject, state]));
  const left = [...states].filter(([key, { levers }]) => !controls.subjects.has(key) && leverViews(levers).some(isTurned));
  const subjects = [...controls.subjects, ...left.map(([key]) => [key, withoutPolicy(subjectOf(key))] as const)];
  const { stopped } = look.stored.switch;
  return {
    at: textOf(look.at),
    stopped: stopped === null ? null : { at: textOf(stopped.at), by: stopped.by, reason: stopped.reason },
    without_signals: look.withoutSignals ?? null,
    subjects: subjects.map(([key, control]) => subjectView(key, control, look, states.get(key), controls.budgetIds.get(key))),
  };
}

function subjectView(
  key: string,
  { policies, limits }: SubjectControl,
  look: ControlsLook,
  state: { readonly levers: LeverStates; readonly reached: readonly string[] } = { levers: {}, reached: [] },
  budget: string | undefined,
): SubjectView {
  const spentNano = look.facts.get(key)?.spending?.spentNano;
  const inDoubtNano = look.inDoubtNano.get(key);
  const caps = policies.map(({ capNano }) => capNano).sort((one, other) => (one < other ? -1 : 1));
  const burn = spentNano === undefined || caps[0] === undefined || caps[0] === 0n ? null : Number((spentNano * 10_000n) / caps[0]) / 100;
  const inForce = look.stored.approvals.filter(({ subject, from }) => subjectKey(subject) === key && from <= look.at);
  return {
    subject: key,
    budget: budget ?? null,
    policies: policies.map((policy) => ({
      policy: policy.policy,
      cap_usd: formatUsd(policy.capNano),
      thresholds: policy.thresholds.map((each) => {
        const threshold = thresholdKey(policy, each);
        return { threshold, percent: Number(each.share) / 10_000, reached: state.reached.includes(threshold) };
      }),
    })),
    spent_usd: spentNano === undefined ? null : formatUsd(spentNano),
    in_doubt_usd: inDoubtNano === undefined ? null : formatUsd(inDoubtNano),
    burn_percent: burn,
    levers: leverViews(state.levers),
    signals: Object.values(look.facts.get(key)?.signals ?? {}).flatMap((signal) => (signal === undefined ? [] : [signalView(signal)])),
    guardrails: GUARDRAIL_NAMES.map((guardrail) => ({ guardrail, limit: limitOf(limits[guardrail]) })),
    held: (look.held.get(key) ?? []).map(({ what, reason, detail }) => ({ what, reason, detail })),
    approvals: inForce.map(({ id }) => id),
  };
}

function limitOf(limit: number | "off"): number | null {
  return limit === "off" ? null : limit;
}

/** Levers that were ever turned, in the order of their list. */
export function leverViews(levers: LeverStates): LeverView[] {
  return (Object.keys(levers) as LeverId[]).sort(byLever).map((id) => {
    const state = leverState(levers, id);
    const { off, unit } = leverKind(id);
    const changedAt = Math.max(state.appliedAt ?? 0, state.revertedAt ?? 0);
    return {
      ...{ lever: id, value: state.value, off, text: valueText(id, state.value), unit },
      changed_at: changedAt === 0 ? null : textOf(changedAt),
      probation_until: state.probation === undefined ? null : textOf(state.probation.until),
      held_off_until: state.heldOffUntil === undefined ? null : textOf(state.heldOffUntil),
      failures: state.failures,
      revert_failed: state.failedRevert !== undefined,
    };
  });
}

export function isTurned({ value, off }: LeverView): boolean {
  return value !== off;
}

function signalView({ name, value, windowMs, samples, observedAt }: Signal) {
  return { signal: name, unit: SIGNALS[name].unit, value, window_s: windowMs / 1000, samples, observed_at: textOf(observedAt) };
}

export function approvalView(approval: StoredApproval, now: Instant): ApprovalView {
  const { id, subject, kind, approver, grantedBy, grantedAt, from, until, withdrawnAt } = approval;
  const isOver = withdrawnAt !== null || until <= now;
  return {
    ...{ id, subject: subjectKey(subject), kind, reason: approval.kind === "exclusion" ? approval.reason : null, approver },
    ...{ granted_by: grantedBy, granted_at: textOf(grantedAt), from: textOf(from), until: textOf(until) },
    withdrawn_at: withdrawnAt === null ? null : textOf(withdrawnAt),
    state: isOver ? "over" : from <= now ? "in_force" : "pending",
  };
}

export function postmortemView({ id, facts, state, text, closedBy, closedAt }: Postmortem): PostmortemView {
  const { subject, threshold, openedAt, capNano, spentNano, levers, signals, approvals } = facts;
  return {
    ...{ id, state, subject, threshold, opened_at: textOf(openedAt), cap_usd: formatUsd(capNano), spent_usd: formatUsd(spentNano) },
    levers: levers.map((each) => ({ ...each })),
    signals: signals.map(signalView),
    approvals: [...approvals],
    ...{ text, closed_by: closedBy, closed_at: closedAt === null ? null : textOf(closedAt) },
  };
}

function textOf(at: Instant): string {
  return new Date(at).toISOString();
}
