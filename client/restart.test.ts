import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BallastProcess } from "../test/journeys/ballast-process.ts";
import { createBudgetClient } from "./budget-client.ts";
import { until } from "./client-test-kit.ts";

/* The program itself, killed with signal 9 while reports arrive, and started again on its port and data folder. */
const CALLS = 600;
const ballast = new BallastProcess("stores: { warehouse: none }\n");

beforeAll(async () => {
  await ballast.start();
  const file = join(ballast.folder, "ballast.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("port: 0", `port: ${new URL(ballast.url).port}`));
});
afterAll(() => ballast.remove());

it("loses nothing and counts nothing twice when Ballast is killed twice under way", async () => {
  const client = createBudgetClient({ url: ballast.url, tenant: "acme" });
  let tracked = 0;
  const traffic = (async () => {
    while (tracked < CALLS) {
      client.track({ model: "gpt-4o-mini", promptTokens: 1000, completionTokens: 1000 });
      if (++tracked % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
    }
  })();
  for (const delivered of [100, 200]) {
    await until(() => client.counts().delivered >= delivered);
    await ballast.kill("SIGKILL");
    await until(() => client.counts().pending > 20);
    await ballast.start();
  }
  await traffic;
  expect(await client.flush(30_000)).toBe(0);
  expect(client.counts()).toEqual({ pending: 0, delivered: CALLS, dropped: 0 });
  const { budgets } = await ballast.api<{ budgets: object[] }>("GET", "/api/ai-budget/tenant/acme");
  expect(budgets).toMatchObject([{ token_count_input: CALLS * 1000, token_count_output: CALLS * 1000, current_usage_usd: 0.45 }]);
  await client.close();
});
