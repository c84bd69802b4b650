import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runScenario } from "../core/policy/policy-scenario.ts";
import { packageRoot } from "../std/package-root.ts";
import { isPolicyProblem, readPolicyTest } from "./read-policy-test.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-policy-test-"));
const printed = fileURLToPath(new URL("test/fixtures/policies/spend_slo.yaml", packageRoot(import.meta.url)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(tests: string, policies = `[${printed}]`): string {
  const file = join(folder, "t.yaml");
  writeFileSync(file, `policies: ${policies}\ntests:\n${tests}`);
  return file;
}

/** "line:column setting: message" of everything that is wrong. */
function wrong(tests: string, policies?: string): string[] {
  try {
    readPolicyTest(fileWith(tests, policies));
  } catch (error) {
    if (!isPolicyProblem(error)) throw error;
    const problems = error.details.problems as { line: number; column: number; setting: string; message: string }[];
    return problems.map(({ line, column, setting, message }) => `${line}:${column} ${setting}: ${message}`);
  }
  return [];
}

const HEALTHY = "p95_latency_ms: 900, error_rate: 0.2%, grounded: 4.6";

describe("a test of a policy", () => {
  it("fails where something is missing, unexpected or another value, and nowhere else", () => {
    const tests = `
  - name: x
    use_case: ops_copilot
    signals: { spend_burn: 0.8, ${HEALTHY} }
    expect:
      - { at: 0m, decisions: [notify #finops-team, apply prompt_compression off -> on], levers: { depth_k: 8 }, held: [depth_k guardrail] }
      - { at: 10m, decisions: [keep cache_aggressiveness 1, keep prompt_compression on] }
`;
    const [scenario] = readPolicyTest(fileWith(tests.replace("notify #finops-team", '"notify #finops-team"')));
    expect(runScenario(scenario!).mismatches).toEqual([
      {
        tick: 0,
        missing: ["notify #finops-team", "depth_k is 8", "depth_k guardrail"],
        unexpected: ["notify #finops", "apply cache_aggressiveness off -> 1", "depth_k is off"],
        matched: ["apply prompt_compression off -> on"],
      },
    ]);
  });

  it("that is complete fails on any decision that is not expected", () => {
    const tests = `
  - { name: x, use_case: ops_copilot, complete: true, signals: { spend_burn: 0.5 0.8, ${HEALTHY} }, expect: [{ at: 0m, decisions: [] }] }
`;
    const [scenario] = readPolicyTest(fileWith(tests));
    const [mismatch] = runScenario(scenario!).mismatches;
    expect([mismatch!.tick, mismatch!.unexpected.length]).toEqual([1, 3]);
  });

  it("may make a lever fail, so that its page is expected", () => {
    const tests = `
  - name: x
    use_case: ops_copilot
    signals: { spend_burn: 0.8, ${HEALTHY} }
    failing: [prompt_compression]
    expect: [{ at: 10m, levers: { prompt_compression: off, cache_aggressiveness: 1 } }]
`;
    expect(runScenario(readPolicyTest(fileWith(tests))[0]!).mismatches).toEqual([]);
  });

  it("that is wrong is told with its places, all at once", () => {
    const tests = `
  - name: one
    use_case: ops_copilt
    signals: { spend_burn: 0.8 }
    expect: [{ at: 0m }]
  - name: two
    use_case: ops_copilot
    provider: OpenAI
    signals: { spend_burn: 0.8 }
    expect: [{ at: 0m }]
  - name: three
    provider: OpenAI
    failing: [depthk]
    signals: { spend_burn: 0.8 seven, error_rate: 1+2 }
    approvals: [{ at: 0m, for: 1h, kind: exclusion, approver: A }]
    expect: [{ at: 150s }, { at: 1m, levers: { depth_k: 0, exec_approval: on } }, { at: 1m }]
`;
    expect(wrong(tests)).toEqual([
      "5:15 tests[0].use_case: the policies have no use_case `ops_copilt`, did you mean `ops_copilot`?",
      "8:5 tests[1]: expected one of use_case, provider and model",
      "15:15 tests[2].failing[0]: there is no lever `depthk`, did you mean `depth_k`?",
      "16:32 tests[2].signals.spend_burn: expected points such as 900, 0.7+0.01x20, 1200x5, _x3, stale or few, found seven",
      expect.stringMatching(/^16:51 tests\[2\].signals.error_rate: .* found 1\+2$/),
      "17:17 tests[2].approvals[0]: an exclusion needs its `reason`",
      "18:20 tests[2].expect[0].at: expected a multiple of the interval, found 150s",
      "18:57 tests[2].expect[1].levers.depth_k: expected off, on or a number in the lever's range, found 0",
      "18:89 tests[2].expect[2].at: another entry is about the same time",
    ]);
  });

  it("names policies that are there, that are sound, and that can be told apart", () => {
    const test = `  - { name: x, use_case: ops_copilot, signals: { spend_burn: 0.8 }, expect: [{ at: 0m }] }\n`;
    expect(wrong(test, "[nothing.yaml]")[0]).toContain("there is no such file");
    expect(wrong(test, "[a/p.yaml, b/p.yaml]")[0]).toContain("another policy file has this name");
    writeFileSync(join(folder, "bad.yaml"), "use_cases: [{ id: a }]");
    expect(wrong(test, "[bad.yaml]")[0]).toContain("`monthly_cap_usd` is missing");
    expect(wrong("  - { name: x, unknown: 1, use_case: a, signals: { ucr_2h: 1 }, expect: [] }")).toHaveLength(3);
  });
});
