import { describe, expect, it } from "vitest";
import type { LeverId } from "../levers/lever-list.ts";
import { afterDecisions } from "./after-decisions.ts";
import type { Approval } from "./approval.ts";
import { decide, turnedLevers } from "./decide.ts";
import { decideAll } from "./decide-all.ts";
import { type ControlState, type Decision, FRESH_STATE } from "./decision.ts";
import { decisionText } from "./decision-text.ts";
import { aControl, actions, aPolicy, type FactsText, MINUTE_MS, START, SUBJECT, someFacts } from "./policy-test-kit.ts";
import { subjectControls } from "./subject-control.ts";

/** A subject through virtual time. */
class Course {
  state: ControlState = FRESH_STATE;
  now = START;
  held: readonly string[] = [];
  approvals: Approval[] = [];
  last: readonly Decision[] = [];
  readonly control;

  constructor(control = aControl()) {
    this.control = control;
  }

  /** What is decided so many minutes later. */
  at(minutes: number, facts: FactsText, failed: readonly LeverId[] = []): string[] {
    this.now = START + minutes * MINUTE_MS;
    const verdict = decide(this.control, someFacts(this.now, { observedAt: this.now, ...facts }), this.state, this.approvals, this.now);
    this.state = afterDecisions(this.state, verdict.decisions, this.now, new Set(failed));
    this.held = verdict.held.map(({ what, reason }) => `${what} ${reason}`);
    this.last = verdict.decisions;
    return verdict.decisions.map(decisionText);
  }

  get levers(): string[] {
    return turnedLevers(this.state).map((id) => `${id}=${this.state.levers[id]!.value}`);
  }
}

/** Everything that 75 % asks for is turned and proved. */
function provedCourse(): Course {
  const course = new Course();
  course.at(0, { burn: 0.8 });
  course.at(10, { burn: 0.8 });
  return course;
}

describe("the policy of the controls document", () => {
  it("does nothing below its first threshold", () => {
    expect(new Course().at(0, { burn: 0.749999 })).toEqual([]);
  });

  it("at 75 % tells, compresses and caches more, and puts both on probation", () => {
    const course = new Course();
    expect(course.at(0, { burn: 0.75 })).toEqual([
      "reached spend_slo.yaml@0.75",
      "notify #finops",
      "apply prompt_compression off -> on",
      "apply cache_aggressiveness off -> 1",
    ]);
    expect(course.at(1, { burn: 0.75 })).toEqual([]);
    expect(course.at(10, { burn: 0.76 })).toEqual(["keep prompt_compression on", "keep cache_aggressiveness 1"]);
    expect(course.levers).toEqual(["prompt_compression=1", "cache_aggressiveness=1"]);
  });

  it("at 90 % moves one step at a time, each after the one before has passed its probation", () => {
    const course = new Course();
    const steps = [0, 10, 20, 30, 40, 50, 60].map((minute) => course.at(minute, { burn: 0.9 }).filter((text) => text.startsWith("apply")));
    expect(steps[0]).toContain("apply small_model_share off -> 25");
    const shares = steps.flat().filter((text) => text.includes("small_model_share"));
    expect(shares).toEqual(["apply small_model_share off -> 25", "apply small_model_share 25 -> 50", "apply small_model_share 50 -> 65"]);
    expect(steps.flat().filter((text) => text.includes("depth_k"))).toEqual([
      "apply depth_k off -> 8",
      "apply depth_k 8 -> 6",
      "apply depth_k 6 -> 4",
    ]);
    expect(steps.flat().filter((text) => text.includes("response_cap"))).toEqual([
      "apply response_cap_tokens off -> 700",
      "apply response_cap_tokens 700 -> 350",
    ]);
  });

  it("at 100 % freezes the large model, asks for approval and opens a postmortem with the facts", () => {
    const course = provedCourse();
    const decided = course.at(20, { burn: 1 });
    for (const text of ["apply feature_freeze/large_model off -> on", "apply exec_approval off -> on", "ask_approval", "open_postmortem"]) {
      expect(decided).toContain(text);
    }
    const postmortem = course.last.find((decision) => decision.kind === "open_postmortem")!;
    expect(postmortem.facts).toMatchObject({
      subject: "use_case:ops_copilot",
      threshold: "spend_slo.yaml@1",
      capNano: 9_000_000_000_000n,
      spentNano: 9_000_000_000_000n,
      levers: [
        { lever: "prompt_compression", value: 1, off: 0 },
        { lever: "cache_aggressiveness", value: 1, off: 0 },
      ],
    });
    expect(postmortem.facts.signals.map(({ name }) => name)).toEqual(["p95_latency_ms", "error_rate", "grounded"]);
    expect(course.at(21, { burn: 1.01 })).not.toContain("open_postmortem");
  });

  it("goes back when spending falls below the threshold by the margin, and not before", () => {
    const course = provedCourse();
    expect(course.at(30, { burn: 0.7 })).toEqual([]);
    expect(course.at(31, { burn: 0.699999 })).toEqual([
      "cleared spend_slo.yaml@0.75",
      "revert prompt_compression on -> off (cleared)",
      "revert cache_aggressiveness 1 -> off (cleared)",
    ]);
    expect(course.at(32, { burn: 0.76 })).toEqual(["reached spend_slo.yaml@0.75", "notify #finops"]);
    expect(course.held).toEqual(["prompt_compression cool_down", "cache_aggressiveness cool_down"]);
  });
});

describe("a guardrail", () => {
  it("holds at its limit and breaks above it", () => {
    expect(new Course().at(0, { burn: 0.8, values: { p95_latency_ms: 1200, error_rate: 0.01, grounded: 4.2 } })).toHaveLength(4);
    const course = new Course();
    expect(course.at(0, { burn: 0.8, values: { p95_latency_ms: 1201 } })).toEqual(["reached spend_slo.yaml@0.75", "notify #finops"]);
    expect(course.held).toEqual(["prompt_compression guardrail", "cache_aggressiveness guardrail"]);
  });

  it("that breaks on probation turns the newest step back, pages once, and leaves what is proved alone", () => {
    const course = provedCourse();
    course.at(20, { burn: 0.9 });
    const share = "revert small_model_share 25 -> off (grounded)";
    const depth = "revert depth_k 8 -> off (grounded)";
    const cap = "revert response_cap_tokens 700 -> off (grounded)";
    const page = "page guardrail_broken small_model_share, response_cap_tokens, depth_k";
    expect(course.at(21, { burn: 0.9, values: { grounded: 4.1 } })).toEqual([share, cap, depth, page]);
    expect(course.held).toContain("prompt_compression waits_for_revert");
    expect(course.at(22, { burn: 0.9, values: { grounded: 4.1 } })).toEqual([]);
  });

  it("that breaks for another reason just after is answered at once, by what is proved", () => {
    const course = provedCourse();
    course.at(20, { burn: 0.9 });
    course.at(21, { burn: 0.9, values: { grounded: 4.1 } });
    expect(course.at(22, { burn: 0.9, values: { error_rate: 0.02 } })[0]).toBe("revert prompt_compression on -> off (error_rate)");
  });

  it("that stays broken after that turns back what is proved too", () => {
    const course = provedCourse();
    course.at(20, { burn: 0.9 });
    course.at(21, { burn: 0.9, values: { grounded: 4.1 } });
    expect(course.at(31, { burn: 0.9, values: { grounded: 4.1 } })).toContain("revert prompt_compression on -> off (grounded)");
  });

  it("that is still broken by what came after the revert alone turns back what is proved at once", () => {
    const course = provedCourse();
    course.at(20, { burn: 0.9 });
    course.at(21, { burn: 0.9, values: { grounded: 4.1 } });
    const at = START + 22 * MINUTE_MS;
    const facts = someFacts(at, { burn: 0.9, values: { grounded: 4.1 } });
    const since = (ms: number) => ({ ...facts, signals: { ...facts.signals, grounded: { ...facts.signals.grounded!, since: at - ms } } });
    const decided = (ms: number) => decide(aControl(), since(ms), course.state, [], at).decisions.map(decisionText);
    expect(decided(MINUTE_MS)).toContain("revert prompt_compression on -> off (grounded)");
    expect(decided(MINUTE_MS + 1)).toEqual([]);
  });

  it("that breaks when nothing is on probation turns all of its levers off at once", () => {
    const reverts = ["revert prompt_compression on -> off (grounded)", "revert cache_aggressiveness 1 -> off (grounded)"];
    expect(
      provedCourse()
        .at(12, { burn: 0.8, values: { grounded: 4.1 } })
        .slice(0, 2),
    ).toEqual(reverts);
  });

  it("goes back by one step only, to the value that was proved", () => {
    const course = new Course(aControl({ thresholds: [{ share: 900_000n, actions: actions("route_small_model>=65%") }] }));
    course.at(0, { burn: 0.9 });
    expect(course.at(10, { burn: 0.9 })).toEqual(["keep small_model_share 25", "apply small_model_share 25 -> 50"]);
    expect(course.levers).toEqual(["small_model_share=50"]);
    expect(course.at(11, { burn: 0.9, values: { grounded: 4 } })[0]).toBe("revert small_model_share 50 -> 25 (grounded)");
    expect(course.at(12, { burn: 0.9, values: { grounded: 4 } })).toEqual([]);
    expect(course.at(21, { burn: 0.9, values: { grounded: 4 } })[0]).toBe("revert small_model_share 25 -> off (grounded)");
  });

  it("holds a lever off after it broke, twice as long the second time, and asks for room below the limit", () => {
    const course = new Course(aControl({ thresholds: [{ share: 900_000n, actions: actions("route_small_model>=65%") }] }));
    course.at(0, { burn: 0.9 });
    course.at(1, { burn: 0.9, values: { p95_latency_ms: 1500 } });
    expect(course.at(60, { burn: 0.9 })).toEqual([]);
    expect(course.held).toEqual(["small_model_share held_off"]);
    expect(course.at(61, { burn: 0.9, values: { p95_latency_ms: 1150 } })).toEqual([]);
    expect(course.held).toEqual(["small_model_share guardrail"]);
    expect(course.at(62, { burn: 0.9 })).toEqual(["apply small_model_share off -> 25"]);
    course.at(63, { burn: 0.9, values: { p95_latency_ms: 1500 } });
    expect(course.at(182, { burn: 0.9 })).toEqual([]);
    expect(course.at(183, { burn: 0.9 })).toEqual(["apply small_model_share off -> 25"]);
  });

  it("that the policy switches off is not waited for", () => {
    const control = aControl({ limits: { p95_latency_ms: 1200, error_rate: 0.01, grounded: "off" } });
    expect(new Course(control).at(0, { burn: 0.8, values: { grounded: 1 } })).toHaveLength(4);
  });
});

describe("signals", () => {
  it("that are missing, old, thin or no numbers keep levers where they are, and say so", () => {
    for (const facts of [
      { samples: 29 },
      { values: { grounded: Number.NaN } },
      { observedAt: START - 120_001 },
      { observedAt: START + 1 },
    ]) {
      const course = new Course();
      expect(course.at(0, { burn: 0.8, ...facts }).filter((text) => text.startsWith("apply"))).toEqual([]);
      expect(course.held.length).toBeGreaterThan(0);
    }
  });

  it("that are missing when a probation ends let it go on", () => {
    const course = new Course();
    course.at(0, { burn: 0.8 });
    expect(course.at(10, { burn: 0.8, samples: 3 })).toEqual([]);
    expect(course.held).toContain("prompt_compression probation");
    expect(course.at(11, { burn: 0.8 })).toContain("keep prompt_compression on");
  });

  it("of unknown spending neither turn a lever nor turn one back", () => {
    const course = provedCourse();
    expect(course.at(60, {})).toEqual([]);
    expect(course.held).toEqual(["spending no_signal"]);
  });
});

describe("approvals", () => {
  const hour = { from: START, until: START + 180 * MINUTE_MS, subject: SUBJECT };

  it("of an exclusion by its approver turn every lever back at once, until they end", () => {
    const course = provedCourse();
    course.approvals = [{ ...hour, id: "a1", kind: "exclusion", reason: "sev1_remediation", approver: "Head of SRE" }];
    expect(course.at(11, { burn: 0.8 })).toEqual([
      "revert prompt_compression on -> off (excluded)",
      "revert cache_aggressiveness 1 -> off (excluded)",
    ]);
    expect(course.at(179, { burn: 0.8 })).toEqual([]);
    expect(course.at(180, { burn: 0.8 })).toEqual(["apply prompt_compression off -> on", "apply cache_aggressiveness off -> 1"]);
  });

  it("of an exclusion by anybody else count for nothing, and that is said", () => {
    const course = provedCourse();
    course.approvals = [{ ...hour, id: "a1", kind: "exclusion", reason: "security_fix", approver: "Head of SRE" }];
    expect(course.at(11, { burn: 0.8 })).toEqual([]);
    expect(course.held).toEqual(["a1 approval_refused"]);
  });

  it("of spending on lift what the threshold that asked for it wants, and nothing else", () => {
    const course = provedCourse();
    course.at(20, { burn: 1 });
    course.approvals = [{ ...hour, id: "a2", kind: "exec", approver: "CFO" }];
    const decided = course.at(31, { burn: 1 }).filter((text) => text.startsWith("revert"));
    expect(decided).toEqual(["revert feature_freeze/large_model on -> off (approved)", "revert exec_approval on -> off (approved)"]);
    expect(course.levers).toContain("small_model_share=50");
  });
});

describe("a revert that cannot be carried out", () => {
  it("is tried again at every tick, and paged once", () => {
    const course = new Course();
    course.at(0, { burn: 0.8 });
    const broken = { burn: 0.8, values: { error_rate: 0.05 } };
    course.at(1, broken, ["prompt_compression"]);
    expect(course.levers).toEqual(["prompt_compression=1"]);
    const again = "revert prompt_compression on -> off (again)";
    expect(course.at(2, broken, ["prompt_compression"])).toEqual([again, "page revert_failed prompt_compression"]);
    expect(course.at(3, broken, ["prompt_compression"])).toEqual([again]);
    expect(course.at(4, broken)).toEqual([again]);
    expect(course.at(5, broken)).toEqual([]);
    expect(course.levers).toEqual([]);
  });
});

describe("several policies of one subject", () => {
  it("add up: the cheapest target, the strictest guardrail, each cap by itself", () => {
    const other = aPolicy({
      policy: "guard.yaml",
      capNano: 4_500_000_000_000n,
      thresholds: [{ share: 750_000n, actions: actions("degrade_to_small") }],
      limits: { p95_latency_ms: 1000, error_rate: 0.01, grounded: "off" },
    });
    const control = subjectControls([aPolicy(), other]).get("use_case:ops_copilot")!;
    const course = new Course(control);
    // 40 % of one cap is 80 % of the other.
    expect(course.at(0, { burn: 0.4 })).toEqual(["reached guard.yaml@0.75", "apply small_model_share off -> 25"]);
    expect(course.at(1, { burn: 0.4, values: { p95_latency_ms: 1100 } })[0]).toBe("revert small_model_share 25 -> off (p95_latency_ms)");
  });

  it("that are all gone leave nothing turned", () => {
    const course = provedCourse();
    const now = START + 30 * MINUTE_MS;
    const states = new Map([["use_case:ops_copilot", course.state]]);
    const verdicts = decideAll({ controls: new Map(), facts: new Map(), states, approvals: [], now });
    const decided = verdicts.get("use_case:ops_copilot")!.decisions;
    expect(turnedLevers(afterDecisions(course.state, decided, now))).toEqual([]);
  });
});
