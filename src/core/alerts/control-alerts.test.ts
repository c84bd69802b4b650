import { describe, expect, it } from "vitest";
import type { ControlState } from "../policy/decision.ts";
import type { AlertRecord } from "./alert.ts";
import { recoveriesOf } from "./alert-recovery.ts";
import { channelNamed } from "./alert-routing.ts";
import { composeAlert } from "./compose-alert.ts";
import { type ControlAlertFacts, isControlAlert, scopeOfSubject } from "./control-alert.ts";

const AT = Date.UTC(2026, 10, 21, 12);
const SUBJECT = "use_case:ops:copilot";
const REACHED: ControlAlertFacts = {
  ...{ kind: "control_threshold_reached", subject: SUBJECT, threshold: "slo.yaml@0.75", percent: 75 },
  ...{ capUsd: "9000", spentUsd: "6750", channel: "#finops" },
};
const CHANGED: ControlAlertFacts = {
  ...{ kind: "lever_changed", subject: SUBJECT, lever: "depth_k", from: "off", to: "8", cause: "apply" },
  ...{ reason: "slo.yaml@0.75", probationUntil: AT },
};
const routes = [{ severities: [], scope: {}, budgets: [], channels: ["ops"], escalation: [{ afterMs: 1000, channels: ["lead"] }] }];

function compose(facts: ControlAlertFacts, channel?: string) {
  return composeAlert({ facts, scope: scopeOfSubject(facts.subject), warnPercent: 80, raisedAt: AT, channel }, routes, (text) => text);
}

function opened(facts: ControlAlertFacts): AlertRecord {
  const { key: _, once: __, deliveries: ___, ...alert } = compose(facts);
  return { ...alert, times: 1, lastAt: AT, ackedAt: null, ackedBy: null, resolvedAt: null, resolvedWhy: null };
}

function recovery(facts: ControlAlertFacts, state: ControlState | undefined, now = AT) {
  const controls = new Map(state ? [[SUBJECT, state]] : []);
  return recoveriesOf([opened(facts)], { accounts: new Map(), holdsInDoubt: 0, controls }, now).map(({ why, tells }) => [why, tells]);
}

describe("alerts of the controls", () => {
  it("go where the policy's label says, and where it names no channel by the routes", () => {
    expect(channelNamed("#finops", ["ops", "finops"])).toBe("finops");
    expect(channelNamed("#finops", ["finops", "#finops"])).toBe("#finops");
    expect(channelNamed("#finops", ["ops"])).toBeUndefined();
    expect(compose(REACHED, "finops").deliveries.map(({ channel, phase }) => [channel, phase])).toEqual([
      ["finops", "raised"],
      ["lead", "escalated-1"],
    ]);
    expect(compose(REACHED).deliveries[0]).toMatchObject({ channel: "ops" });
  });

  it("are routed by the subject's own dimension, with the rest of its name as it is", () => {
    expect(compose(REACHED).scope).toEqual({ use_case: "ops:copilot" });
  });

  it("are over when the threshold has cleared, and not before", () => {
    expect(recovery(REACHED, { levers: {}, reached: ["slo.yaml@0.75"] })).toEqual([]);
    expect(recovery(REACHED, { levers: {}, reached: [] })).toEqual([["back_below", true]]);
    expect(recovery(REACHED, undefined)).toEqual([["back_below", true]]);
  });

  it("say that a lever could not be turned back until it was", () => {
    const failed: ControlAlertFacts = { kind: "revert_failed", subject: SUBJECT, levers: ["depth_k"], detail: "2 attempts failed" };
    const failedRevert = { since: AT, to: 8, attempts: 2, paged: true };
    expect(recovery(failed, { levers: { depth_k: { value: 6, before: 8, failures: 1, failedRevert } }, reached: [] })).toEqual([]);
    expect(recovery(failed, { levers: { depth_k: { value: 8, before: 8, failures: 1 } }, reached: [] })).toEqual([["turned_back", true]]);
  });

  it("tell of a lever's change once, and of its end nobody", () => {
    expect(recovery(CHANGED, undefined)).toEqual([["was_news", false]]);
    expect(compose(CHANGED).severity).toBe("info");
  });

  it("are told apart from others by their kind", () => {
    expect(isControlAlert(REACHED)).toBe(true);
    expect(isControlAlert({ kind: "test" })).toBe(false);
  });
});
