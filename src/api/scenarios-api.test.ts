import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { testApi } from "./api-test-kit.ts";

const SAMPLE = new URL("../../samples/economics-scenarios.yaml", import.meta.url);

describe("POST /api/v1/scenarios", () => {
  it("answers with unit cost, run-rate, sensitivity and caps of the sample", async () => {
    const { ask } = await testApi();
    const { status, body } = await ask("POST", "/api/v1/scenarios", { body: parse(readFileSync(SAMPLE, "utf8")) });
    expect(status).toBe(200);
    const told = body.scenarios.map((one: { name: string; ucr_usd: string; run_rate_usd: string }) => [
      one.name,
      one.ucr_usd,
      one.run_rate_usd,
    ]);
    expect(told).toEqual([
      ["Optimistic", "0.0068", "8160"],
      ["Base", "0.0092", "7360"],
      ["Conservative", "0.0135", "6750"],
    ]);
    expect(body.scenarios[1].sensitivity[0]).toMatchObject({ figure: "monthly_volume", run_rate_high_usd: "8096" });
    expect(body.proposed_budgets).toMatchObject([{ scope: { use_case: "ops_copilot" }, limit_usd: "9000" }]);
  });

  it("takes prices from the price book, and ranges drawn by the seed", async () => {
    const { ask } = await testApi();
    const scenario = { name: "a", monthly_volume: { low: 1000, high: 3000 }, mix: { sonnet: 1 }, prompt_tokens: 1000, gen_tokens: 100 };
    const body = { models: { sonnet: { provider: "anthropic" } }, scenarios: [scenario], monte_carlo: { draws: 200, seed: 4 } };
    const answer = await ask("POST", "/api/v1/scenarios", { body });
    expect(answer.body.scenarios[0]).toMatchObject({ ucr_usd: "0.0045", run_rate_usd: "9", monte_carlo: { draws: 200, seed: 4 } });
    expect((await ask("POST", "/api/v1/scenarios", { body })).body).toEqual(answer.body);
  });

  it("names every place that is wrong", async () => {
    const { ask } = await testApi();
    const scenario = { name: "a", monthly_volume: 0, mix: { "x/y": 1 } };
    const { status, body } = await ask("POST", "/api/v1/scenarios", { body: { scenarios: [scenario] } });
    expect([status, body.code, body.field]).toEqual([400, "scenario_invalid", "/scenarios/0/monthly_volume"]);
    expect(body.problems.map((one: { field: string }) => one.field)).toEqual(["/scenarios/0/monthly_volume", "/scenarios/0/mix/x~1y"]);
    expect(await ask("POST", "/api/v1/scenarios", { body: { scenarios: [scenario], colour: "red" } })).toMatchObject({
      status: 400,
      body: { code: "invalid_request", field: "/colour" },
    });
  });
});
