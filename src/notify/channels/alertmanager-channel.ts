import { alertmanagerName } from "../../core/alerts/alert-name.ts";
import type { Instant } from "../../core/time/window.ts";
import type { AlertMessage, AlertmanagerSettings, Channel } from "../channel.ts";
import { postJson } from "../post-json.ts";

/** How long Alertmanager believes an alert without an end of its own; it is told again long before. */
const BELIEVED_MS = 86_400_000;

/**
 * Prometheus Alertmanager, API v2. What is sent is the alert as it is now, not the phase that was planned: a late "raised" after
 * "resolved" must not bring it back.
 */
export function alertmanagerChannel({ kind, name, quietHours, timeoutMs, url, headers }: AlertmanagerSettings): Channel {
  const address = `${url.replace(/\/+$/, "")}/api/v2/alerts`;
  return {
    kind,
    name,
    quietHours,
    timeoutMs,
    followsEach: true,
    send(message, signal, now) {
      const body = JSON.stringify([alertmanagerAlert(message, now)]);
      return postJson(address, body, { ...headers, "content-type": "application/json" }, signal);
    },
    close() {},
  };
}

/** The labels identify the alert there, so nothing in them may change while it is open. */
export function alertmanagerAlert({ alert, words, event }: AlertMessage, now: Instant): object {
  const { facts } = alert;
  const budget = "budget" in facts ? { budget: facts.budget.budgetId, account: facts.budget.accountId } : {};
  const threshold = facts.kind === "budget_threshold_crossed" ? { threshold: String(facts.percent) } : {};
  const end = "budget" in facts ? facts.budget.windowEnd : now + BELIEVED_MS;
  return {
    labels: {
      ...alert.scope,
      ...budget,
      ...threshold,
      alertname: alertmanagerName(alert),
      category: "finops",
      severity: alert.severity,
      alert_id: alert.id,
    },
    annotations: { summary: words.title, description: `${words.happened} ${words.doFirst}`, runbook_url: event.data.runbook },
    startsAt: new Date(alert.raisedAt).toISOString(),
    endsAt: new Date(alert.resolvedAt ?? end).toISOString(),
  };
}
