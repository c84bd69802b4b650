import { type Static, Type } from "typebox";
import { ALERT_LIST_STATES } from "../core/alerts/alert.ts";
import { alertFacts, alertScope, resolvedWhy, severity } from "./alert-event-contract.ts";
import { closed, count, idText, instantText, limitQuery, orNull } from "./field-contract.ts";

const alertDelivery = closed({
  channel: Type.String(),
  phase: Type.String({ description: "raised, escalated-1, escalated-2, ..., resolved" }),
  state: Type.Enum(["waiting", "sent", "dead"]),
  due_at: orNull(instantText),
  attempts: count,
  error: orNull(Type.String({ description: "Why the last attempt failed" })),
  sent_at: orNull(instantText),
});

export const alertView = closed({
  id: Type.String(),
  severity,
  scope: alertScope,
  title: Type.String(),
  happened: Type.String({ description: "Whole sentences" }),
  do_first: Type.String({ description: "Whole sentences" }),
  raised_at: instantText,
  times: Type.Integer({ minimum: 1, description: "How often it has happened since" }),
  last_at: instantText,
  acknowledged_at: orNull(instantText),
  acknowledged_by: orNull(Type.String()),
  resolved_at: orNull(instantText),
  resolved_why: orNull(resolvedWhy),
  facts: alertFacts,
  deliveries: Type.Array(alertDelivery),
});
export type AlertView = Static<typeof alertView>;

export const alertsQuery = closed({
  state: Type.Optional(
    Type.Enum([...ALERT_LIST_STATES], {
      description: "open, when absent: neither acknowledged nor over. dead: with a delivery that was given up",
    }),
  ),
  limit: Type.Optional(limitQuery),
});
export const alertsAnswer = closed({ alerts: Type.Array(alertView) });
export type AlertsAnswer = Static<typeof alertsAnswer>;
export const alertParams = closed({ id: idText });
export const alertAnswer = closed({ alert: alertView });
export type AlertAnswer = Static<typeof alertAnswer>;

const reason = Type.Optional(Type.String({ maxLength: 1000 }));
export const acknowledgeBody = closed({ reason });
export const replayBody = closed({
  channel: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "All channels when absent" })),
  reason,
});
export const replayAnswer = closed({ alert: alertView, replayed: count });
export type ReplayAnswer = Static<typeof replayAnswer>;
export const testAlertBody = closed({ channel: Type.String({ minLength: 1, maxLength: 64 }) });
