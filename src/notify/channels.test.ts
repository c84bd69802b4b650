import { createHmac } from "node:crypto";
import { Value } from "typebox/value";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alertEvent } from "../contract/alert-event-contract.ts";
import type { AlertFacts, AlertPhase, AlertRecord } from "../core/alerts/alert.ts";
import { alertMessage } from "./alert-event.ts";
import type { Channel, ChannelSettings } from "./channel.ts";
import { openChannel } from "./channel-list.ts";
import { AT, aMailServer, aReceiver, aRecord, crossing, type MailServer, type Receiver, WINDOW } from "./notify-test-kit.ts";

const SETTINGS = { source: "/ballast", runbooks: "https://docs.example.com/runbooks" };
const KEY = Buffer.alloc(32, 7);
const place = { name: "ops", quietHours: undefined, timeoutMs: 500 };
const nobody = { info() {}, warn() {}, error() {} };
const EVERY_KIND: AlertFacts[] = [
  crossing(100),
  { ...crossing(100), kind: "budget_overrun", overrunUsd: "3.5", cause: "track" } as AlertFacts,
  { kind: "hold_exceeded", tenant: "acme", holdId: "h1", heldUsd: "1", costUsd: "2" },
  { kind: "unknown_usage_unit", provider: "acme", model: "m", unit: "usage.foo_seconds", holdId: "h1", heldUsd: "1" },
  {
    ...{ kind: "runaway_spend", tenant: "acme", who: "run", name: "r-1", spentUsd: "12.5", usualUsd: "1", limitUsd: "10" },
    ...{ factor: 10, windowMs: 300_000, throttled: true },
  } as AlertFacts,
  { kind: "holds_in_doubt", holds: 3, inDoubtUsd: "1.25", oldestAt: AT },
  { kind: "test", channel: "ops" },
];

let receiver: Receiver;
let mail: MailServer;
let channel: Channel | undefined;
beforeEach(async () => {
  receiver = await aReceiver();
  mail = await aMailServer();
});
afterEach(async () => {
  channel?.close();
  channel = undefined;
  await Promise.all([receiver.close(), mail.close()]);
});

function send(settings: ChannelSettings, alert: AlertRecord, phase: AlertPhase = "raised", stop = new AbortController()) {
  channel = openChannel(settings, nobody);
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(settings.timeoutMs)]);
  return channel.send(alertMessage(alert, phase, SETTINGS), signal, AT);
}
const webhook = (): ChannelSettings => {
  return {
    ...place,
    kind: "webhook",
    url: `${receiver.url}/in`,
    signingKey: `whsec_${KEY.toString("base64")}`,
    headers: { "x-team": "f" },
  };
};
const email = (more: object = {}): ChannelSettings => {
  const server = { host: "127.0.0.1", port: mail.port, tls: "none", login: undefined } as const;
  return { ...place, kind: "email", ...server, from: "ballast@example.com", to: ["a@example.com", "b@example.com"], ...more };
};

describe("an event", () => {
  it("is CloudEvents 1.0 of the published shape, for every kind of alert and phase", () => {
    for (const facts of EVERY_KIND) {
      const alert = aRecord(facts, { resolvedAt: AT + 5, resolvedWhy: "back_below" });
      for (const phase of ["raised", "escalated-2", "resolved"] as const) {
        const { event } = alertMessage(alert, phase, SETTINGS);
        expect([...Value.Errors(alertEvent, event)]).toEqual([]);
        expect(event.id).toBe(`${alert.id}-${phase}`);
      }
    }
    const types = EVERY_KIND.map((facts) => alertMessage(aRecord(facts), "raised", SETTINGS).event.type);
    expect(types).toEqual([
      "BudgetThresholdCrossed",
      "BudgetOverrun",
      "HoldExceeded",
      "UnknownUsageUnit",
      "RunawaySpend",
      "HoldsInDoubt",
      "AlertTest",
    ]);
    expect(alertMessage(aRecord(crossing(80)), "resolved", SETTINGS).event.type).toBe("AlertResolved");
    expect(alertMessage(aRecord(crossing(80)), "escalated-1", SETTINGS).event.type).toBe("AlertEscalated");
  });
});

describe("the webhook channel", () => {
  it("posts the event, signed over id, time and body as Standard Webhooks has it", async () => {
    expect(await send(webhook(), aRecord(crossing(100)))).toEqual({ outcome: "sent" });
    const [{ headers, body, path } = { headers: {}, body: "", path: "" }] = receiver.got;
    expect([path, headers["content-type"], headers["x-team"]]).toEqual(["/in", "application/cloudevents+json; charset=utf-8", "f"]);
    expect(headers["webhook-timestamp"]).toBe(String(AT / 1000));
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", KEY).update(signed).digest("base64")}`);
    expect(JSON.parse(body)).toMatchObject({
      specversion: "1.0",
      type: "BudgetThresholdCrossed",
      id: headers["webhook-id"],
      subject: "tenant=acme",
    });
  });

  it("tells a refusal, patience asked for, silence and a closed door apart, without a word of the other side", async () => {
    receiver.answer = 503;
    receiver.answerHeaders = { "retry-after": "7" };
    expect(await send(webhook(), aRecord(crossing(80)))).toEqual({
      outcome: "failed",
      error: "answered 503",
      forGood: false,
      retryAfterMs: 7000,
    });
    receiver.answer = 410;
    expect(await send(webhook(), aRecord(crossing(80)))).toMatchObject({ error: "answered 410", forGood: true });
    receiver.answer = "hang";
    expect(await send(webhook(), aRecord(crossing(80)))).toMatchObject({ error: "no answer in time", forGood: false });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    expect(await send(webhook(), aRecord(crossing(80)), "raised", stop)).toMatchObject({ outcome: "failed", error: "stopped" });
    const gone = await aReceiver();
    await gone.close();
    expect(await send({ ...webhook(), url: gone.url } as ChannelSettings, aRecord(crossing(80)))).toMatchObject({ error: "ECONNREFUSED" });
  });

  it("follows no redirect", async () => {
    const elsewhere = await aReceiver();
    receiver.answer = 307;
    receiver.answerHeaders = { location: elsewhere.url };
    expect(await send(webhook(), aRecord(crossing(80)))).toMatchObject({ error: "answered 307", forGood: false });
    expect(elsewhere.got).toEqual([]);
    await elsewhere.close();
  });
});

describe("the Slack channel", () => {
  it("says in blocks what happened, what to do first, where the runbook is and how to acknowledge", async () => {
    await send({ ...place, kind: "slack", url: receiver.url }, aRecord(crossing(100)));
    const { text, blocks } = JSON.parse(receiver.got[0]!.body);
    expect(text).toContain("🚨 Budget tenant=acme reached 100 %. $100.00 of $100.00 are spent");
    expect(blocks.map(({ type }: { type: string }) => type)).toEqual(["header", "section", "section", "context"]);
    expect(JSON.stringify(blocks)).toContain("<https://docs.example.com/runbooks/budget-threshold-crossed.md|Runbook>");
    expect(JSON.stringify(blocks)).toContain("ballast alert ack 0123456789abcdef01234567");
  });

  it("keeps names from becoming mentions or links, and within Slack's lengths", async () => {
    const facts = crossing(80, `<!channel>&${"x".repeat(4000)}`);
    await send({ ...place, kind: "slack", url: receiver.url }, aRecord(facts, { resolvedAt: AT, resolvedWhy: "back_below" }), "resolved");
    const { text, blocks } = JSON.parse(receiver.got[0]!.body);
    expect(text).not.toContain("<!channel>");
    expect(blocks[0].text.text.length).toBeLessThanOrEqual(150);
    for (const block of blocks) expect((block.text?.text ?? "").length).toBeLessThanOrEqual(3000);
    expect(JSON.stringify(blocks)).not.toContain("alert ack");
  });
});

describe("the Alertmanager channel", () => {
  const settings = (): ChannelSettings => ({ ...place, kind: "alertmanager", url: `${receiver.url}/`, headers: {} });
  const sent = () => receiver.got.map(({ body }) => JSON.parse(body)[0]);

  it("posts labels that routes of the guide match, and the window's end as the alert's", async () => {
    await send(settings(), aRecord(crossing(100)));
    expect(receiver.got[0]!.path).toBe("/api/v2/alerts");
    expect(sent()[0]).toMatchObject({
      labels: {
        alertname: "AIBudgetExceeded",
        category: "finops",
        severity: "critical",
        tenant: "acme",
        budget: "tenant=acme",
        threshold: "100",
      },
      annotations: {
        summary: "Budget tenant=acme reached 100 %",
        runbook_url: "https://docs.example.com/runbooks/budget-threshold-crossed.md",
      },
      startsAt: "2026-11-21T12:00:00.000Z",
      endsAt: new Date(WINDOW.end).toISOString(),
    });
  });

  it("ends the alert under the same labels, also when an earlier phase comes late", async () => {
    await send(settings(), aRecord(crossing(80)));
    const over = { resolvedAt: AT + 60_000, resolvedWhy: "back_below" } as const;
    await send(settings(), aRecord(crossing(80), over), "raised");
    await send(settings(), aRecord(crossing(80), over), "resolved");
    expect(sent()[0].labels.alertname).toBe("AIBudgetWarning");
    expect(sent().map(({ labels }) => labels)).toEqual([sent()[0].labels, sent()[0].labels, sent()[0].labels]);
    expect(sent().map(({ endsAt }) => endsAt)).toEqual([
      new Date(WINDOW.end).toISOString(),
      "2026-11-21T12:01:00.000Z",
      "2026-11-21T12:01:00.000Z",
    ]);
  });
});

describe("the e-mail channel", () => {
  it("sends a mail to everybody, under a Message-ID that a redelivery has too", async () => {
    const login = { user: "ballast", password: "mail-secret" };
    expect(await send(email({ login }), aRecord(crossing(80)))).toEqual({ outcome: "sent" });
    expect(await send(email({ login }), aRecord(crossing(80)))).toEqual({ outcome: "sent" });
    expect(mail.logins[0]).toBe("ballast mail-secret");
    expect(mail.mails.map(({ from, to }) => [from, to.join()])).toEqual([
      ["ballast@example.com", "a@example.com,b@example.com"],
      ["ballast@example.com", "a@example.com,b@example.com"],
    ]);
    const ids = mail.mails.map(({ text }) => /^Message-ID: (.*)$/im.exec(text)?.[1]);
    expect(ids).toEqual(["<0123456789abcdef01234567-raised@ballast>", "<0123456789abcdef01234567-raised@ballast>"]);
    expect(mail.mails[0]!.text).toContain("Subject: [warning] Budget tenant=acme reached 80 %");
    expect(mail.mails[0]!.text.replaceAll("=\n", "")).toContain("ballast alert ack 0123456789abcdef01234567");
  });

  it("tells a refusal for good from one for now, and never says the password", async () => {
    mail.rcptAnswer = "550 no such mailbox";
    expect(await send(email(), aRecord(crossing(80)))).toEqual({ outcome: "failed", error: "EENVELOPE 550", forGood: true });
    mail.rcptAnswer = "250 ok";
    mail.dataAnswer = "451 later";
    expect(await send(email(), aRecord(crossing(80)))).toEqual({ outcome: "failed", error: "EMESSAGE 451", forGood: false });
  });

  it("sends nothing in the clear when encryption is demanded", async () => {
    const login = { user: "ballast", password: "mail-secret" };
    expect(await send(email({ tls: "starttls", login }), aRecord(crossing(80)))).toMatchObject({ outcome: "failed", forGood: false });
    expect([mail.logins, mail.mails]).toEqual([[], []]);
  });
});
