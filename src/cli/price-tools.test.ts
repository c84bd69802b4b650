import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readPriceBook } from "../config/read-price-book.ts";
import { explanationText } from "./commands/price-explain-command.ts";
import { runCli } from "./run-cli.ts";

const fixture = (year: number) => fileURLToPath(new URL(`../../test/fixtures/prices/litellm-${year}-07-05-excerpt.json`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "prices-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("ballast price diff", () => {
  it("prints each repriced line with component, old, new and percent, and the lists", async () => {
    const { code, out } = await run("price", "diff", fixture(2025), fixture(2026));
    expect(code).toBe(0);
    expect(out).toMatch(/^5 added, 1 removed, 1 renamed, 7 repriced in \d+ lines\n/);
    expect(out).toMatch(/^gpt-3\.5-turbo +input_cost_per_token +1\.5 +0\.5 +million tokens +-66\.67$/m);
    expect(out).toContain(
      "Renamed:\n  vertex_ai/imagen-4.0-generate-preview-06-06 -> vertex_ai/imagen-4.0-generate-001\n\nRemoved:\n  o1-mini",
    );
    const { repriced } = JSON.parse((await run("price", "diff", fixture(2025), fixture(2026), "--provider", "bedrock", "--json")).out);
    expect(repriced).toMatchObject([{ model: "amazon.titan-embed-text-v2:0", percent: "-90" }]);
  });

  it("refuses files that are none, that are missing, and two of different kinds", async () => {
    const [list, text] = [join(folder, "list.json"), join(folder, "text.json")];
    writeFileSync(list, "[]");
    writeFileSync(text, "no");
    expect((await run("price", "diff", fixture(2025), list)).err).toContain("is a catalogue of litellm");
    expect((await run("price", "diff", text, list)).err).toContain("is not JSON.");
    expect(await run("price", "diff", "/no/such", list)).toMatchObject({
      code: 1,
      err: expect.stringContaining("cannot be read (ENOENT)"),
    });
    expect((await run("price", "diff", list, list, "--at", "soon")).code).toBe(2);
  });
});

describe("ballast price import", () => {
  it("writes a price file that price_files takes, under the prices of the configuration", async () => {
    const file = join(folder, "my-prices.json");
    const { out } = await run("price", "import", fixture(2026), "--out", file, "--at", "2026-07-05");
    expect(out).toContain("2 models are left out.\n  vertex_ai/imagen-4.0-generate-001 has a price that is not of tokens or searches");
    const inputAt = (prices: never[]) =>
      readPriceBook({ prices, price_files: [file] }).find("deepseek", "deepseek-chat", 0)?.standard.bands[0].rates.input;
    expect(inputAt([])).toBe(280_000_000_000n);
    expect(inputAt([{ provider: "deepseek", model: "deepseek-chat", input_mtok: "1", output_mtok: "1" }] as never[])).toBe(10n ** 12n);
  });

  it("writes a list of genai-prices with its figures cut to what a price can have, and nothing in a dry run", async () => {
    const [from, to] = [join(folder, "genai.json"), join(folder, "out.json")];
    const model = { id: "m", match: { equals: "m" }, prices: { input_mtok: 0.08333333333333334, output_mtok: 1 } };
    writeFileSync(from, JSON.stringify([{ id: "acme", models: [model] }]));
    expect((await run("price", "import", from, "--dry-run")).out).toBe("1 prices of genai-prices would be written; 0 models are left out.");
    await run("price", "import", from, "--out", to);
    expect(readFileSync(to, "utf8")).toContain('"input_mtok":0.083333333334,');
    expect(readPriceBook({ prices: [], price_files: [to] }).find("acme", "m", 0)?.id).toBe("out.json/acme/m@start");
  });

  it("needs to be told where to, and a price file that cannot be used stops the start with its name", async () => {
    expect((await run("price", "import", fixture(2026))).err).toContain("One of --out and --dry-run is needed.");
    expect(() => readPriceBook({ prices: [], price_files: ["/no/such.json"] })).toThrow("/no/such.json cannot be read (ENOENT).");
    const file = join(folder, "wrong.json");
    writeFileSync(file, '{"format":"ballast-prices/1","rows":[{"provider":"a","model":"b"}]}');
    expect(() => readPriceBook({ prices: [], price_files: [file] })).toThrow("wrong.json.rows[0]: a price is required");
  });
});

describe("ballast price explain", () => {
  it("prints the lines, their sum and what is booked, or why there is no price", () => {
    const line = {
      unit: "input",
      count: 500,
      per: "million tokens",
      price_usd: "3",
      amount_usd: "0.0015",
      rule: "its own price, input_mtok",
    };
    const at = "2026-11-01T00:00:00.000Z";
    const priced = {
      at,
      price_id: "list/acme/m@start",
      source: "list",
      outcome: "priced",
      reason: null,
      usage: { input_tokens: 500 },
      service_tier: null,
      provider_cost_usd: null,
      tier_above_input_tokens: null,
      lines: [line],
      total_usd: "0.0015",
      booked_usd: "0.0015",
    } as const;
    const text = explanationText({ ...priced, lines: [line] }, "acme m");
    expect(text).toMatch(/^input +500 +3 +million tokens +0\.0015 +its own price, input_mtok$/m);
    expect(text).toMatch(/^total +0\.0015 +booked as 0\.0015, rounded up once$/m);
    const served = explanationText({ ...priced, lines: [line], service_tier: "flex", provider_cost_usd: "0.0014" }, "acme m");
    expect(served).toContain(`at ${at}, service tier flex`);
    expect(served).toContain("The provider says that it cost 0.0014.");
    expect(explanationText({ ...priced, lines: [], outcome: "unpriced", reason: "no_price_for_unit: webSearch" }, "acme m")).toContain(
      "cannot price this: no_price_for_unit: webSearch.",
    );
    expect(explanationText({ ...priced, lines: [], price_id: null }, "acme m")).toContain("acme m had no price at");
  });

  it("refuses usage that is no JSON object", async () => {
    const args = ["price", "explain", "--provider", "a", "--model", "b", "--usage"];
    for (const usage of ["x", "[]", "3"]) expect(await run(...args, usage)).toMatchObject({ code: 2 });
  });
});
