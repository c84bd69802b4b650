import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ControlsAnswer, LeversAnswer } from "../../src/contract/controls-contract.ts";
import { openChdbWarehouse } from "../../src/data/warehouse/chdb-warehouse.ts";
import { BallastProcess } from "./ballast-process.ts";

/* Ticks come half a minute apart, and each step below waits for one. */
const LONG_MS = 240_000;
/* The real program: ratings turn routing back, and hours of spending that were seen before make a forecast threshold act and pace p2. */
const HOUR_MS = 3_600_000;
const CALLS = 30;
const POLICY = `
version: 1
use_cases:
  - id: desk
    monthly_cap_usd: 0.03
    thresholds: [{ pct: 50%, actions: ["route_small_model>=25%"] }]
    pace: { probation: 1h, cool_down: 1s, least_samples: 20 }
  - id: soon
    monthly_cap_usd: 1
    forecast: [{ exhausted_within: 24h, actions: [protect_p0, "depth_k=max(8)"] }]
    guardrails: { grounded: off }
    pace: { probation: 1h, cool_down: 1s, least_samples: 20 }
`;

describe("what the running server measures", () => {
  let ballast: BallastProcess;
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    ballast = new BallastProcess(
      [
        'providers: [{ name: openai, kind: sim, price_list: openai, models: ["gpt-*"] }]',
        "model_sizes: [{ small: gpt-4o-mini, large: gpt-4o }]",
        "controls: { policies: [policies.yaml], holdout: 0% }",
        "telemetry: { log_level: warn }",
      ].join("\n"),
    );
    writeFileSync(join(ballast.folder, "policies.yaml"), POLICY);
    await spentBefore();
    await ballast.start();
    for (const use_case of ["desk", "soon"]) {
      const key = { name: use_case, scope: { tenant: "acme", use_case } };
      secrets.set(use_case, (await ballast.api<{ secret: string }>("POST", "/api/v1/keys", key)).secret);
    }
  });
  afterAll(() => ballast.remove());

  /** Six whole hours at a rate that ends the cap of `soon` within seconds, as traces of calls that were made before this server started. */
  async function spentBefore(): Promise<void> {
    const warehouse = await openChdbWarehouse({ dir: join(ballast.folder, "data", "warehouse") });
    const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const traces = Array.from({ length: 6 }, (_, index) => ({
      ...{ use_case_id: "soon", tenant: "before", model_id: "gpt-4o", provider: "openai", requested_model: "gpt-4o", operation: "chat" },
      ...{ outcome: "complete", cost_basis: "measured", status_code: 200, latency_ms: 100, unit_cost_usd: "1000", priority: "p2" },
      ...{ trace_id: `before-${index}`, ts: new Date(hour - (index + 1) * HOUR_MS).toISOString() },
    }));
    expect(await warehouse.insertTraces(traces.map((trace) => JSON.stringify(trace)))).toMatchObject({ accepted: 6 });
    await warehouse.close();
  }

  async function call(useCase: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`${ballast.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secrets.get(useCase)}`, "content-type": "application/json", ...headers },
      body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: 'hello [[sim {"out": 60}]]' }] }),
    });
    await answer.arrayBuffer();
    return answer;
  }

  /** @returns the trace ids of the calls */
  async function traffic(useCase: string): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: CALLS }, () => call(useCase)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    return answers.map(({ headers }) => headers.get("x-ballast-trace-id")!);
  }

  async function rate(traceIds: readonly string[], score: number, words: string): Promise<void> {
    const ratings = traceIds.map((trace_id) => ({ id: `${words} ${trace_id}`, trace_id, name: "groundedness", score, source: "judge" }));
    const answer = await fetch(`${ballast.url}/api/v1/feedback`, {
      method: "POST",
      headers: { authorization: `Bearer ${secrets.get("desk")}`, "content-type": "application/json" },
      body: JSON.stringify({ ratings }),
    });
    expect(await answer.json()).toMatchObject({ accepted: ratings.length });
  }

  async function until(what: string, isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
    const begun = performance.now();
    while (performance.now() - begun < withinMs) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`not within ${withinMs} ms: ${what}\n${JSON.stringify(await subjects())}\n${ballast.output}`);
  }

  const subjects = async () => (await ballast.api<ControlsAnswer>("GET", "/api/v1/controls")).subjects;
  const subject = async (useCase: string) => (await subjects()).find(({ subject: name }) => name === `use_case:${useCase}`)!;
  const signal = async (useCase: string, name: string) => (await subject(useCase)).signals.find((each) => each.signal === name);
  const levers = async (useCase: string) => {
    const { levers: all } = await ballast.api<LeversAnswer>("GET", "/api/v1/levers");
    return Object.fromEntries(all.filter((each) => each.subject === `use_case:${useCase}`).map(({ lever, text }) => [lever, text]));
  };
  const audit = async () =>
    (await ballast.api<{ audit: { action: string; target: string; reason: string }[] }>("GET", "/api/v1/audit?limit=1000")).audit;

  it(
    "waits for ratings before it routes, and turns routing back when answers since then are rated below 4.2",
    async () => {
      const before = await traffic("desk");
      await until("routing waits for groundedness", async () =>
        (await subject("desk")).held.some(({ what, detail }) => what === "small_model_share" && detail.includes("grounded is missing")),
      );
      await rate(before, 4.8, "before");
      await until("routing is turned", async () => (await levers("desk")).small_model_share !== undefined);
      // Late ratings of calls from before say nothing of the lever, and there are none yet of those since.
      const after = await traffic("desk");
      await rate(before, 1, "late");
      await until("only calls since the lever count", async () => (await signal("desk", "grounded")) === undefined);
      await rate(after, 4.1, "after");
      await until("routing is turned back", async () => (await levers("desk")).small_model_share === undefined);
      const revert = (await audit()).find(
        ({ action, target }) => action === "lever.revert" && target === "use_case:desk/small_model_share",
      );
      expect(revert!.reason).toMatch(/^guardrail: grounded 4\.1 against 4\.2; held off until /);
    },
    LONG_MS,
  );

  it(
    "acts on a cap that is forecast to be spent before long, and paces p2 for it, never p0",
    async () => {
      expect(await signal("soon", "exhaustion")).toMatchObject({ unit: "hours", samples: 1 });
      expect((await signal("soon", "exhaustion"))!.value).toBeLessThan(0.01);
      await traffic("soon");
      await until("the threshold's levers are turned", async () => {
        const { pace_p2, depth_k } = await levers("soon");
        return pace_p2 !== undefined && depth_k === "8";
      });
      expect((await subject("soon")).policies[0]!.thresholds).toContainEqual({
        ...{ threshold: "policies.yaml@1d", percent: null, within_hours: 24, reached: true },
      });
      const statuses: number[] = [];
      for (let number = 0; number < 8; number++) statuses.push((await call("soon", { "x-ballast-priority": "p2" })).status);
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2);
      for (let number = 0; number < 4; number++) expect((await call("soon", { "x-ballast-priority": "p0" })).status).toBe(200);
      const metrics = await (await fetch(`${ballast.url}/metrics`)).text();
      const paced = statuses.filter((status) => status === 429).length;
      expect(metrics).toContain(`ballast_lever_refusals_total{code="paced",use_case="soon"} ${paced}\n`);
      expect(metrics).toContain(`ballast_lever_calls_total{lever="pace_p2",use_case="soon"} ${paced}\n`);
      // The ledger rightly misses what was put into the warehouse behind its back, and nothing else.
      const { findings } = await ballast.api<{ findings: string[] }>("POST", "/api/v1/verify");
      expect(findings.filter((finding) => !finding.includes(" for before,"))).toEqual([]);
    },
    LONG_MS,
  );
});
