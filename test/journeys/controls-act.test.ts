import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ControlsAnswer, LeversAnswer, PostmortemsAnswer } from "../../src/contract/controls-contract.ts";
import { BallastProcess } from "./ballast-process.ts";

/* The real program with a real policy: spending turns levers, slow answers turn them back, a restart forgets nothing. */
const SUBJECT = "use_case:ops";
const CALLS = 110;
const POLICY = `
version: 1
use_cases:
  - id: ops
    monthly_cap_usd: 0.13
    thresholds:
      - { pct: 75%, actions: ["notify:#finops", "depth_k=max(4)", "truncate_response_p95=350"] }
      - { pct: 100%, actions: [require_exec_approval, postmortem_required] }
    exclusions: [{ reason: security_fix, approver: VP Platform }]
    guardrails: { p95_latency_ms: 900, grounded: off }
    pace: { probation: 1h, cool_down: 1s, least_samples: 20 }
`;

interface ToldEvent {
  readonly type: string;
  readonly data: { readonly facts: Record<string, unknown> };
}

interface AuditAnswer {
  readonly audit: readonly { action: string; actor: string; target: string; reason: string; before: string | null; after: string | null }[];
}

describe("policies in the running server", () => {
  const told: ToldEvent[] = [];
  let hook: Server;
  let ballast: BallastProcess;
  let secret = "";

  beforeAll(async () => {
    hook = createServer(async (request, response) => {
      let body = "";
      for await (const piece of request.setEncoding("utf8")) body += piece;
      told.push(JSON.parse(body) as ToldEvent);
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    ballast = new BallastProcess(
      [
        'providers: [{ name: openai, kind: sim, price_list: openai, models: ["gpt-*"] }]',
        "controls: { policies: [policies.yaml] }",
        "notify:",
        "  channels:",
        `    - { name: finops, kind: webhook, url: "${url}", signing_key: "whsec_${Buffer.alloc(32, 5).toString("base64")}" }`,
        "  routes: [{ channels: [finops] }]",
        "telemetry: { log_level: warn }",
      ].join("\n"),
    );
    writeFileSync(join(ballast.folder, "policies.yaml"), POLICY);
    await ballast.start();
    const key = { name: "k", scope: { tenant: "acme", use_case: "ops" } };
    secret = (await ballast.api<{ secret: string }>("POST", "/api/v1/keys", key)).secret;
  });
  afterAll(async () => {
    await ballast.remove();
    hook.closeAllConnections();
    hook.close();
  });

  async function until(what: string, isSo: () => Promise<boolean> | boolean, withinMs = 45_000): Promise<number> {
    const begun = performance.now();
    while (performance.now() - begun < withinMs) {
      if (await isSo()) return performance.now() - begun;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`not within ${withinMs} ms: ${what}\n${JSON.stringify(await controls())}\n${ballast.output}`);
  }

  async function call(ttftMs: number): Promise<number> {
    const content = `hello [[sim {"out": 100, "ttft_ms": ${ttftMs}}]]`;
    const answer = await fetch(`${ballast.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }] }),
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  async function traffic(calls: number, ttftMs: number): Promise<void> {
    for (let done = 0; done < calls; done += 10) {
      const statuses = await Promise.all(Array.from({ length: 10 }, () => call(ttftMs)));
      expect(statuses).toEqual(statuses.map(() => 200));
    }
  }

  const controls = () => ballast.api<ControlsAnswer>("GET", "/api/v1/controls");
  const levers = async () =>
    Object.fromEntries((await ballast.api<LeversAnswer>("GET", "/api/v1/levers")).levers.map(({ lever, text }) => [lever, text]));
  const audit = async () => (await ballast.api<AuditAnswer>("GET", "/api/v1/audit?limit=1000")).audit;
  const toldOf = (type: string) => told.filter((event) => event.type === type).map(({ data }) => data.facts);

  it("turn levers as the cap is used up, and tell the channel that the policy names", async () => {
    await traffic(CALLS, 0);
    await until("the levers are turned", async () => (await levers()).depth_k === "8");
    expect(await levers()).toEqual({ depth_k: "8", response_cap_tokens: "700" });
    const { subjects } = await controls();
    const [subject] = subjects;
    const [budget] = (
      await ballast.api<{ budgets: { id: string; account: { spent_usd: string } }[] }>("GET", "/api/v1/budgets")
    ).budgets.filter(({ id }) => id === "slo:use_case:ops");
    expect(subject).toMatchObject({ subject: SUBJECT, budget: "slo:use_case:ops", spent_usd: budget!.account.spent_usd });
    expect(subject!.policies[0]!.thresholds).toMatchObject([
      { threshold: "policies.yaml@0.75", percent: 75, reached: true },
      { threshold: "policies.yaml@1", percent: 100, reached: false },
    ]);
    expect(subject!.burn_percent).toBeGreaterThanOrEqual(75);
    await until("the channel has heard", () => toldOf("ControlThresholdReached").length === 1 && toldOf("LeverChanged").length === 2);
    expect(toldOf("ControlThresholdReached")[0]).toMatchObject({ subject: SUBJECT, percent: 75, channel: "#finops" });
    expect(toldOf("LeverChanged").map(({ lever, from, to, cause }) => [lever, from, to, cause])).toEqual([
      ["response_cap_tokens", "off", "700", "apply"],
      ["depth_k", "off", "8", "apply"],
    ]);
  });

  it("keep their levers over a restart", async () => {
    const before = await levers();
    await ballast.kill("SIGTERM");
    await ballast.start();
    expect(await levers()).toEqual(before);
  });

  it("turn levers back when answers become slow, page somebody, and open the postmortem of a used-up cap", async () => {
    await traffic(CALLS, 1100);
    const tookMs = await until("the levers are back", async () => Object.keys(await levers()).every((lever) => lever === "exec_approval"));
    expect(tookMs).toBeLessThan(60_000);
    await until("somebody is paged", () => toldOf("GuardrailBroken").length > 0);
    expect(toldOf("GuardrailBroken")[0]).toMatchObject({ subject: SUBJECT, levers: ["response_cap_tokens", "depth_k"] });
    await until("approval is asked for", () => toldOf("ApprovalAsked").length === 1);
    const [postmortem] = (await ballast.api<PostmortemsAnswer>("GET", "/api/v1/postmortems")).postmortems;
    expect(postmortem).toMatchObject({ subject: SUBJECT, threshold: "policies.yaml@1", state: "open", cap_usd: "0.13" });
    const closed = await ballast.api<{ postmortem: { state: string } }>("POST", `/api/v1/postmortems/${postmortem!.id}`, {
      text: "A loop in the nightly job.",
      closed_by: "Ada",
    });
    expect(closed.postmortem.state).toBe("closed");
    // Those that broke a guardrail are left alone, and it is said so.
    const [subject] = (await controls()).subjects;
    const heldOff = subject!.levers.filter(({ held_off_until }) => held_off_until !== null).map(({ lever }) => lever);
    expect(heldOff).toEqual(["response_cap_tokens", "depth_k"]);
  });

  it("are stopped at once and for good, also over a restart, until they are resumed", async () => {
    await until("approval is a lever", async () => (await levers()).exec_approval === "on");
    expect(await ballast.api("POST", "/api/v1/controls/stop", { reason: "drill" })).toMatchObject({ changed: true });
    expect(await levers()).toEqual({});
    await ballast.kill("SIGKILL");
    await ballast.start();
    await traffic(10, 0);
    expect((await controls()).stopped).toMatchObject({ by: "admin", reason: "drill" });
    expect(await levers()).toEqual({});
    expect(await ballast.api("POST", "/api/v1/controls/resume")).toMatchObject({ changed: true, stopped: null });
    await until("they go on", async () => (await levers()).exec_approval === "on");
  });

  it("leave an audit log that says who did what and why, and whose chain is whole", async () => {
    const rows = (await audit()).filter(({ target, action }) => target.startsWith(SUBJECT) || action.startsWith("controls."));
    const applied = rows.filter(({ action }) => action === "lever.apply").reverse();
    expect(applied[0]).toMatchObject({ actor: "controller", target: `${SUBJECT}/response_cap_tokens`, before: "off", after: "700" });
    expect(applied[0]!.reason).toMatch(
      /^policies\.yaml@0\.75 towards 350; spent 0\.\d+ USD; p95_latency_ms [\d.]+ against 900, error_rate 0 against 0\.01; on probation until /,
    );
    const broke = rows.filter(({ action, reason }) => action === "lever.revert" && reason.startsWith("guardrail: p95_latency_ms"));
    expect(broke.map(({ target, after }) => [target, after])).toEqual([
      [`${SUBJECT}/depth_k`, "off"],
      [`${SUBJECT}/response_cap_tokens`, "off"],
    ]);
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["controls.stop", "controls.resume", "threshold.reached", "controls.page"]),
    );
    // What is turned now is what the log says: each change begins where the one before it ended.
    const values = new Map<string, string>();
    for (const { action, target, before, after } of [...rows].reverse()) {
      if (action !== "lever.apply" && action !== "lever.revert") continue;
      expect([target, before]).toEqual([target, values.get(target) ?? "off"]);
      values.set(target, after!);
    }
    expect(
      Object.fromEntries([...values].filter(([, value]) => value !== "off").map(([target, value]) => [target.split("/")[1], value])),
    ).toEqual(await levers());
    expect(await ballast.api("POST", "/api/v1/verify")).toMatchObject({ ok: true, findings: [] });
  });
});
