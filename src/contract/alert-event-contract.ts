import { type Static, Type } from "typebox";
import { RESOLVED_WHYS, SEVERITIES } from "../core/alerts/alert.ts";
import { EVENT_TYPES } from "../core/alerts/alert-name.ts";
import { SCOPE_DIMENSIONS } from "../core/scope/scope.ts";
import { closed, instantText, orNull, scopeText, usdText } from "./field-contract.ts";

const alertedBudget = closed({
  id: Type.String(),
  account: Type.String({ description: "The budget in its window" }),
  window_start: instantText,
  window_end: instantText,
  zone: Type.String({ description: "IANA time zone of the window" }),
  hard: Type.Boolean({ description: "Whether calls beyond the limit are refused" }),
  limit_usd: usdText,
  spent_usd: usdText,
});

const subject = Type.String({ description: "Whose cap and levers, such as use_case:ops_copilot" });
const reached = {
  subject,
  threshold: Type.String({ description: "The policy and the share of the cap, such as spend_slo.yaml@0.75" }),
  percent: Type.Number({ description: "Of the cap" }),
  cap_usd: usdText,
  spent_usd: usdText,
};

/** What an alert tells of, by kind. Amounts and limits are those of the moment at which it was raised. */
export const alertFacts = Type.Union([
  closed({ kind: Type.Literal("budget_threshold_crossed"), budget: alertedBudget, percent: Type.Integer({ minimum: 1 }) }),
  closed({
    kind: Type.Literal("budget_overrun"),
    budget: alertedBudget,
    overrun_usd: usdText,
    cause: Type.String({ description: "Kind of the ledger's entry: track, settle, resolve" }),
  }),
  closed({ kind: Type.Literal("hold_exceeded"), tenant: Type.String(), hold: Type.String(), held_usd: usdText, cost_usd: usdText }),
  closed({
    kind: Type.Literal("unknown_usage_unit"),
    provider: Type.String(),
    model: Type.String(),
    unit: Type.String({ description: "Path of the count in the provider's answer" }),
    hold: Type.String(),
    held_usd: usdText,
  }),
  closed({
    kind: Type.Literal("runaway_spend"),
    tenant: Type.String(),
    who: Type.Enum(["api_key", "run", "session"]),
    name: Type.String(),
    spent_usd: usdText,
    usual_usd: usdText,
    limit_usd: usdText,
    factor: Type.Integer({ minimum: 1 }),
    window_minutes: Type.Number(),
    throttled: Type.Boolean({ description: "Whether its calls are refused" }),
  }),
  closed({ kind: Type.Literal("holds_in_doubt"), holds: Type.Integer({ minimum: 1 }), in_doubt_usd: usdText, oldest_at: instantText }),
  closed({ kind: Type.Literal("control_threshold_reached"), ...reached, channel: Type.String({ description: "As the policy names it" }) }),
  closed({ kind: Type.Literal("approval_asked"), ...reached }),
  closed({ kind: Type.Literal("guardrail_broken"), subject, levers: Type.Array(Type.String()), detail: Type.String() }),
  closed({ kind: Type.Literal("revert_failed"), subject, levers: Type.Array(Type.String()), detail: Type.String() }),
  closed({
    kind: Type.Literal("lever_changed"),
    subject,
    lever: Type.String(),
    from: Type.String({ description: "off, on, or the number" }),
    to: Type.String(),
    cause: Type.String({ description: "apply, or why it was turned back: guardrail, cleared, excluded, approved, again, stopped" }),
    reason: Type.String(),
    probation_until: orNull(instantText),
  }),
  closed({ kind: Type.Literal("test"), channel: Type.String() }),
]);
export type AlertFactsView = Static<typeof alertFacts>;

const scopeFields = Object.fromEntries(SCOPE_DIMENSIONS.map((dimension) => [dimension, Type.Optional(scopeText)]));
export const alertScope = closed(scopeFields);

export const severity = Type.Enum([...SEVERITIES]);
export const resolvedWhy = Type.Enum([...RESOLVED_WHYS]);

export const alertData = closed({
  alert_id: Type.String({ description: "The alert, the same in every phase; for `ballast alert ack`" }),
  phase: Type.String({ pattern: "^(raised|escalated-\\d+|resolved)$" }),
  severity,
  scope: alertScope,
  title: Type.String(),
  happened: Type.String({ description: "Whole sentences" }),
  do_first: Type.String({ description: "Whole sentences" }),
  runbook: Type.String(),
  raised_at: instantText,
  times: Type.Integer({ minimum: 1, description: "How often it has happened since" }),
  acknowledged_at: orNull(instantText),
  resolved_at: orNull(instantText),
  resolved_why: orNull(resolvedWhy),
  facts: alertFacts,
});

/** A CloudEvents 1.0 event in structured JSON. */
export const alertEvent = closed({
  specversion: Type.Literal("1.0"),
  id: Type.String({ description: "Idempotency key: a redelivery has the same" }),
  source: Type.String(),
  type: Type.Enum([...Object.values(EVENT_TYPES), "AlertEscalated", "AlertResolved"]),
  subject: Type.String({ description: "Id of the budget, or tenant=... where no budget is concerned" }),
  time: instantText,
  datacontenttype: Type.Literal("application/json"),
  data: alertData,
});
export type AlertEvent = Static<typeof alertEvent>;
