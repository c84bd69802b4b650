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
