import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, type TestApi, testApi } from "../../api/api-test-kit.ts";
import { usd } from "../../core/money/usd.ts";
import { runCli } from "../run-cli.ts";

let folder: string;
let api: TestApi;
let url: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "backlog-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.app.close();
});
beforeEach(async () => {
  await api?.app.close();
  api = await testApi();
  const tokens = { promptTokens: 1000, cacheReadTokens: 0, genTokens: 400 };
  const known = { calls: 10, ...tokens, cost: usd("9") * 1_000_000_000n, batchCalls: 0, unusedCalls: 0, unusedCost: 0n };
  const sides = { inputCost: usd("3") * 1_000_000_000n, genCost: usd("6") * 1_000_000_000n };
  const split = { calls: 10, ...tokens, ...sides, genTokensAbove: 0, callsAbove: 0 };
  const row = { provider: "anthropic", model: "sonnet", calls: 10, cached: 0, known, split, depth: { calls: 0, sum: 0 } };
  api.warehouse.evidence = { rows: [row], genTokensP95: 60 };
  await api.app.listen({ port: 0, host: "127.0.0.1" });
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli([...args, "--url", url, "--token", ADMIN_TOKEN], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("ballast backlog", () => {
  it("adds, changes and lists items with what they would save", async () => {
    const added = await run("backlog", "add", "prompt_compression", "--target", "20%", "--scope", "use_case=ops", "--owner", "Platform");
    expect(added.out).toMatch(
      /^create prompt_compression,use_case=ops: lever prompt_compression, scope use_case=ops, target 20%, owner Platform/,
    );
    const set = await run("backlog", "set", "prompt_compression,use_case=ops", "--status", "approved", "--eta", "2026-12-31");
    expect(set.out).toBe("change prompt_compression,use_case=ops: eta 2026-12-31, status proposed -> approved");
    const { out } = await run("backlog", "list");
    // A fifth of 3 USD in thirty days.
    expect(out).toMatch(/20% +100 input tokens a call +0\.6 +6\.6% +10 +Platform +2026-12-31 +approved/);
    expect(JSON.parse((await run("backlog", "list", "--json", "--status", "done")).out).items).toEqual([]);
  });

  it("says in a dry run what would be, and refuses what it does not know", async () => {
    const dry = await run("backlog", "add", "batch", "--target", "30%", "--dry-run");
    expect([dry.out, dry.err]).toEqual([expect.stringMatching(/^create batch: /), "A dry run: nothing was changed."]);
    expect(api.store.backlogRows.size).toBe(0);
    expect((await run("backlog", "add", "bach", "--target", "30%")).code).toBe(2);
    expect(await run("backlog", "add", "batch", "--target", "soon")).toMatchObject({
      code: 1,
      err: expect.stringContaining("is no target of batch"),
    });
    expect(await run("backlog", "set", "nothing", "--status", "done")).toMatchObject({
      code: 1,
      err: expect.stringContaining("Code: not_found"),
    });
  });

  it("exports what it imports, and names file and line of what is wrong", async () => {
    const file = join(folder, "backlog.yaml");
    writeFileSync(
      file,
      'backlog:\n  - { lever: batch, target: 30%, owner: SRE, note: "a, b" }\n  - { lever: unused_answers, target: 50% }\n',
    );
    expect((await run("backlog", "import", file)).out).toContain("2 created, 0 changed, 0 unchanged.");
    const { out } = await run("backlog", "export");
    const exported = join(folder, "backlog.csv");
    writeFileSync(exported, out);
    expect((await run("backlog", "import", exported)).out).toBe("0 created, 0 changed, 2 unchanged.");
    writeFileSync(file, "backlog:\n  - { lever: batch, target: often }\n");
    expect(await run("backlog", "import", file)).toMatchObject({ code: 1, err: expect.stringContaining(`${file}:2:`) });
  });

  it("writes the playbook: table, runbooks, and where figures are unknown why, with names that cannot break out", async () => {
    await run("backlog", "add", "retrieval_depth", "--target", "4", "--note", "a | <b>");
    await run("backlog", "add", "answer_cache", "--target", "60%");
    const file = join(folder, "optimization_playbook.md");
    expect((await run("report", "backlog", "--out", file)).out).toBe(`${file} is written: 2 items.`);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(
      "| unknown: no call of these says its retrieval depth: applications have to report it | nobody yet | – | proposed |",
    );
    expect(text).toContain("| 5.4 USD a month (60% of what 10 calls cost) |");
    expect(text).toContain("Lower k step by step");
    expect(text).toContain("a \\| &lt;b&gt;");
  });

  it("recommends what saves most first", async () => {
    const { out } = await run("recommend", "--since", "30d");
    expect(out.split("\n")[3]).toMatch(/^answer_cache +60% +0% of 10 requests are answered from the cache +5\.4 +60% +10/);
    expect(out).toContain("local_model is unknown: what a token of our own costs is not said");
  });
});
