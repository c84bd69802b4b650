import { expect, it } from "vitest";
import { leversInForce } from "../levers/levers-in-force.ts";
import { afterDecisions } from "./after-decisions.ts";
import type { ControlState, Verdict } from "./decision.ts";
import { stopLevers, whileStopped } from "./stop-levers.ts";

const AT = 1_000_000;
const STATE: ControlState = {
  levers: {
    depth_k: { value: 8, before: 1000, failures: 2, appliedAt: AT, probation: { since: AT, until: AT + 1 } },
    cache_only: { value: 1, before: 0, failures: 0, failedRevert: { since: AT, to: 0, attempts: 1, paged: false } },
    small_model_share: { value: 0, before: 0, failures: 0 },
  },
  reached: ["slo.yaml@0.9"],
};

it("turns every turned lever off at once, and keeps what is known of thresholds and failures", () => {
  const decisions = stopLevers(STATE, "drill");
  expect(decisions.map((decision) => decision.kind === "revert" && [decision.lever, decision.from, decision.to, decision.cause])).toEqual([
    ["cache_only", 1, 0, "stopped"],
    ["depth_k", 8, 1000, "stopped"],
  ]);
  const after = afterDecisions(STATE, decisions, AT + 5);
  const states = new Map([["use_case:x", after]]);
  expect(leversInForce(states, { useCase: "x", provider: "p", models: [] })).toEqual({});
  expect(after.reached).toEqual(["slo.yaml@0.9"]);
  expect(after.levers.depth_k).toMatchObject({ failures: 2, probation: undefined });
  expect(after.levers.cache_only?.failedRevert).toBeUndefined();
  expect(stopLevers(after, "again")).toEqual([]);
});

it("goes on telling people while it is stopped, and says of each lever that it is held", () => {
  const verdict: Verdict = {
    decisions: [
      { kind: "reached", threshold: "slo.yaml@0.9", spentNano: 9n, capNano: 10n },
      { kind: "notify", channel: "#finops", threshold: "slo.yaml@0.9" },
      { kind: "apply", lever: "depth_k", from: 1000, to: 8, target: 4, because: [], spentNano: 9n, guardrails: [], probationUntil: AT },
    ],
    held: [{ what: "cache_only", reason: "cool_down", detail: "until" }],
  };
  const stopped = whileStopped(verdict, "drill");
  expect(stopped.decisions.map(({ kind }) => kind)).toEqual(["reached", "notify"]);
  expect(stopped.held).toEqual([...verdict.held, { what: "depth_k", reason: "stopped", detail: "drill" }]);
});
