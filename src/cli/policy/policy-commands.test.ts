import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../std/package-root.ts";
import { runCli } from "../run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-policy-"));
const inPackage = (path: string) => fileURLToPath(new URL(path, packageRoot(import.meta.url)));
const SAMPLE = inPackage("samples/policies/spend_slo_test.yaml");
const POLICY = inPackage("test/fixtures/policies/spend_slo.yaml");
const FAILING = `policies: [${POLICY}]
tests:
  - name: Nothing is told at 75 %
    use_case: ops_copilot
    signals: { spend_burn: 0.75, p95_latency_ms: 900, error_rate: 0.2%, grounded: 4.6 }
    expect:
      - at: 0m
        decisions: [apply prompt_compression off -> on, apply depth_k off -> 8]
`;

beforeAll(() => {
  writeFileSync(join(folder, "failing.yaml"), FAILING);
  writeFileSync(join(folder, "policy.yaml"), readFileSync(POLICY, "utf8").replace("depth_k", "depht_k"));
  writeFileSync(join(folder, "broken.yaml"), FAILING.replace(POLICY, "policy.yaml"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ballast(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("ballast policy test", () => {
  it("passes the sample, and its policy is the one that the document prints", async () => {
    const { code, out } = await ballast("policy", "test", SAMPLE);
    expect([code, out.split("\n")[0]]).toEqual([0, `${SAMPLE}: 6 passed`]);
    expect(readFileSync(inPackage("samples/policies/spend_slo.yaml"), "utf8")).toBe(readFileSync(POLICY, "utf8"));
  });

  it("shows what is missing and what was not expected, and ends with 1", async () => {
    const file = join(folder, "failing.yaml");
    expect(await ballast("policy", "test", file)).toEqual({
      code: 1,
      err: "",
      out: [
        `${file}: 1 of 1 failed`,
        "FAILED  Nothing is told at 75 %",
        "  at 0s",
        "      apply prompt_compression off -> on",
        "    - apply depth_k off -> 8",
        "    + notify #finops",
        "    + apply cache_aggressiveness off -> 1",
      ].join("\n"),
    });
  });

  it("runs the other files when one cannot be used, and ends with 1", async () => {
    const { code, out } = await ballast("policy", "test", join(folder, "broken.yaml"), SAMPLE);
    expect(code).toBe(1);
    expect(out).toContain("broken.yaml: cannot be used");
    expect(out).toContain("policy.yaml:9:45 use_cases[0].thresholds[1].actions[1]: unknown action `depht_k`, did you mean `depth_k`?");
    expect(out).toContain(`${SAMPLE}: 6 passed`);
  });

  it("says the same as JSON", async () => {
    const { code, out } = await ballast("policy", "test", join(folder, "failing.yaml"), SAMPLE, "--json");
    const { passed, files } = JSON.parse(out);
    expect([code, passed, files[0].passed, files[1].passed, files[1].tests.length]).toEqual([1, false, false, true, 6]);
    expect(files[0].tests[0].mismatches).toEqual([
      {
        at: "0s",
        missing: ["apply depth_k off -> 8"],
        unexpected: ["notify #finops", "apply cache_aggressiveness off -> 1"],
        matched: ["apply prompt_compression off -> on"],
      },
    ]);
  });

  it("without a file is wrongly used", async () => {
    expect((await ballast("policy", "test")).code).toBe(2);
    expect((await ballast("policy", "tset", SAMPLE)).err).toContain("Did you mean ballast policy test?");
  });
});

describe("ballast validate", () => {
  it("knows policies and their tests by what stands in them, and takes several files", async () => {
    const guard = inPackage("test/fixtures/policies/budget_guard.yaml");
    const { code, out } = await ballast("validate", POLICY, guard, SAMPLE, inPackage("ballast.example.yaml"));
    expect([code, out.split("\n").filter((line) => line.endsWith(" is valid.")).length]).toEqual([0, 4]);
  });

  it("tells a policy's faults by file, line and column, and ends with 1", async () => {
    const file = join(folder, "policy.yaml");
    const { code, out } = await ballast("validate", POLICY, file);
    expect(code).toBe(1);
    expect(out).toBe(
      `${POLICY} is valid.\n${file}:9:45 use_cases[0].thresholds[1].actions[1]: unknown action \`depht_k\`, did you mean \`depth_k\`?`,
    );
    const { valid, files } = JSON.parse((await ballast("validate", POLICY, file, "--json")).out);
    expect([valid, files.map((one: { valid: boolean }) => one.valid), files[1].problems[0].column]).toEqual([false, [true, false], 45]);
  });

  it("tells a file that is not there", async () => {
    expect(await ballast("validate", join(folder, "nothing.yaml"))).toMatchObject({
      code: 1,
      out: expect.stringContaining("there is no such file"),
    });
  });
});

describe("ballast dryrun", () => {
  const dryrun = (...args: string[]) => ballast("dryrun", "--policy", POLICY, ...args);

  it("shows what the policy does at 90 % of the cap, and proves that every lever comes back", async () => {
    const { code, out } = await dryrun("--use-case", "ops_copilot", "--burn", "0.9");
    expect(code).toBe(0);
    expect(out).toContain(
      "Assumed, not measured: p95_latency_ms 960 (broken: 1500), error_rate 0.008 (broken: 0.0125), grounded 4.6 (broken: 3.78)",
    );
    expect(out).toContain("    0:30  notify #finops\n          apply small_model_share off -> 25");
    expect(out).toContain("   20:30  keep small_model_share 50");
    expect(out.match(/^ok {6}/gm)).toHaveLength(8);
    expect(out).toMatch(/^ok {6}grounded breaks after probation: turned back within 60 s \(after 30 s\)$/m);
    expect(out.split("\n").at(-1)).toBe("Everything that was turned came back.");
  });

  it("says the same as JSON", async () => {
    const { passed, subject, phases, checks } = JSON.parse((await dryrun("--use-case", "ops_copilot", "--burn", "100%", "--json")).out);
    expect([passed, subject, checks.length]).toEqual([true, "use_case:ops_copilot", 8]);
    expect(phases[0].levers).toMatchObject({ small_model_share: 65, depth_k: 4, exec_approval: 1, "feature_freeze/large_model": 1 });
    expect(phases.at(-1).levers).toEqual({});
  });

  it("fails where what the policy asks for is never reached", async () => {
    const slow = join(folder, "slow.yaml");
    const text =
      "use_cases: [{ id: a, monthly_cap_usd: 1, pace: { probation: 30d }, thresholds: [{ pct: 0.5, actions: [degrade_to_small] }] }]";
    writeFileSync(slow, text);
    const { code, out } = await ballast("dryrun", "--policy", slow, "--use-case", "a");
    expect([code, out.split("\n").at(-1)]).toEqual([1, "Not all checks passed."]);
    expect(out).toContain("FAILED  every lever that is asked for is turned and proved");
  });

  it("of a cap that nothing is asked for says so", async () => {
    const { code, out } = await dryrun("--provider", "OpenAI", "--burn", "0.5");
    expect(code).toBe(0);
    expect(out).toContain("spending rises:\n          nothing");
    expect(out).toContain("at this share no lever is asked for");
  });

  it("is wrongly used without one subject that the policy has, and with a share that is none", async () => {
    expect((await dryrun()).err).toContain("One of --use-case, --provider and --model is needed.");
    expect(await dryrun("--use-case", "ops_copilt")).toMatchObject({
      code: 2,
      err: expect.stringContaining("did you mean `ops_copilot`?"),
    });
    expect((await dryrun("--use-case", "ops_copilot", "--burn", "lots")).code).toBe(2);
    expect((await dryrun("--use-case", "ops_copilot", "--provider", "OpenAI")).code).toBe(2);
  });
});
