import type { OutboxAlert } from "../contract/outbox-alert.ts";
import { formatUsd } from "../core/money/usd.ts";
import { afterDecisions } from "../core/policy/after-decisions.ts";
import { guardrailText } from "../core/policy/check-guardrails.ts";
import type { ControlState, Decision, SubjectFacts } from "../core/policy/decision.ts";
import { decisionText, valueText } from "../core/policy/decision-text.ts";
import type { SubjectControl } from "../core/policy/subject-control.ts";
import type { Instant } from "../core/time/window.ts";
import type { NewPostmortem, RecordedSubject } from "../ports/control-store.ts";
import type { AuditedChange } from "../ports/ledger-store.ts";
import { stableId } from "../std/stable-id.ts";

export interface DecidedSubject {
  readonly subject: string;
  readonly was: number;
  readonly state: ControlState;
  readonly decisions: readonly Decision[];
  readonly facts: SubjectFacts | undefined;
  /** Undefined where no policy is about the subject any more. */
  readonly control: SubjectControl | undefined;
  readonly actor: string;
}

/** What was decided of one subject, as everything that is written of it: the next state, the audit entries, who is told, the postmortems. */
export function recordOf(decided: DecidedSubject, now: Instant): RecordedSubject {
  const { subject, was, state, decisions } = decided;
  return {
    subject,
    was,
    state: afterDecisions(state, decisions, now),
    changes: decisions.map((decision) => auditOf(decided, decision)),
    postmortems: decisions.flatMap((decision): NewPostmortem[] =>
      decision.kind === "open_postmortem" ? [{ id: postmortemId(decision.facts), facts: decision.facts }] : [],
    ),
    alerts: decisions.flatMap((decision) => alertOf(decided, decision, now) ?? []).map((alert) => JSON.stringify(alert)),
  };
}

function postmortemId({ subject, threshold, openedAt }: { subject: string; threshold: string; openedAt: Instant }): string {
  return `pm_${stableId(`${subject} ${threshold} ${openedAt}`)}`;
}

/** Who reads it later wants to know what was known then: the spending, the thresholds, the guardrails with their values. */
function auditOf({ subject, actor }: DecidedSubject, decision: Decision): AuditedChange {
  const of = (action: string, target: string, reason: string, before: string | null = null, after: string | null = null) => {
    return { actor, action, target, reason, before, after };
  };
  switch (decision.kind) {
    case "apply":
      return of("lever.apply", `${subject}/${decision.lever}`, applyReason(decision), ...values(decision));
    case "revert": {
      const holdOff = decision.holdOffUntil === undefined ? "" : `; held off until ${textOf(decision.holdOffUntil)}`;
      return of("lever.revert", `${subject}/${decision.lever}`, `${decision.cause}: ${decision.detail}${holdOff}`, ...values(decision));
    }
    case "keep": {
      const value = valueText(decision.lever, decision.value);
      return of("lever.keep", `${subject}/${decision.lever}`, guardrailText(decision.guardrails) || "nothing guards it", value, value);
    }
    case "reached":
    case "cleared":
      return of(`threshold.${decision.kind}`, subject, `${decision.threshold}: ${spentText(decision)}`);
    case "notify":
    case "ask_approval":
    case "page":
    case "open_postmortem":
      return of(`controls.${decision.kind}`, subject, reasonOf(decision));
    default:
      return decision satisfies never;
  }
}

type Change = Extract<Decision, { readonly kind: "apply" | "revert" }>;

function values({ lever, from, to }: Change): [string, string] {
  return [valueText(lever, from), valueText(lever, to)];
}

function applyReason({ lever, target, because, spentNano, guardrails, probationUntil }: Extract<Decision, { kind: "apply" }>): string {
  const probation = probationUntil === undefined ? "" : `; on probation until ${textOf(probationUntil)}`;
  const checked = guardrails.length === 0 ? "" : `; ${guardrailText(guardrails)}`;
  return `${because.join(", ")} towards ${valueText(lever, target)}; spent ${formatUsd(spentNano)} USD${checked}${probation}`;
}

function reasonOf(decision: Extract<Decision, { kind: "notify" | "ask_approval" | "page" | "open_postmortem" }>): string {
  if (decision.kind === "open_postmortem") return `${decision.facts.threshold}: ${postmortemId(decision.facts)}`;
  if (decision.kind === "page") return `${decisionText(decision)}: ${decision.detail}`;
  return `${decision.threshold}: ${decisionText(decision)}`;
}

function spentText({ spentNano, capNano }: { spentNano: bigint; capNano: bigint }): string {
  return `spent ${formatUsd(spentNano)} of ${formatUsd(capNano)} USD`;
}

function alertOf({ subject, facts, control }: DecidedSubject, decision: Decision, at: Instant): OutboxAlert | undefined {
  switch (decision.kind) {
    case "apply":
    case "revert": {
      const { lever, kind } = decision;
      const [from, to] = values(decision);
      const change = { type: "lever_changed", subject, lever, from, to, at } as const;
      if (kind === "revert") return { ...change, cause: decision.cause, reason: decision.detail, probation_until: null };
      return { ...change, cause: "apply", reason: decision.because.join(", "), probation_until: decision.probationUntil ?? null };
    }
    case "notify":
    case "ask_approval": {
      const found = control?.thresholds.get(decision.threshold);
      // Told of thresholds that are reached only, and those are a policy's.
      if (found === undefined) return undefined;
      const percent = Number(found.threshold.share) / 10_000;
      const [cap_usd, spent_usd] = [formatUsd(found.policy.capNano), formatUsd(facts?.spending?.spentNano ?? 0n)];
      const reached = { subject, threshold: decision.threshold, percent, cap_usd, spent_usd, at };
      if (decision.kind === "ask_approval") return { type: "approval_asked", ...reached };
      return { type: "control_threshold_reached", ...reached, channel: decision.channel };
    }
    case "page":
      return { type: decision.about, subject, levers: [...decision.levers], detail: decision.detail, at };
    case "keep":
    case "reached":
    case "cleared":
    case "open_postmortem":
      return undefined;
    default:
      return decision satisfies never;
  }
}

function textOf(at: Instant): string {
  return new Date(at).toISOString();
}
