import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AlertRoute } from "../core/alerts/alert-routing.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { usd } from "../core/money/usd.ts";
import { openSqliteLedgerStore } from "../data/store/sqlite-ledger-store.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { Channel, ChannelSettings } from "./channel.ts";
import { openChannels } from "./channel-list.ts";
import { deliverAlerts } from "./deliver-alerts.ts";
import { AT, aMailServer, aReceiver, type MailServer, type Receiver, WINDOW } from "./notify-test-kit.ts";
import { takeAlerts } from "./take-alerts.ts";
import { watchAlerts } from "./watch-alerts.ts";

/* From a booking to a person, over the real store and real servers, with a clock that the test turns. */
const HOUR_MS = 3_600_000;
const retry = { attempts: 3, firstDelayMs: 1000, longestDelayMs: 60_000 };
const event = { source: "/ballast", runbooks: "docs/runbooks" };
const change = { actor: "admin", action: "budget.set", target: "b", reason: "", before: null, after: null };
const KEY = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const PASSWORD = "mail-password-4711";

let folder: string;
let store: LedgerStore;
let now: number;
let hook: Receiver;
let slack: Receiver;
let alertmanager: Receiver;
let mail: MailServer;
let channels: Channel[];
let routes: AlertRoute[];
let logged: string[];
let requests = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ballast-notify-"));
  now = AT;
  logged = [];
  [hook, slack, alertmanager, mail] = [await aReceiver(), await aReceiver(), await aReceiver(), await aMailServer()];
  const base = { quietHours: undefined, timeoutMs: 300 };
  const smtp = { host: "127.0.0.1", port: mail.port, tls: "none", login: { user: "u", password: PASSWORD } } as const;
  const settings: ChannelSettings[] = [
    {
      ...base,
      name: "hook",
      kind: "webhook",
      url: `${hook.url}/path-secret-1`,
      signingKey: KEY,
      headers: { authorization: "Bearer header-secret-2" },
    },
    { ...base, name: "ops", kind: "slack", url: `${slack.url}/services/slack-secret-3` },
    { ...base, name: "am", kind: "alertmanager", url: alertmanager.url, headers: {} },
    { ...base, name: "lead", kind: "email", ...smtp, from: "b@example.com", to: ["lead@example.com"] },
    { ...base, name: "boss", kind: "email", ...smtp, from: "b@example.com", to: ["boss@example.com"] },
  ];
  const line = (level: string) => (facts: object, words: string) => logged.push(`${level} ${words} ${JSON.stringify(facts)}`);
  channels = openChannels(settings, { info: line("info"), warn: line("warn"), error: line("error") });
  routes = [aRoute({ channels: ["hook"] })];
  await open();
  await store.putBudget(aBudget("100"), change);
});
afterEach(async () => {
  for (const channel of channels) channel.close();
  await Promise.all([store.close(), hook.close(), slack.close(), alertmanager.close(), mail.close()]);
  rmSync(folder, { recursive: true, force: true });
});

function aRoute(more: Partial<AlertRoute>): AlertRoute {
  return { severities: [], scope: {}, budgets: [], channels: ["hook"], escalation: [], ...more };
}

function aBudget(limit: string): Budget {
  const limits = { limitNano: usd(limit), window: "month", zone: "UTC", hard: true, onShort: "deny", warnPercent: 80 } as const;
  const stamps = { origin: "api", createdAt: AT, updatedAt: AT } as const;
  return { ...limits, ...stamps, id: "tenant=acme", selector: { tenant: "acme" }, covers: "all", thresholds: [50, 80, 100] };
}

async function open(): Promise<void> {
  store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: now }, () => now);
}

async function spend(amount: string): Promise<void> {
  const wants = [{ budgetId: "tenant=acme", window: WINDOW }];
  const tokens = { inputTokens: 1, outputTokens: 1, fingerprint: "f", trace: "{}" };
  await store.track({ requestId: `r${++requests}`, at: now, tenant: "acme", wants, create: [], amountNano: usd(amount), ...tokens });
}

const nobodyStops = new AbortController().signal;
function parts(over: LedgerStore = store) {
  const line = (level: string) => (facts: object, words: string) => logged.push(`${level} ${words} ${JSON.stringify(facts)}`);
  const log = { info: line("info"), warn: line("warn"), error: line("error") };
  return { alerts: over.alerts, retry, event, now: () => now, random: () => 0.5, log };
}

/** One turn of every job. */
async function turn(): Promise<void> {
  await takeAlerts(store, routes, () => now);
  await watchAlerts({ store, channels, routes, keepDays: 400, now: () => now });
  await Promise.all(channels.map((channel) => deliverAlerts(channel, parts(), nobodyStops)));
}

const titles = (receiver: Receiver) => receiver.got.map(({ body }) => JSON.parse(body).data.title);

describe("from a booking to a person", () => {
  it("tells each threshold of a budget once a window, however often the jobs run", async () => {
    await spend("85");
    await turn();
    await turn();
    await spend("1");
    await turn();
    expect(titles(hook).sort()).toEqual(["Budget tenant=acme reached 50 %", "Budget tenant=acme reached 80 %"]);
    expect(await store.readOutbox("alert", 10)).toEqual([]);
  });

  it("loses nothing to a crash between sending and noting it, and sends it again under the same id", async () => {
    await spend("85");
    await takeAlerts(store, routes, () => now);
    const dying = { ...store.alerts, markSent: () => Promise.reject(new Error("the process died here")) };
    const channel = channels[0]!;
    await expect(deliverAlerts(channel, { ...parts(), alerts: dying }, nobodyStops)).rejects.toThrow("died");
    await (store as unknown as { crash(): Promise<void> }).crash();
    await open();
    await turn();
    const ids = hook.got.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(2);
    await turn();
    expect(hook.got).toHaveLength(3);
  });

  it("loses nothing to a crash before the alerts have left the outbox", async () => {
    await spend("85");
    await (store as unknown as { crash(): Promise<void> }).crash();
    await open();
    await turn();
    expect(hook.got).toHaveLength(2);
  });

  it("keeps going where a channel is down: others hear at once, it hears later, and what is given up can be replayed", async () => {
    routes = [aRoute({ channels: ["hook", "ops", "lead"] })];
    hook.answer = "hang";
    await spend("55");
    const begun = performance.now();
    await takeAlerts(store, routes, () => now);
    const slow = deliverAlerts(channels[0]!, parts(), nobodyStops);
    await deliverAlerts(channels[1]!, parts(), nobodyStops);
    await deliverAlerts(channels[3]!, parts(), nobodyStops);
    expect(performance.now() - begun).toBeLessThan(300);
    expect([slack.got.length, mail.mails.length]).toEqual([1, 1]);
    await slow;
    hook.answer = 500;
    for (let minute = 0; minute < 5; minute++) {
      now += 60_000;
      await turn();
    }
    expect(hook.got).toHaveLength(3);
    const [dead] = await store.alerts.list("dead", 10);
    expect(dead?.deliveries.find(({ channel }) => channel === "hook")).toMatchObject({ state: "dead", attempts: 3, error: "answered 500" });
    expect(logged.filter((line) => line.includes("given up"))).toHaveLength(1);
    hook.answer = 204;
    expect(await store.alerts.replay(dead!.id, "hook", now, change)).toBe(1);
    await turn();
    expect(new Set(hook.got.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(await store.alerts.list("dead", 10)).toEqual([]);
    expect(slack.got).toHaveLength(1);
  });

  it("goes to the log when no route takes it", async () => {
    routes = [aRoute({ severities: ["critical"] })];
    await spend("55");
    await turn();
    expect(hook.got).toEqual([]);
    expect(logged.filter((line) => line.includes("alert: Budget tenant=acme reached 50 %"))).toHaveLength(1);
  });

  it("escalates after half an hour and an hour, until somebody acknowledges", async () => {
    const escalation = [
      { afterMs: HOUR_MS / 2, channels: ["lead"] },
      { afterMs: HOUR_MS, channels: ["boss"] },
    ];
    routes = [aRoute({ severities: ["critical"], escalation })];
    await spend("100");
    await turn();
    now = AT + HOUR_MS / 2 - 1;
    await turn();
    expect(mail.mails).toHaveLength(0);
    now += 1;
    await turn();
    expect(mail.mails.map(({ to }) => to.join())).toEqual(["lead@example.com"]);
    const [alert] = await store.alerts.list("open", 1);
    await store.alerts.acknowledge(alert!.id, now, { ...change, action: "alert.ack" });
    now = AT + 2 * HOUR_MS;
    await turn();
    expect(mail.mails).toHaveLength(1);
  });

  it("holds what can wait until quiet hours end, and never what is critical", async () => {
    channels = channels.map((channel) => ({ ...channel, quietHours: { fromMinute: 11 * 60, toMinute: 13 * 60, zone: "UTC" } }));
    await spend("100");
    await turn();
    expect(titles(hook)).toEqual(["Budget tenant=acme reached 100 %"]);
    now = AT + HOUR_MS;
    await turn();
    expect(titles(hook)).toHaveLength(3);
  });

  it("says that a budget is fine again when its limit is raised, once, and ends every alert in Alertmanager", async () => {
    routes = [aRoute({ channels: ["hook", "am"] })];
    await spend("100");
    await turn();
    await store.putBudget(aBudget("180"), change);
    await turn();
    await turn();
    expect(titles(hook).filter((title) => title.startsWith("Over"))).toEqual(["Over: Budget tenant=acme reached 100 %"]);
    const ended = alertmanager.got.map(({ body }) => JSON.parse(body)[0]).filter(({ endsAt }) => Date.parse(endsAt) <= now);
    expect(ended.map(({ labels }) => labels.threshold).sort()).toEqual(["100", "80"]);
    expect((await store.alerts.list("open", 10)).map(({ facts }) => ("percent" in facts ? facts.percent : 0))).toEqual([50]);
  });

  it("says that a budget is fine again when its window ends", async () => {
    await spend("85");
    await turn();
    now = WINDOW.end;
    await turn();
    expect(titles(hook).filter((title) => title.startsWith("Over"))).toEqual(["Over: Budget tenant=acme reached 80 %"]);
    expect(await store.alerts.list("open", 10)).toEqual([]);
  });

  it("tells Alertmanager of open alerts again, since it forgets them with a restart, and people only once", async () => {
    routes = [aRoute({ channels: ["hook", "am"] })];
    await spend("55");
    for (let minute = 0; minute <= 12; minute++) {
      await turn();
      now += 60_000;
    }
    expect(hook.got).toHaveLength(1);
    expect(alertmanager.got).toHaveLength(3);
  });

  it("raises one alert while holds stay in doubt, and ends it with the last of them", async () => {
    const wants = [{ budgetId: "tenant=acme", window: WINDOW, missingNano: usd("2") }];
    await store.lease({ at: now, wants, create: [] });
    const accounts = [`tenant=acme@${new Date(WINDOW.start).toISOString()}`];
    const amounts = { heldNano: usd("2"), amountNano: usd("2"), inputTokens: 0, outputTokens: 0 };
    await store.end({ kind: "doubt", holdId: "h1", accounts, ...amounts, at: now, tenant: "acme", trace: "{}" });
    await turn();
    expect(hook.got).toEqual([]);
    now += 11 * 60_000;
    await turn();
    now += 60_000;
    await turn();
    expect(titles(hook)).toEqual(["1 hold is in doubt"]);
    await store.resolveDoubt({ holdId: "h1", amountNano: usd("1"), at: now, actor: "admin", reason: "bill" });
    await turn();
    expect(titles(hook)).toEqual(["1 hold is in doubt", "Over: 1 hold is in doubt"]);
  });

  it("gives up what waits for a channel that is no longer configured, and lists it", async () => {
    hook.answer = 500;
    await spend("55");
    await turn();
    channels = channels.filter(({ name }) => name !== "hook");
    await turn();
    expect((await store.alerts.list("dead", 10))[0]?.deliveries[0]).toMatchObject({ error: "this channel is no longer configured" });
  });

  it("sets a row aside that is no alert, and takes the others", async () => {
    const odd = { ...store, alerts: store.alerts, budgetsNamed: (ids: string[]) => store.budgetsNamed(ids) } as unknown as LedgerStore;
    const parked: { seq: number; reason: string }[] = [];
    const good = { type: "hold_exceeded", hold: "h", tenant: "acme", held_usd: "1", cost_usd: "2", at: now };
    Object.assign(odd, {
      readOutbox: async () => [
        { seq: 901, payload: "{not json" },
        { seq: 902, payload: JSON.stringify({ type: "budget_overrun", budget: "x" }) },
        { seq: 903, payload: JSON.stringify(good) },
      ],
      parkOutbox: async (rows: typeof parked) => parked.push(...rows),
    });
    await takeAlerts(odd, routes, () => now);
    expect(parked.map(({ seq }) => seq)).toEqual([901, 902]);
    await turn();
    expect(titles(hook)).toEqual(["A call of tenant acme cost more than was held for it"]);
  });

  it("tells a count that nobody reads once, and counts how often it came", async () => {
    const told = { type: "unknown_usage_unit", provider: "acme", model: "m", unit: "usage.foo_seconds", hold: "h", held_usd: "1", at: now };
    const again = { ...told, model: "another", hold: "h2", at: now + 3_600_000 };
    const rows = [told, again].map((payload, index) => ({ seq: 901 + index, payload: JSON.stringify(payload) }));
    const outbox = { ...store, alerts: store.alerts, budgetsNamed: async () => [], readOutbox: async () => rows } as unknown as LedgerStore;
    await takeAlerts(outbox, routes, () => now);
    await turn();
    expect(titles(hook)).toEqual(["acme counts something that has no price: usage.foo_seconds"]);
    const [alert] = await store.alerts.list("open", 10);
    expect(alert).toMatchObject({ times: 2, severity: "critical", scope: { provider: "acme" } });
  });

  it("tells somebody who runs away once, and counts how often it began again", async () => {
    const who = { tenant: "acme", who: "run", name: "nightly", spent_usd: "12.5", usual_usd: "1", limit_usd: "10", factor: 10 };
    const told = { type: "runaway_spend", ...who, window_ms: 300_000, throttled: true, at: now };
    const rows = [told, { ...told, at: now + 3_600_000 }].map((payload, index) => ({ seq: 911 + index, payload: JSON.stringify(payload) }));
    const outbox = { ...store, alerts: store.alerts, budgetsNamed: async () => [], readOutbox: async () => rows } as unknown as LedgerStore;
    await takeAlerts(outbox, routes, () => now);
    await turn();
    expect(titles(hook)).toEqual(["Run nightly of tenant acme spends many times what is usual"]);
    const [alert] = await store.alerts.list("open", 10);
    expect(alert).toMatchObject({ times: 2, severity: "critical", scope: { tenant: "acme" } });
  });

  it("never writes an address, a key, a header or a password into logs or rows", async () => {
    routes = [aRoute({ channels: ["hook", "ops", "lead", "log"] })];
    [hook.answer, slack.answer, mail.dataAnswer] = [500, 404, "554 no"];
    await spend("100");
    for (let minute = 0; minute < 6; minute++) {
      await turn();
      now += 60_000;
    }
    await Promise.all([hook.close(), slack.close()]);
    await spend("20");
    await turn();
    await store.close();
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), "latin1"));
    const all = [...files, ...logged].join("\n");
    expect(all).toContain("answered 500");
    for (const secret of ["path-secret-1", "header-secret-2", "slack-secret-3", KEY, KEY.slice(6), PASSWORD, "secret-in-answer"]) {
      expect([secret, all.includes(secret)]).toEqual([secret, false]);
    }
    await open();
  });
});
