import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AlertFacts } from "../core/alerts/alert.ts";
import { composeAlert } from "../core/alerts/compose-alert.ts";
import { openSqliteLedgerStore } from "../data/store/sqlite-ledger-store.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import { stableId } from "../std/stable-id.ts";
import { NOON, type TestApi, testApi } from "./api-test-kit.ts";

let folder: string;
let store: LedgerStore;
let api: TestApi;
const alertChannels = [
  { name: "ops", kind: "slack" },
  { name: "log", kind: "log" },
];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ballast-alerts-api-"));
  store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: NOON }, () => NOON);
  api = await testApi({ store, alertChannels });
});
afterEach(async () => {
  await api.app.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function raise(holdId: string): Promise<string> {
  const facts: AlertFacts = { kind: "hold_exceeded", tenant: holdId, holdId, heldUsd: "1", costUsd: "2" };
  const route = { severities: [], scope: {}, budgets: [], channels: ["ops"], escalation: [{ afterMs: 60_000, channels: ["log"] }] };
  const alert = composeAlert({ facts, scope: { tenant: "acme" }, warnPercent: 80, raisedAt: NOON }, [route], stableId);
  await store.alerts.raise(alert, NOON);
  return alert.id;
}

it("lists alerts by state, with their words and deliveries, and shows one", async () => {
  const id = await raise("h1");
  const { body } = await api.ask("GET", "/api/v1/alerts");
  expect(body.alerts).toMatchObject([{ id, severity: "critical", title: "A call of tenant h1 cost more than was held for it" }]);
  expect(body.alerts[0].deliveries.map((one: { channel: string; phase: string }) => `${one.channel} ${one.phase}`)).toEqual([
    "ops raised",
    "log escalated-1",
  ]);
  expect((await api.ask("GET", `/api/v1/alerts/${id}`)).body.alert.id).toBe(id);
  for (const state of ["acknowledged", "resolved", "dead"]) {
    expect((await api.ask("GET", `/api/v1/alerts?state=${state}`)).body.alerts).toEqual([]);
  }
  expect((await api.ask("GET", "/api/v1/alerts?state=gone")).status).toBe(400);
  expect((await api.ask("GET", "/api/v1/alerts/nothing")).status).toBe(404);
});

it("acknowledges once, stops the escalation, and leaves an audit entry", async () => {
  const id = await raise("h1");
  const { body } = await api.ask("POST", `/api/v1/alerts/${id}/ack`, { body: { reason: "Ann looks at it" } });
  expect(body.alert).toMatchObject({ acknowledged_by: "admin", deliveries: [{ channel: "ops" }] });
  expect((await api.ask("POST", `/api/v1/alerts/${id}/ack`)).status).toBe(200);
  expect(await store.audit(10)).toMatchObject([{ action: "alert.ack", target: id, reason: "Ann looks at it" }]);
  expect((await api.ask("POST", "/api/v1/alerts/nothing/ack")).status).toBe(404);
});

it("lists what was given up and sends it again", async () => {
  const id = await raise("h1");
  await raise("h2");
  await store.alerts.markFailed({ alertId: id, channel: "ops", phase: "raised" }, { attempts: 12, dueAt: null, error: "answered 500" });
  const dead = (await api.ask("GET", "/api/v1/alerts?state=dead")).body.alerts;
  expect(dead.map((alert: { id: string }) => alert.id)).toEqual([id]);
  const { text } = await api.ask("GET", "/metrics");
  expect([text.includes("ballast_alerts_dead 1"), text.includes("ballast_alerts_waiting 3")]).toEqual([true, true]);
  expect(dead[0].deliveries[0]).toMatchObject({ state: "dead", due_at: null, error: "answered 500" });
  expect((await api.ask("POST", `/api/v1/alerts/${id}/replay`, { body: { channel: "nowhere" } })).body).toMatchObject({
    code: "invalid_request",
    allowed: ["ops", "log"],
  });
  expect((await api.ask("POST", `/api/v1/alerts/${id}/replay`)).body).toMatchObject({ replayed: 1 });
  expect((await api.ask("POST", `/api/v1/alerts/${id}/replay`)).body).toMatchObject({ replayed: 0 });
  expect(await store.audit(10)).toMatchObject([{ action: "alert.replay", target: id, after: "all channels" }]);
});

it("sends a test to a channel that there is, and only for an admin", async () => {
  const { status, body } = await api.ask("POST", "/api/v1/alerts/test", { body: { channel: "ops" } });
  expect([status, body.alert.deliveries.length, body.alert.deliveries[0].state]).toEqual([202, 1, "waiting"]);
  expect(await store.audit(10)).toMatchObject([{ action: "alert.test", after: "ops" }]);
  expect((await api.ask("POST", "/api/v1/alerts/test", { body: { channel: "opps" } })).status).toBe(400);
  for (const path of ["/api/v1/alerts/test", "/api/v1/alerts/x/ack", "/api/v1/alerts/x/replay"]) {
    expect((await api.ask("POST", path, { body: { channel: "ops" }, token: null })).status).toBe(401);
  }
});
