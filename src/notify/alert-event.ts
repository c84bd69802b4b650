import type { AlertEvent } from "../contract/alert-event-contract.ts";
import { factsView } from "../contract/alert-facts-view.ts";
import type { AlertPhase, AlertRecord } from "../core/alerts/alert.ts";
import { eventId, eventTypeOf } from "../core/alerts/alert-name.ts";
import { alertWords, RUNBOOKS } from "../core/alerts/alert-words.ts";
import { selectorKey } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import type { AlertMessage } from "./channel.ts";

export interface EventSettings {
  readonly source: string;
  /** Folder or address of the runbooks. */
  readonly runbooks: string;
}

/** The same alert in the same phase gives the same id, whenever and however often it is sent. */
export function alertMessage(alert: AlertRecord, phase: AlertPhase, { source, runbooks }: EventSettings): AlertMessage {
  const words = alertWords(alert, phase);
  const isOver = phase === "resolved";
  const event: AlertEvent = {
    specversion: "1.0",
    id: eventId(alert.id, phase),
    source,
    type: eventTypeOf(alert.facts.kind, phase) as AlertEvent["type"],
    subject: subjectOf(alert),
    time: textOf(isOver && alert.resolvedAt !== null ? alert.resolvedAt : alert.raisedAt),
    datacontenttype: "application/json",
    data: {
      alert_id: alert.id,
      phase,
      severity: alert.severity,
      scope: { ...alert.scope },
      title: words.title,
      happened: words.happened,
      do_first: words.doFirst,
      runbook: `${runbooks.replace(/\/+$/, "")}/${RUNBOOKS[alert.facts.kind]}`,
      raised_at: textOf(alert.raisedAt),
      times: alert.times,
      acknowledged_at: alert.ackedAt === null ? null : textOf(alert.ackedAt),
      resolved_at: alert.resolvedAt === null ? null : textOf(alert.resolvedAt),
      resolved_why: alert.resolvedWhy,
      facts: factsView(alert.facts),
    },
  };
  return { alert, phase, words, event };
}

function subjectOf({ facts, scope }: AlertRecord): string {
  return "budget" in facts ? facts.budget.budgetId : selectorKey(scope) || "*";
}

function textOf(at: Instant): string {
  return new Date(at).toISOString();
}
