import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DEMO_TENANTS } from "../../src/demo.ts";

/*
 * The demo, as a user runs it, against a computation of its own: the token counts of the shipped trace times the prices of the source
 * file, in whole nano-dollars. Nothing of the product's pricing is used here.
 */
const PROGRAM = fileURLToPath(new URL("../../src/cli/ballast.ts", import.meta.url));
const CALLS = 600;

interface ModelPrice {
  id: string;
  prices: unknown;
}

/** USD per million tokens is also nano-dollars per thousandth of a token: 0.15 is 150 nano-dollars a token. */
function nanoPerToken(provider: string, model: string, key: "input_mtok" | "output_mtok"): bigint {
  const list = JSON.parse(readFileSync(new URL("../../prices/genai-prices.json", import.meta.url), "utf8")) as {
    id: string;
    models: ModelPrice[];
  }[];
  const found = list.find((each) => each.id === provider)!.models.find((each) => each.id === model)!;
  const dated = Array.isArray(found.prices)
    ? (found.prices as { prices: Record<string, number> }[]).at(-1)!.prices
    : (found.prices as Record<string, number>);
  const nano = dated[key]! * 1000;
  const whole = Math.round(nano);
  expect(Math.abs(nano - whole)).toBeLessThan(1e-9);
  return BigInt(whole);
}

function dollars(nano: bigint): string {
  const text = nano.toString().padStart(10, "0");
  return `${text.slice(0, -9)}.${text.slice(-9)}`.replace(/\.?0+$/, "");
}

describe("the demo", () => {
  it("costs what its tokens cost, to the last digit, and nothing is missing where nothing was refused", () => {
    const run = spawnSync(process.execPath, [PROGRAM, "demo", "--json", "--exit", "--port", "0", "--calls", String(CALLS)], {
      encoding: "utf8",
      timeout: 50_000,
    });
    expect(run.status, run.stderr).toBe(0);
    const report = JSON.parse(run.stdout) as { replayed: { refused: number }; rows: Record<string, string | number>[] };
    const lines = readFileSync(new URL("../../samples/azure-llm-2023-conv.csv", import.meta.url), "utf8")
      .trim()
      .split("\n")
      .slice(1, CALLS + 1);
    const expected = new Map<string, { input: bigint; output: bigint; calls: number }>();
    lines.forEach((line, number) => {
      const [, input, output] = line.split(",");
      const { tenant } = DEMO_TENANTS[number % DEMO_TENANTS.length]!;
      const sum = expected.get(tenant) ?? { input: 0n, output: 0n, calls: 0 };
      expected.set(tenant, { input: sum.input + BigInt(input!), output: sum.output + BigInt(output!), calls: sum.calls + 1 });
    });
    for (const { tenant, model } of DEMO_TENANTS) {
      const row = report.rows.find((each) => each.tenant === tenant && each.model === model)!;
      const { input, output, calls } = expected.get(tenant)!;
      const provider = model.startsWith("claude") ? "anthropic" : "openai";
      const priceOf = (tokensIn: bigint, tokensOut: bigint) =>
        dollars(tokensIn * nanoPerToken(provider, model, "input_mtok") + tokensOut * nanoPerToken(provider, model, "output_mtok"));
      expect(row.cost_usd).toBe(priceOf(BigInt(row.prompt_tokens!), BigInt(row.gen_tokens!)));
      if (row.refused !== 0) continue;
      const cost = priceOf(input, output);
      expect([row.calls, row.prompt_tokens, row.gen_tokens, row.cost_usd]).toEqual([calls, Number(input), Number(output), cost]);
    }
    expect(report.rows.filter((row) => row.refused === 0 && Number(row.calls) > 0).length).toBeGreaterThanOrEqual(2);
  });
});
