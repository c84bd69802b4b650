import { type Static, Type } from "typebox";
import { SUBJECT_KINDS } from "../core/policy/policy.ts";
import { closed, count, idText, instantText, limitQuery, orNull, usdText } from "./field-contract.ts";

const subject = Type.String({ description: "Whose cap and levers, such as use_case:ops_copilot" });
const subjectIn = Type.String({
  pattern: `^(${SUBJECT_KINDS.join("|")}):.{1,128}$`,
  description: "Whose cap and levers, such as use_case:ops_copilot",
});
const lever = {
  lever: Type.String({ description: "docs/reference/policy.md lists them" }),
  value: Type.Number(),
  off: Type.Number({ description: "The value of a lever that nobody has turned" }),
  text: Type.String({ description: "off, on, or the number" }),
  unit: Type.String(),
  changed_at: orNull(instantText),
  probation_until: orNull(instantText),
  held_off_until: orNull(Type.String({ description: "After it broke a guardrail it is not turned before then" })),
  failures: Type.Integer({ minimum: 0, description: "Broken guardrails in a row" }),
  revert_failed: Type.Boolean({ description: "It has to go back and could not be turned" }),
};
export const leverView = closed(lever);
export type LeverView = Static<typeof leverView>;

const signal = closed({
  signal: Type.String(),
  unit: Type.String(),
  value: Type.Number(),
  window_s: Type.Number({ description: "How far back it was measured; latency and errors from the newest change on" }),
  samples: count,
  observed_at: instantText,
});
const threshold = closed({
  threshold: Type.String({ description: "The policy and the share of the cap" }),
  percent: Type.Number(),
  reached: Type.Boolean(),
});
const subjectView = closed({
  subject,
  budget: orNull(Type.String({ description: "The budget of the ledger that counts the spending" })),
  policies: Type.Array(closed({ policy: Type.String(), cap_usd: usdText, thresholds: Type.Array(threshold) })),
  spent_usd: orNull(usdText),
  in_doubt_usd: orNull(usdText),
  burn_percent: orNull(Type.Number({ description: "Of the least cap" })),
  levers: Type.Array(leverView, { description: "Those that are turned, or were" }),
  signals: Type.Array(signal, { description: "What was measured; what is not here was not" }),
  guardrails: Type.Array(closed({ guardrail: Type.String(), limit: orNull(Type.Number({ description: "null: not waited for" })) })),
  held: Type.Array(closed({ what: Type.String(), reason: Type.String(), detail: Type.String() }), {
    description: "What is asked for and not done now, and why",
  }),
  approvals: Type.Array(Type.String({ description: "Ids of those in force" })),
});
export type SubjectView = Static<typeof subjectView>;
const stopped = orNull(closed({ at: instantText, by: Type.String(), reason: Type.String() }));
export const controlsAnswer = closed({
  at: instantText,
  stopped,
  without_signals: orNull(Type.String({ description: "Why nothing was measured; the levers then stay as they are" })),
  subjects: Type.Array(subjectView),
});
export type ControlsAnswer = Static<typeof controlsAnswer>;
export const leversAnswer = closed({ levers: Type.Array(closed({ subject, ...lever })) });
export type LeversAnswer = Static<typeof leversAnswer>;

export const stopBody = closed({ reason: Type.String({ minLength: 1, maxLength: 900, description: "Why, for the audit log" }) });
export const resumeBody = closed({ reason: Type.Optional(Type.String({ maxLength: 900 })) });
export const switchAnswer = closed({ changed: Type.Boolean({ description: "false: it was so already" }), stopped });
export type SwitchAnswer = Static<typeof switchAnswer>;

const approval = {
  kind: Type.Enum(["exclusion", "exec"], { description: "For excluded work, or for spending on past a threshold" }),
  approver: Type.String({ minLength: 1, maxLength: 200, description: "Who decided it" }),
};
export const MOST_APPROVAL_DAYS = 31;
export const approvalBody = closed({
  subject: subjectIn,
  ...approval,
  reason: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "Of an exclusion: the policy's reason, such as security_fix" }),
  ),
  from: Type.Optional(Type.String({ maxLength: 40, description: "When it begins; now unless set" })),
  until: Type.String({ maxLength: 40, description: `When it ends, at most ${MOST_APPROVAL_DAYS} days after it begins` }),
  request_id: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9._:-]{1,100}$", description: "Given again it changes nothing" })),
});
const approvalView = closed({
  id: Type.String(),
  subject,
  kind: approval.kind,
  reason: orNull(Type.String()),
  approver: Type.String(),
  granted_by: Type.String(),
  granted_at: instantText,
  from: instantText,
  until: instantText,
  withdrawn_at: orNull(instantText),
  state: Type.Enum(["pending", "in_force", "over"]),
});
export type ApprovalView = Static<typeof approvalView>;
export const approvalAnswer = closed({ approval: approvalView });
export const approvalsAnswer = closed({ approvals: Type.Array(approvalView) });
export type ApprovalsAnswer = Static<typeof approvalsAnswer>;
export const approvalsQuery = closed({
  state: Type.Optional(Type.Enum(["current", "all"], { description: "current: in force or to come; those unless set" })),
});
export const controlParams = closed({ id: idText });
export const endApprovalBody = closed({ reason: Type.Optional(Type.String({ maxLength: 900 })) });

export const postmortemsQuery = closed({
  state: Type.Optional(Type.Enum(["open", "closed", "all"], { description: "open unless set" })),
  limit: Type.Optional(limitQuery),
});
const postmortem = closed({
  id: Type.String(),
  state: Type.Enum(["open", "closed"]),
  subject,
  threshold: Type.String(),
  opened_at: instantText,
  cap_usd: usdText,
  spent_usd: usdText,
  levers: Type.Array(closed({ lever: Type.String(), value: Type.Number(), off: Type.Number() })),
  signals: Type.Array(signal),
  approvals: Type.Array(Type.String()),
  text: Type.String({ description: "What people wrote" }),
  closed_by: orNull(Type.String()),
  closed_at: orNull(instantText),
});
export type PostmortemView = Static<typeof postmortem>;
export const postmortemAnswer = closed({ postmortem });
export const postmortemsAnswer = closed({ postmortems: Type.Array(postmortem) });
export type PostmortemsAnswer = Static<typeof postmortemsAnswer>;
export const postmortemBody = closed({
  text: Type.Optional(Type.String({ maxLength: 20_000, description: "Replaces what was written; stays unless set" })),
  closed_by: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "Closes it, in this name" })),
});
