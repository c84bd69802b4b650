import { type Static, Type } from "typebox";

const at = Type.Integer();
const account = {
  budget: Type.String(),
  account: Type.String(),
  limit_usd: Type.String(),
  spent_usd: Type.String(),
  credited_usd: Type.Optional(Type.String()),
  at,
};

/* What the controls tell, in the transaction of the tick that decided it. */
const reached = {
  subject: Type.String(),
  threshold: Type.String(),
  percent: Type.Number(),
  cap_usd: Type.String(),
  spent_usd: Type.String(),
  at,
};
const paged = { subject: Type.String(), levers: Type.Array(Type.String()), detail: Type.String(), at };

/** What the ledger puts into the outbox under the topic "alert", in the transaction of what it tells of; an unknown count and who runs away come from the gateway, with the call. */
export const outboxAlert = Type.Union([
  Type.Object({ type: Type.Literal("budget_threshold_crossed"), ...account, percent: Type.Integer() }),
  Type.Object({ type: Type.Literal("budget_overrun"), ...account, overrun_usd: Type.String(), kind: Type.String() }),
  Type.Object({
    type: Type.Literal("hold_exceeded"),
    hold: Type.String(),
    tenant: Type.String(),
    held_usd: Type.String(),
    cost_usd: Type.String(),
    at,
  }),
  Type.Object({
    type: Type.Literal("unknown_usage_unit"),
    provider: Type.String(),
    model: Type.String(),
    unit: Type.String(),
    hold: Type.String(),
    held_usd: Type.String(),
    at,
  }),
  Type.Object({
    type: Type.Literal("runaway_spend"),
    tenant: Type.String(),
    who: Type.Enum(["api_key", "run", "session"]),
    name: Type.String(),
    spent_usd: Type.String(),
    usual_usd: Type.String(),
    limit_usd: Type.String(),
    factor: Type.Integer(),
    window_ms: Type.Integer(),
    throttled: Type.Boolean(),
    at,
  }),
  Type.Object({ type: Type.Literal("control_threshold_reached"), ...reached, channel: Type.String() }),
  Type.Object({ type: Type.Literal("approval_asked"), ...reached }),
  Type.Object({ type: Type.Literal("guardrail_broken"), ...paged }),
  Type.Object({ type: Type.Literal("revert_failed"), ...paged }),
  Type.Object({
    type: Type.Literal("lever_changed"),
    subject: Type.String(),
    lever: Type.String(),
    from: Type.String(),
    to: Type.String(),
    cause: Type.String(),
    reason: Type.String(),
    probation_until: Type.Union([Type.Integer(), Type.Null()]),
    at,
  }),
]);
export type OutboxAlert = Static<typeof outboxAlert>;
