import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Problem } from "../contract/problem.ts";
import { DEFAULT_PACE } from "../core/policy/policy.ts";
import { packageRoot } from "../std/package-root.ts";
import { parsePolicy, readPolicyFile } from "./read-policy-file.ts";

const fixture = (name: string) => fileURLToPath(new URL(`test/fixtures/policies/${name}`, packageRoot(import.meta.url)));
const turn = (lever: string, target: number) => ({ kind: "turn", lever, target });
const notify = (channel: string) => ({ kind: "notify", channel });
const LIMITS = { p95_latency_ms: 1200, error_rate: 0.01, grounded: 4.2 };

/** "line:column setting: message" of everything that is wrong. */
function wrong(text: string): string[] {
  try {
    parsePolicy(text, "p.yaml", () => undefined);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "policy_invalid") throw error;
    const problems = error.details.problems as { line: number; column: number; setting: string; message: string }[];
    return problems.map(({ line, column, setting, message }) => `${line}:${column} ${setting}: ${message}`);
  }
  return [];
}

describe("the documents' own files", () => {
  it("load: spend_slo.yaml as the controls document prints it", () => {
    const { policies, reporting } = readPolicyFile(fixture("spend_slo.yaml"));
    expect(policies).toEqual([
      {
        policy: "spend_slo.yaml",
        subject: { kind: "use_case", name: "ops_copilot" },
        capNano: 9_000_000_000_000n,
        thresholds: [
          { share: 750_000n, actions: [notify("#finops"), turn("prompt_compression", 1), turn("cache_aggressiveness", 1)] },
          { share: 900_000n, actions: [turn("small_model_share", 65), turn("depth_k", 4), turn("response_cap_tokens", 350)] },
          { share: 1_000_000n, actions: [turn("feature_freeze/large_model", 1), turn("exec_approval", 1), { kind: "postmortem" }] },
        ],
        exclusions: [
          { reason: "security_fix", approver: "VP Platform" },
          { reason: "sev1_remediation", approver: "Head of SRE" },
        ],
        limits: LIMITS,
        pace: DEFAULT_PACE,
      },
      provider("OpenAI", 6_000_000_000_000n),
      provider("LocalLLM", 2_500_000_000_000n),
    ]);
    expect(reporting).toEqual({ channel: "#finops-weekly", artifacts: ["ucrecon_dashboard.png", "provider_breakdown.csv"] });
  });

  it("load: the budget guard as the economics document prints it", () => {
    const [guard] = readPolicyFile(fixture("budget_guard.yaml")).policies;
    expect(guard).toMatchObject({ subject: { kind: "use_case", name: "ops_copilot" }, capNano: 9_000_000_000_000n, limits: LIMITS });
    expect(guard!.thresholds).toEqual([
      { share: 750_000n, actions: [notify("#finops"), turn("small_model_share", 100)] },
      { share: 1_000_000n, actions: [turn("feature_freeze/large_model", 1), turn("cache_only", 1)] },
    ]);
  });
});

describe("a forecast", () => {
  const text = (forecast: string) => `use_cases: [{ id: a, monthly_cap_usd: 1, forecast: [${forecast}] }]`;

  it("follows the thresholds of spending, also those that nobody wrote", () => {
    const [policy] = parsePolicy(
      text("{ exhausted_within: 72h, actions: [defer_batch] }, { exhausted_within: 1d, actions: [pace_p2=50%] }"),
      "p",
    ).policies;
    expect(policy!.thresholds.slice(3)).toEqual([
      { withinMs: 259_200_000, actions: [turn("batch_deferral", 1)] },
      { withinMs: 86_400_000, actions: [turn("pace_p2", 50)] },
    ]);
  });

  it("that goes away, asks for what is not known or for no time is told with its place", () => {
    const wide = "{ exhausted_within: 1d, actions: [protect_p0] }, { exhausted_within: 72h, actions: [protect_p1] }";
    expect(wrong(text(wide))).toEqual([
      expect.stringContaining("use_cases[0].forecast[1].exhausted_within: expected times that come nearer, found 72h after 1d"),
      expect.stringContaining("use_cases[0].forecast[1].actions[0]: unknown action `protect_p1`, did you mean `protect_p0`?"),
    ]);
    expect(wrong(text("{ exhausted_within: soon, actions: [protect_p0] }"))).toHaveLength(1);
    expect(wrong(text("{ exhausted_within: 1d, actions: [pace_p2=100%] }"))[0]).toContain("expected a share from 0% up to 99%");
  });
});

/** A provider has a cap and nothing else there, so somebody is told at the document's three steps. */
function provider(name: string, capNano: bigint) {
  const thresholds = [750_000n, 900_000n, 1_000_000n].map((share) => ({ share, actions: [notify("#finops-weekly")] }));
  return {
    policy: "spend_slo.yaml",
    subject: { kind: "provider", name },
    capNano,
    thresholds,
    exclusions: [],
    limits: LIMITS,
    pace: DEFAULT_PACE,
  };
}

describe("an action that is wrong", () => {
  const printed = readFileSync(fixture("spend_slo.yaml"), "utf8");
  const guard = readFileSync(fixture("budget_guard.yaml"), "utf8");

  it("is told with file, line, column and the nearest known word", () => {
    expect(wrong(printed.replace("route_small_model>=", "rout_small_modell>="))).toEqual([
      "9:19 use_cases[0].thresholds[1].actions[0]: unknown action `rout_small_modell`, did you mean `route_small_model`?",
    ]);
    expect(() => parsePolicy(printed.replace("depth_k=", "depthk="), "team/spend_slo.yaml")).toThrow(
      "The policy cannot be used: team/spend_slo.yaml:9:45: use_cases[0].thresholds[1].actions[1]: unknown action `depthk`, did you mean `depth_k`?",
    );
  });

  it("is told at its own column within a list in one text", () => {
    expect(wrong(guard.replace("degrade_to_small", "degrade_to_smal"))).toEqual([
      "6:32 spend_slo.alerts[0].action: unknown action `degrade_to_smal`, did you mean `degrade_to_small`?",
    ]);
    expect(wrong(guard.replace('"notify:#finops, degrade_to_small"', "notify:#finops, , frobnicate_everything_now"))).toEqual([
      "6:31 spend_slo.alerts[0].action: expected an action, found nothing",
      expect.stringMatching(/^6:33 .*unknown action `frobnicate_everything_now`; there are notify, enable_prompt_compress, /),
    ]);
  });

  it("is told as it should be written", () => {
    expect(wrong(printed.replace("depth_k=max(4)", "depth_k=4"))).toEqual([
      '9:45 use_cases[0].thresholds[1].actions[1]: expected it to be written as `depth_k=max(4)`, found "depth_k=4"',
    ]);
  });
});

describe("a policy that is wrong", () => {
  it("is told with every fault at once, in the order of the file", () => {
    const text = [
      "version: 2",
      "use_cases:",
      "  - id: a",
      "    monthly_cap_usd: lots",
      "    thresholds:",
      "      - { pct: 0.9, actions: [depth_k=max(4)] }",
      "      - { pct: 75%, actions: [enforce_cash_only] }",
      "    exclusion: []",
      "providers:",
      "  - { name: x, cap_usd: 1, guardrails: { grounded: 6, p95_latency_ms: off }, pace: { probation: 10 } }",
    ].join("\n");
    expect(wrong(text)).toEqual([
      "1:10 version: expected a whole number from 1 to 1, found 2",
      expect.stringMatching(/^4:22 use_cases\[0\].monthly_cap_usd: expected a decimal number of USD/),
      "7:16 use_cases[0].thresholds[1].pct: expected rising thresholds, found 75% after 0.9",
      "7:31 use_cases[0].thresholds[1].actions[0]: unknown action `enforce_cash_only`, did you mean `enforce_cache_only`?",
      "8:5 use_cases[0]: unknown setting `exclusion`, did you mean `exclusions`?",
      "10:52 providers[0].guardrails.grounded: expected a score above 0 and at most 5, or off, found 6",
      expect.stringMatching(/^10:97 providers\[0\].pace.probation: expected (text|a time)/),
    ]);
  });

  it("has no cap in it, or two for the same", () => {
    expect(wrong("")).toEqual([expect.stringContaining("there is no cap in it")]);
    expect(wrong("version: 1\nreporting: { channel: '#x' }")).toEqual([expect.stringContaining("there is no cap in it")]);
    const entry = "{ name: x, cap_usd: 1 }";
    expect(wrong(`providers: [${entry}, ${entry}]`)).toEqual([
      expect.stringContaining("providers[1].name: another entry of this file is about the same"),
    ]);
    expect(wrong(`providers: [${entry}]\nmodels: [${entry}]`)).toEqual([]);
  });

  it("cannot be read at all", () => {
    expect(() => readPolicyFile(fixture("nothing.yaml"))).toThrow("there is no such file");
    expect(wrong("use_cases: [")).toHaveLength(1);
  });
});

describe("guardrails and pace", () => {
  it("of an entry go before those of the file, and those before the defaults", () => {
    const text = [
      "guardrails: { p95_latency_ms: 2000, grounded: off }",
      "pace: { cool_down: 30m, least_samples: 5 }",
      "use_cases:",
      "  - { id: a, monthly_cap_usd: 10.5, guardrails: { error_rate: 2%, p95_latency_ms: 900 }, pace: { cool_down: 1h, clear_margin: 2.5% } }",
    ].join("\n");
    const [policy] = parsePolicy(text, "p.yaml").policies;
    expect(policy!.capNano).toBe(10_500_000_000n);
    expect(policy!.limits).toEqual({ p95_latency_ms: 900, error_rate: 0.02, grounded: "off" });
    expect(policy!.pace).toEqual({
      ...DEFAULT_PACE,
      coolDownMs: 3_600_000,
      clearMargin: 25_000n,
      terms: { leastSamples: 5, mostAgeMs: 120_000 },
    });
  });
});
