import { factsView } from "../../contract/alert-facts-view.ts";
import {
  type AlertView,
  acknowledgeBody,
  alertAnswer,
  alertParams,
  alertsAnswer,
  alertsQuery,
  replayAnswer,
  replayBody,
  testAlertBody,
} from "../../contract/alerts-contract.ts";
import { Problem } from "../../contract/problem.ts";
import { alertWords } from "../../core/alerts/alert-words.ts";
import { composeAlert } from "../../core/alerts/compose-alert.ts";
import type { Instant } from "../../core/time/window.ts";
import type { AlertDelivery, ListedAlert } from "../../ports/alert-store.ts";
import type { AuditedChange } from "../../ports/ledger-store.ts";
import { stableId } from "../../std/stable-id.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";

/** Alerts: what was told whom, what could not be, and who takes care. The sending itself is the jobs'. */
export const alertsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/alerts",
    summary: "The newest alerts first, with what was said of them where.",
    role: "viewer",
    query: alertsQuery,
    answers: { 200: { description: "The alerts", schema: alertsAnswer } },
    handle: async ({ query }, { store }) => {
      const alerts = await store.alerts.list(query.state ?? "open", query.limit === undefined ? 100 : Number(query.limit));
      return ok({ alerts: alerts.map(alertViewOf) });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/alerts/test",
    summary: "Sends a test alert to one channel. It is on its way when this answers.",
    role: "admin",
    body: testAlertBody,
    answers: { 202: { description: "The alert; its delivery tells whether it has arrived", schema: alertAnswer } },
    handle: async ({ body }, deps) => {
      checkChannel(body.channel, deps);
      const at = deps.now();
      const facts = { kind: "test", channel: body.channel } as const;
      const everything = { severities: [], scope: {}, budgets: [], channels: [body.channel], escalation: [] };
      const alert = composeAlert({ facts, scope: {}, warnPercent: 100, raisedAt: at }, [everything], stableId);
      await deps.store.alerts.raiseTest(alert, at, changeOf("alert.test", alert.id, "", body.channel));
      return { status: 202, body: { alert: alertViewOf(await found(alert.id, deps)) } };
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/alerts/:id",
    summary: "One alert, with what was said of it where.",
    role: "viewer",
    params: alertParams,
    answers: { 200: { description: "The alert", schema: alertAnswer } },
    handle: async ({ params }, deps) => ok({ alert: alertViewOf(await found(params.id, deps)) }),
  }),
  route({
    method: "POST",
    path: "/api/v1/alerts/:id/ack",
    summary: "Says that somebody takes care of an alert: it escalates no further. Doing it again changes nothing.",
    role: "admin",
    params: alertParams,
    body: acknowledgeBody,
    bodyOptional: true,
    answers: { 200: { description: "The alert", schema: alertAnswer } },
    handle: async ({ params, body }, { store, now }) => {
      const alert = await store.alerts.acknowledge(params.id, now(), changeOf("alert.ack", params.id, body.reason, null));
      if (!alert) throw unknownAlert(params.id);
      return ok({ alert: alertViewOf(alert) });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/alerts/:id/replay",
    summary: "Sends again what was given up, under the same event ids.",
    role: "admin",
    params: alertParams,
    body: replayBody,
    bodyOptional: true,
    answers: { 200: { description: "The alert, and how many deliveries are due again", schema: replayAnswer } },
    handle: async ({ params, body }, deps) => {
      if (body.channel !== undefined) checkChannel(body.channel, deps);
      const change = changeOf("alert.replay", params.id, body.reason, body.channel ?? "all channels");
      const replayed = await deps.store.alerts.replay(params.id, body.channel ?? null, deps.now(), change);
      if (replayed === undefined) throw unknownAlert(params.id);
      return ok({ alert: alertViewOf(await found(params.id, deps)), replayed });
    },
  }),
];

function checkChannel(channel: string, { alertChannels }: ApiDeps): void {
  const allowed = alertChannels.map(({ name }) => name);
  if (allowed.includes(channel)) return;
  const message = `/channel names no channel that is configured; there are ${allowed.join(", ")}.`;
  throw new Problem("invalid_request", { field: "/channel", allowed }, { message });
}

async function found(id: string, { store }: ApiDeps): Promise<ListedAlert> {
  const alert = await store.alerts.find(id);
  if (!alert) throw unknownAlert(id);
  return alert;
}

function unknownAlert(id: string): Problem {
  return new Problem("not_found", { alert: id }, { message: "There is no alert with that id." });
}

function changeOf(action: string, target: string, reason: string | undefined, after: string | null): AuditedChange {
  return { actor: "admin", action, target, reason: reason ?? "", before: null, after };
}

function alertViewOf(alert: ListedAlert): AlertView {
  const words = alertWords(alert, alert.resolvedAt === null ? "raised" : "resolved");
  return {
    id: alert.id,
    severity: alert.severity,
    scope: { ...alert.scope },
    title: words.title,
    happened: words.happened,
    do_first: words.doFirst,
    raised_at: textOf(alert.raisedAt),
    times: alert.times,
    last_at: textOf(alert.lastAt),
    acknowledged_at: textOrNull(alert.ackedAt),
    acknowledged_by: alert.ackedBy,
    resolved_at: textOrNull(alert.resolvedAt),
    resolved_why: alert.resolvedWhy,
    facts: factsView(alert.facts),
    deliveries: alert.deliveries.map(deliveryView),
  };
}

function deliveryView({ channel, phase, state, dueAt, attempts, error, sentAt }: AlertDelivery) {
  return { channel, phase, state, due_at: state === "waiting" ? textOf(dueAt) : null, attempts, error, sent_at: textOrNull(sentAt) };
}

function textOf(at: Instant): string {
  return new Date(at).toISOString();
}

function textOrNull(at: Instant | null): string | null {
  return at === null ? null : textOf(at);
}
