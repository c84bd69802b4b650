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

/** What the ledger puts into the outbox under the topic "alert", in the transaction of what it tells of; the last two kinds come from the gateway, with the call. */
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
]);
export type OutboxAlert = Static<typeof outboxAlert>;
