import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../std/package-root.ts";
import { runCli } from "../run-cli.ts";
import { readCallTrace, traceRows } from "./read-call-trace.ts";

const inPackage = (path: string) => fileURLToPath(new URL(path, packageRoot(import.meta.url)));
const POLICY = inPackage("samples/policies/spend_slo.yaml");
const SAMPLE = inPackage("samples/azure-llm-2023-conv.csv");
const folder = mkdtempSync(join(tmpdir(), "ballast-trace-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function dryrun(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(["dryrun", "--policy", POLICY, "--use-case", "ops_copilot", ...args], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("ballast dryrun --trace", () => {
  it("replays real traffic: actions, what they save by lever with each assumption, rollbacks and a verdict", async () => {
    const { code, out } = await dryrun("--trace", SAMPLE, "--burn", "1.2");
    expect(code).toBe(0);
    expect(out).toContain("600 calls over 2:28 (minutes:seconds), as the month of the cap. Costs are at today's list prices");
    expect(out).toContain("Assumed, as the trace does not say: p95_latency_ms 960 for every call.");
    expect(out).toContain("Assumed of prompt_compression: prompts come to 80 % of their tokens");
    expect(out).toMatch(/notify #finops\n {10}apply small_model_share off -> 25/);
    expect(out).toMatch(/^ {2}prompt_compression: \$\d+\.\d+ less \(\d+\.\d+ %\), on \d+ calls$/m);
    expect(out).toContain("revert prompt_compression on -> off (grounded)");
    expect(out.split("\n").at(-1)).toBe("Everything that was turned came back.");
  });

  it("says the same as JSON, with parts that add up", async () => {
    const { passed, cost_usd, savings, share_of_cap, calls } = JSON.parse((await dryrun("--trace", SAMPLE, "--burn", "1.2", "--json")).out);
    expect([passed, calls, share_of_cap.without]).toEqual([true, 600, "1.2"]);
    const nano = (usd: string) => BigInt(Math.round(Number(usd) * 1e9));
    const saved = savings.reduce((sum: bigint, { usd }: { usd: string }) => sum + nano(usd), 0n);
    expect(saved).toBe(nano(cost_usd.without) - nano(cost_usd.with));
    expect(saved).toBeGreaterThan(0n);
  });

  it("is wrongly used with two sources, a model without a price, a share that is none, and a trace of somebody else", async () => {
    const other = join(folder, "other.jsonl");
    writeFileSync(other, '{"ts":"2026-11-01T00:00:00Z","prompt_tokens":1,"gen_tokens":1,"use_case_id":"another"}\n');
    for (const [args, message] of [
      [["--trace", SAMPLE, "--last", "7d"], "Only one of --trace and --last"],
      [["--trace", SAMPLE, "--as", "openai/no-such"], "The price book has no price of openai/no-such."],
      [["--trace", SAMPLE, "--cache-hit", "101"], "--cache-hit 101 is no whole number from 0 to 100."],
      [["--trace", other], "other.jsonl has no call of use case ops_copilot."],
      [["--trace", join(folder, "none.csv")], "There is no file"],
      [["--last", "soon"], "--last soon is no time."],
    ] as const) {
      expect(await dryrun(...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
    }
  });
});

describe("a trace", () => {
  it("of CSV and of JSON Lines are read alike, sorted by time, with what they say and nothing that they do not", () => {
    const csv =
      "ts,prompt_tokens,gen_tokens,latency_ms,status_code,cost_usd,priority,grounded\n2026-11-01T00:00:01Z,10,2,50.5,503,0.0000000015,p2,\n2026-11-01 00:00:00,7,3,,,,,4.5\n";
    const [first, second] = traceRows(csv, "t.csv");
    expect(first).toMatchObject({
      at: Date.parse("2026-11-01T00:00:00Z"),
      promptTokens: 7,
      isError: false,
      costNano: undefined,
      priority: "p1",
      grounded: 4.5,
    });
    expect(second).toMatchObject({ latencyMs: 50.5, isError: true, costNano: 2n, priority: "p2", grounded: undefined });
    const lines =
      '{"ts":"2026-11-01T00:00:01Z","prompt_tokens":10,"gen_tokens":2,"latency_ms":50.5,"status_code":503,"unit_cost_usd":"0.0000000015","priority":"p2"}\n';
    expect(traceRows(lines, "t.jsonl")).toEqual([second]);
  });

  it("leaves out what reached no model, and takes a caller's own fault for no failure", () => {
    const row = (status: number, outcome: string) =>
      JSON.stringify({ ts: "2026-11-01T00:00:00Z", prompt_tokens: 1, gen_tokens: 1, status_code: status, outcome });
    const rows = [
      row(402, "refused"),
      row(400, "provider_error"),
      row(429, "provider_error"),
      row(200, "malformed_answer"),
      row(200, "complete"),
    ];
    expect(traceRows(rows.join("\n"), "t").map(({ isError }) => isError)).toEqual([false, true, true, false]);
  });

  it("that is wrong is told with its line", () => {
    expect(() => traceRows("ts,prompt_tokens,gen_tokens\n2026-11-01T00:00:00Z,1,1\nyesterday,1,1\n", "t.csv")).toThrow(
      "t.csv:3 has the time yesterday",
    );
    expect(() => traceRows("ts,prompt_tokens\n2026-11-01T00:00:00Z,1\n", "t.csv")).toThrow("t.csv:2 has no gen_tokens");
    expect(() => traceRows('{"ts":1}\nnot json\n', "t.jsonl")).toThrow("t.jsonl:2 is not JSON");
    expect(() => traceRows('{"ts":"2026-11-01T00:00:00Z","prompt_tokens":1,"gen_tokens":1,"cost_usd":"-1"}', "t")).toThrow(
      "has the cost -1",
    );
    expect(() => traceRows('{"ts":"2026-11-01T00:00:00Z","prompt_tokens":1,"gen_tokens":1,"priority":"high"}', "t")).toThrow(
      "expected p0, p1 or p2",
    );
  });

  it("of Azure's columns is read whole", () => {
    const rows = readCallTrace(SAMPLE);
    expect([rows.length, rows.reduce((sum, { genTokens }) => sum + genTokens, 0)]).toEqual([600, 156_892]);
  });
});

describe("ballast dryrun --last", () => {
  let server: Server;
  const asked: URL[] = [];
  beforeAll(async () => {
    const rows = readFileSync(SAMPLE, "utf8").trim().split("\n").slice(1);
    const start = Date.now() - 3_600_000;
    const traces = Array.from({ length: 1500 }, (_, index) => {
      const [, prompt, gen] = rows[index % rows.length]!.split(",");
      const ts = new Date(start + index * 2000).toISOString();
      const base = { ts, trace_id: `t${index}`, prompt_tokens: Number(prompt), gen_tokens: Number(gen), latency_ms: 700, status_code: 200 };
      return {
        ...base,
        use_case_id: "ops_copilot",
        provider: "openai",
        model_id: "gpt-4o",
        unit_cost_usd: "0.01",
        outcome: "complete",
        priority: "p1",
      };
    }).reverse();
    server = createServer((request, response) => {
      const url = new URL(request.url!, "http://x");
      asked.push(url);
      const page = traces.filter(({ ts }) => ts >= url.searchParams.get("from")! && ts < url.searchParams.get("to")!).slice(0, 1000);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ from: url.searchParams.get("from"), to: url.searchParams.get("to"), traces: page }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());

  it("replays what the server traced, page by page, each call once", async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, out } = await dryrun("--last", "24h", "--url", url, "--token", "token-of-a-test", "--json");
    const { calls, cost_usd, passed } = JSON.parse(out);
    expect([code, calls, cost_usd.without, passed]).toEqual([0, 1500, "15", true]);
    expect(asked.map(({ pathname, searchParams }) => [pathname, searchParams.get("use_case")])).toEqual([
      ["/api/v1/traces", "ops_copilot"],
      ["/api/v1/traces", "ops_copilot"],
    ]);
  });
});
