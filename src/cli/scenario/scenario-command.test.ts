import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../config/read-config.ts";
import { runCli } from "../run-cli.ts";
import { drawPicture } from "./chart-picture.ts";

const SAMPLE = fileURLToPath(new URL("../../../samples/economics-scenarios.yaml", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "scenario-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(["scenario", ...args], { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("ballast scenario", () => {
  it("prints the table of the economics document", async () => {
    const { code, out } = await run("--file", SAMPLE);
    expect(code).toBe(0);
    const rows = out
      .split("\n")
      .slice(0, 4)
      .map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(["scenario", "monthly volume", "mix", "depth k", "cache hit", "p95 ms", "ucr usd", "run-rate usd"]);
    expect(rows[2]).toEqual(["Base", "800000", "55%/35%/10%", "5", "60%", "1100", "0.0092", "7360"]);
  });

  it("proposes caps that ballast.yaml takes as they are printed", async () => {
    const { out } = await run("--file", SAMPLE, "--propose-budgets");
    const { budgets } = parseConfig(out, "proposed.yaml", { environment: () => undefined });
    expect(budgets).toMatchObject([
      { scope: { use_case: "ops_copilot" }, limit_usd: "9000", window: "month", hard: false, thresholds: [75, 100] },
    ]);
  });

  it("writes Markdown and a chart, with names that cannot break out of either", async () => {
    const file = join(folder, "evil.yaml");
    writeFileSync(file, 'name: "a | <script>"\nscenarios: [{ name: "x</text><script>", monthly_volume: 10, ucr_usd: 0.5 }]\n');
    const [markdown, svg] = [join(folder, "scenarios.md"), join(folder, "scenarios.svg")];
    expect((await run("--file", file, "--markdown", markdown, "--svg", svg)).code).toBe(0);
    expect(readFileSync(markdown, "utf8")).toContain("# a \\| &lt;script&gt;");
    expect(readFileSync(markdown, "utf8")).toContain("| 10 | – | 0 | 0% | – | 0.5 | 5 |");
    const chart = readFileSync(svg, "utf8");
    expect(chart).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(chart).not.toContain("<script>");
  });

  it("writes a PNG with the browser there is, and says what to do where there is none", async () => {
    const file = join(folder, "scenarios.png");
    const { code, err } = await run("--file", SAMPLE, "--png", file);
    // Where services are required there is a browser.
    if (process.env.BALLAST_REQUIRE_SERVICES === "1") expect(code).toBe(0);
    if (code === 0) expect(readFileSync(file).subarray(1, 4).toString()).toBe("PNG");
    else expect(err).toContain("Code: browser_missing");
    await expect(drawPicture('<svg width="9" height="9"></svg>', ["/nowhere/chromium"])).rejects.toMatchObject({ code: "browser_missing" });
    expect((await run("--file", SAMPLE, "--svg", join(folder, "no", "such.svg"))).err).toContain(
      "cannot be written: there is no such folder.",
    );
  });

  it("writes the workbook of the cost model, also as a report", async () => {
    const file = join(folder, "cost_model.xlsx");
    expect((await run("--file", SAMPLE, "--xlsx", file)).code).toBe(0);
    const out: string[] = [];
    const args = ["report", "cost-model", "--file", SAMPLE, "--out", `${file}2`];
    expect(await runCli(args, { out: (line) => out.push(line), err: () => {} })).toBe(0);
    expect(readFileSync(`${file}2`).equals(readFileSync(file))).toBe(true);
    expect(out[0]).toBe(`${file}2: 3 scenarios. From the scenario file ${SAMPLE}.`);
  });

  it("draws the range of a scenario that has one, and says its assumptions", async () => {
    const file = join(folder, "ranges.yaml");
    writeFileSync(file, "scenarios: [{ name: a, monthly_volume: { low: 10, high: 30 }, ucr_usd: 0.5, mix: { small: 100% } }]\n");
    const [svg, markdown] = [join(folder, "ranges.svg"), join(folder, "ranges.md")];
    expect((await run("--file", file, "--svg", svg, "--markdown", markdown)).code).toBe(0);
    expect(readFileSync(svg, "utf8")).toMatch(/<path d="M[^"]+" fill="none"[^>]*>/);
    expect(readFileSync(svg, "utf8")).toContain("90 of 100 draws");
    expect(readFileSync(markdown, "utf8")).toContain("- Mix of a: small 100%.");
  });

  it("shows each scenario beside what it would be at another volume or mix", async () => {
    const { scenarios } = JSON.parse((await run("--file", SAMPLE, "--volume", "2", "--move", "20%:small", "--json")).out);
    expect(scenarios[1]).toMatchObject({
      name: "Optimistic, 2 times the volume, moved 20%:small",
      monthly_volume: "2400000",
      mix: { small: "0.9" },
    });
    expect(scenarios[1].run_rate_usd).toBe("14688");
  });

  it("leaves a scenario as it is that has not that much to give", async () => {
    const { scenarios } = JSON.parse((await run("--file", SAMPLE, "--move", "40%:small", "--json")).out);
    expect(scenarios.map(({ name }: { name: string }) => name)).toEqual([
      "Optimistic",
      "Base",
      "Base, moved 40%:small",
      "Conservative",
      "Conservative, moved 40%:small",
    ]);
  });

  it("starts from measured traffic, one scenario per use case", async () => {
    const sums = { refused: 0, unpriced: 0, in_doubt: 0, latency_ms_p50: null, latency_ms_p95: null };
    const row = {
      use_case: "ops",
      provider: "openai",
      model: "gpt-4o",
      calls: 75,
      cached: 25,
      prompt_tokens: 75_000,
      gen_tokens: 7_500,
      cost_usd: "0.2",
      ...sums,
    };
    const asked: URL[] = [];
    const from = "2026-11-01T00:00:00.000Z";
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://here");
      asked.push(url);
      if (url.pathname === "/api/v1/unit-costs") {
        response.writeHead(200, { "content-type": "application/json" }).end('{"rows":[],"pools":[]}');
        return;
      }
      const byHour = url.searchParams.get("group_by") === "hour";
      const hour = new Date(Date.parse(url.searchParams.get("from") ?? "") + 5 * 3_600_000).toISOString();
      const rows = byHour ? [{ ...row, hour }] : [row];
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ from, to: from, group_by: [], rows, total: {} }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = ["--from-traffic", "24h", "--use-case", "ops", "--url", url, "--token", "t"];
    const { out, err } = await run(...args, "--json");
    const { scenarios } = JSON.parse(out);
    const moved = JSON.parse((await run(...args, "--move", "20%:gpt-4o-mini", "--json")).out);
    const [answer] = (await run(...args, "--volume", "2")).out.split("\n");
    server.close();
    expect(moved.scenarios[1]).toMatchObject({
      name: "ops, moved 20%:gpt-4o-mini",
      mix: { "openai/gpt-4o (ops)": "0.8", "openai/gpt-4o-mini (ops)": "0.2" },
    });
    expect(Number(moved.scenarios[1].run_rate_usd)).toBeLessThan(6 * 0.85);
    expect(moved.what_if).toMatchObject({ what_if: "moved 20%:gpt-4o-mini", run_rate_usd: scenarios[0].run_rate_usd, unchanged: [] });
    expect(answer).toMatch(/^2 times the volume: 12(\.0\d*)? USD a month in place of 6(\.0\d*)? \(\+6(\.0\d*)?, \+100%\)\.$/);
    expect(Object.fromEntries(asked[0]!.searchParams)).toMatchObject({ group_by: "use_case,provider,model", use_case: "ops" });
    const [start, end] = ["from", "to"].map((name) => Date.parse(asked[0]!.searchParams.get(name) ?? ""));
    expect(end! - start!).toBe(86_400_000);
    expect(scenarios).toMatchObject([{ name: "ops", monthly_volume: "3000", cache_hit: "0.25" }]);
    expect(Number(scenarios[0].run_rate_usd)).toBeCloseTo(6, 6);
    // Five hours of the window are before the first call.
    expect(err).toMatch(/^The first of these calls is of .*: if nothing was measured before, ask --from-traffic 19h\.$/);
  });

  it.each([
    [[], "One of --file and --from-traffic is needed."],
    [["--file", SAMPLE, "--from-traffic", "7d"], "One of --file and --from-traffic is needed."],
    [["--from-traffic", "month"], "--from-traffic month is no window."],
    [["--file", SAMPLE, "--volume", "0"], "--volume 0 is no number above zero."],
    [["--file", SAMPLE, "--move", "small"], "--move small is no share and model."],
    [["--file", SAMPLE, "--move", "20%:tiny"], "Optimistic has no model tiny."],
    [["--file", SAMPLE, "--move", "90%:small"], "--move 90%:small leaves the others less than nothing."],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await run(...args);
    expect([code, err.split("\n")[0]]).toEqual([2, `ballast: ${message}`]);
  });

  it("names the line of a file that is wrong", async () => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, "scenarios:\n  - { name: a, monthly_volume: x, ucr_usd: 1 }\n");
    const { code, err } = await run("--file", file);
    expect(code).toBe(1);
    expect(err).toContain(`${file}:2:16 scenarios[0].monthly_volume: expected a number from 0 up, found "x"`);
  });
});
