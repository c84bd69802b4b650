import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../contract/problem.ts";
import { HOUR_MS } from "../core/forecast/hourly-shape.ts";
import { usd } from "../core/money/usd.ts";
import { DEFAULT_LIMITS } from "../core/policy/guardrail-list.ts";
import { DEFAULT_PACE, type SubjectPolicy } from "../core/policy/policy.ts";
import { subjectControls } from "../core/policy/subject-control.ts";
import { windowAt } from "../core/time/window.ts";
import { BudgetCatalog } from "../data/store/budget-catalog.ts";
import { aBudget, CHANGE } from "../data/store/ledger-store-conformance.ts";
import { LeverBoard } from "../data/store/lever-board.ts";
import { openSqliteLedgerStore } from "../data/store/sqlite-ledger-store.ts";
import type { ControlSignalsQuestion, ControlSignalsRow, HourlySpendsQuestion, SubjectHour } from "../ports/control-signals-question.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { Controls } from "./controls.ts";
import { applyPolicyBudgets } from "./policy-budgets.ts";

const SUBJECT = "use_case:ops";
const START = Date.UTC(2026, 10, 21, 12);
const POLICY: SubjectPolicy = {
  ...{ policy: "slo.yaml", subject: { kind: "use_case", name: "ops" }, capNano: usd("100"), pace: DEFAULT_PACE },
  limits: { ...DEFAULT_LIMITS, grounded: "off" },
  thresholds: [{ share: 500_000n, actions: [{ kind: "turn", lever: "depth_k", target: 4 }] }],
  exclusions: [{ reason: "security_fix", approver: "VP" }],
};
const NO_CALLS: ControlSignalsRow = {
  ...{ subject: SUBJECT, timed: 0, latencyMsP50: null, latencyMsP95: null, served: 0, failed: 0, answered: 0, cached: 0 },
  ...{ retrieved: 0, depthK: null, reranked: 0, rerankCount: null, hourPriced: 0, hourUsd: null, dayPriced: 0, dayUsd: null },
};

describe("the controls of a server", () => {
  let folder: string;
  let now: number;
  let store: LedgerStore;
  let board: LeverBoard;
  let isDown: boolean;
  let latencyMs: number;
  let asked: ControlSignalsQuestion | undefined;
  let askedHours: HourlySpendsQuestion[];
  let grounded: number | undefined;
  let hours: SubjectHour[];
  let logged: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-controller-"));
    now = START;
    isDown = false;
    latencyMs = 300;
    asked = undefined;
    askedHours = [];
    grounded = undefined;
    hours = [];
    logged = [];
    board = new LeverBoard();
    store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: now }, () => now);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const measured = {
    controlSignals: async (question: ControlSignalsQuestion) => {
      asked = question;
      return [{ ...NO_CALLS, timed: 100, latencyMsP50: 100, latencyMsP95: latencyMs, served: 100, failed: 0 }];
    },
    groundedness: async () => (grounded === undefined ? [] : [{ subject: SUBJECT, samples: 40, average: grounded }]),
    hourlySpends: async (question: HourlySpendsQuestion) => {
      askedHours.push(question);
      return hours.filter(({ at }) => at >= question.from.getTime() && at < question.to.getTime());
    },
  } as unknown as Warehouse;

  async function open(more: { policies?: readonly SubjectPolicy[]; warehouse?: Warehouse | undefined } = {}): Promise<Controls> {
    const controls = subjectControls(more.policies ?? [POLICY]);
    const budgetIds = await applyPolicyBudgets(controls, await BudgetCatalog.open(store, null), now);
    const recordTick: LedgerStore["controls"]["recordTick"] = async (tick) => {
      if (isDown) throw new Problem("store_unavailable");
      return await store.controls.recordTick(tick);
    };
    const failing = new Proxy(store, {
      get(target, name) {
        if (name === "controls") return { ...store.controls, recordTick };
        const member = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const log = {
      warn: (_: object, words: string) => logged.push(`warn ${words}`),
      error: (facts: object) => logged.push(`error ${(facts as { about: string }).about}`),
    };
    const warehouse = "warehouse" in more ? more.warehouse : measured;
    return new Controls({ store: failing, warehouse, board, controls, budgetIds, now: () => now, log });
  }

  async function spend(amount: string): Promise<void> {
    const want = { budgetId: "slo:use_case:ops", window: windowAt("month", "UTC", now) };
    await store.track({
      ...{ requestId: `r-${now}-${amount}`, at: now, tenant: "a", wants: [want], create: [], amountNano: usd(amount) },
      ...{
        inputTokens: 1,
        outputTokens: 1,
        fingerprint: "f",
        trace: JSON.stringify({ trace_id: `t-${now}`, ts: new Date(now).toISOString() }),
      },
    });
    await store.ackOutbox((await store.readOutbox("request_trace", 100)).map(({ seq }) => seq));
  }

  const value = () => board.inForce({ useCase: "ops", provider: "p", models: [] }).depth_k;
  const held = async (controls: Controls) => (await controls.look()).held.get(SUBJECT)!.map(({ what, reason }) => `${what} ${reason}`);
  const actions = async () =>
    (await store.audit(100))
      .map(({ action }) => action)
      .filter((action) => action !== "budget.set")
      .reverse();

  it("turn a lever when the ledger says that the threshold is reached, and do nothing more when asked again", async () => {
    const controls = await open();
    await controls.tick();
    expect(value()).toBeUndefined();
    await spend("50");
    await controls.tick();
    expect(value()).toBe(8);
    await controls.tick();
    expect(await actions()).toEqual(["threshold.reached", "lever.apply"]);
    expect((await store.controls.states())[0]).toMatchObject({ subject: SUBJECT, revision: 1 });
    expect(controls.counts).toMatchObject({ ticks: 3, failedTicks: 0, changes: 1, held: { probation: 1 } });
    expect(controls.turned()).toEqual([{ subject: SUBJECT, lever: "depth_k", value: 8 }]);
  });

  it("ask for latency and errors from the newest change on, so that a probation sees what the change did", async () => {
    const controls = await open();
    await spend("50");
    await controls.tick();
    expect(asked!.subjects[0]!.guardedSince.getTime()).toBe(0);
    now += 60_000;
    await controls.tick();
    expect(asked!.subjects).toEqual([{ subject: SUBJECT, guardedSince: new Date(START) }]);
  });

  it("hold still and say so where there is no warehouse, and where calls wait for it too long", async () => {
    const blind = await open({ warehouse: undefined });
    await spend("50");
    await blind.tick();
    expect(value()).toBeUndefined();
    expect(await held(blind)).toEqual(["depth_k no_signal"]);
    expect((await blind.look()).withoutSignals).toBe("there is no warehouse");
    const waiting = { ...{ requestId: "w", at: now, tenant: "a", wants: [], create: [], amountNano: 0n, inputTokens: 1, outputTokens: 1 } };
    const trace = JSON.stringify({ trace_id: "w", ts: new Date(now).toISOString(), latency_ms: 500 });
    await store.track({ ...waiting, fingerprint: "f", trace });
    now += 121_000;
    const stalled = await open();
    await stalled.tick();
    expect(value()).toBeUndefined();
    const { signals } = (await stalled.look()).facts.get(SUBJECT)!;
    expect(signals.p95_latency_ms?.observedAt).toBe(START + 500);
    expect(await held(stalled)).toEqual(["depth_k no_signal"]);
  });

  it("try a revert that cannot be written again, page once by the log, and record it when the store is back", async () => {
    const controls = await open();
    await spend("50");
    await controls.tick();
    latencyMs = 5000;
    isDown = true;
    for (let tick = 0; tick < 4; tick++) {
      now += 5_000;
      expect(controls.isDue()).toBe(tick > 0);
      await controls.tick();
      expect(value()).toBe(8);
    }
    expect(logged.filter((line) => line.startsWith("error"))).toEqual(["error guardrail_broken", "error revert_failed"]);
    expect(controls.counts).toMatchObject({ failedTicks: 4 });
    isDown = false;
    now += 5_000;
    await controls.tick();
    expect(value()).toBeUndefined();
    expect(await actions()).toEqual(["threshold.reached", "lever.apply", "lever.revert"]);
    const { failures, failedRevert } = (await store.controls.states())[0]!.state.levers.depth_k!;
    expect([failures, failedRevert]).toEqual([1, undefined]);
    expect((await store.verify()).findings).toEqual([]);
  });

  it("wait for groundedness where it guards a lever, say since when signals count, and turn back what breaks it", async () => {
    const controls = await open({ policies: [{ ...POLICY, limits: DEFAULT_LIMITS }] });
    await spend("50");
    await controls.tick();
    expect([value(), await held(controls)]).toEqual([undefined, ["depth_k no_signal"]]);
    grounded = 4.6;
    now += 30_000;
    await controls.tick();
    expect(value()).toBe(8);
    grounded = 4.1;
    now += 30_000;
    await controls.tick();
    expect(value()).toBeUndefined();
    const { signals } = (await controls.look()).facts.get(SUBJECT)!;
    expect(signals.grounded).toMatchObject({ value: 4.1, samples: 40, windowMs: HOUR_MS, since: START + 30_000, observedAt: now });
    expect([signals.p95_latency_ms?.since, signals.error_rate?.since]).toEqual([START + 30_000, START + 30_000]);
    expect((await store.audit(1))[0]!.reason).toContain("grounded 4.1 against 4.2");
  });

  it("take ratings that wait to be carried over for what makes groundedness old", async () => {
    const controls = await open();
    grounded = 4.6;
    await store.keepFacts([JSON.stringify({ received_at: new Date(START - 90_000).toISOString() })], "rating");
    const { signals } = (await controls.look()).facts.get(SUBJECT)!;
    expect([signals.grounded?.observedAt, signals.error_rate?.observedAt]).toEqual([START - 90_000, START]);
  });

  it("turn a lever when the cap is forecast to be spent before long, from whole hours asked for once a minute", async () => {
    const forecast = { withinMs: 24 * HOUR_MS, actions: [{ kind: "turn", lever: "depth_k", target: 8 }] } as const;
    const controls = await open({ policies: [{ ...POLICY, thresholds: [forecast] }] });
    const one = { subject: SUBJECT, priority: "p1", admitted: 10, paced: 0 } as const;
    await spend("4");
    hours = Array.from({ length: 30 }, (_, index) => ({ ...one, at: START - (index + 1) * HOUR_MS, nano: usd("2") }));
    await controls.tick();
    const told = (await controls.look()).facts.get(SUBJECT)!;
    expect(told.spending?.windowEndsAt).toBe(Date.UTC(2026, 11, 1));
    expect(told.signals.exhaustion).toMatchObject({ value: 48, observedAt: START });
    const leftHours = (Date.UTC(2026, 11, 1) - START) / HOUR_MS;
    expect(told.pacing?.neededNano).toEqual({ p0: 0n, p1: usd("2") * BigInt(leftHours), p2: 0n });
    expect(value()).toBeUndefined();
    hours = hours.map((hour) => ({ ...hour, nano: usd("6") }));
    now += 30_000;
    await controls.tick();
    expect([askedHours.length, value()]).toEqual([1, undefined]);
    now += 30_000;
    await controls.tick();
    // The newest hours alone are asked for again: their median is the rate of a rise that lasts.
    expect(askedHours[1]!.from.getTime()).toBe(START - 3 * HOUR_MS);
    now += 24 * HOUR_MS;
    hours = hours.map((hour) => ({ ...hour, at: hour.at + 24 * HOUR_MS }));
    await controls.tick();
    expect(value()).toBe(8);
    expect((await store.audit(10)).find(({ action }) => action === "threshold.reached")!.reason).toMatch(/^slo\.yaml@1d: spent 4/);
  });

  it("have a forecast grow old, and begin nothing by it, while the warehouse is away", async () => {
    const controls = await open();
    const one = { subject: SUBJECT, priority: "p1", admitted: 10, paced: 0 } as const;
    hours = Array.from({ length: 5 }, (_, index) => ({ ...one, at: START - (index + 1) * HOUR_MS, nano: usd("2") }));
    const waiting = { ...{ requestId: "w", at: now, tenant: "a", wants: [], create: [], amountNano: 0n, inputTokens: 1, outputTokens: 1 } };
    await store.track({
      ...waiting,
      fingerprint: "f",
      trace: JSON.stringify({ trace_id: "w", ts: new Date(START - 200_000).toISOString() }),
    });
    const { signals, pacing } = (await controls.look()).facts.get(SUBJECT)!;
    expect([signals.exhaustion?.observedAt, pacing?.observedAt]).toEqual([START - 200_000, START - 200_000]);
  });

  it("give way to who changed a subject meanwhile, and decide again at once from what they wrote", async () => {
    const [first, second] = [await open(), await open()];
    await spend("50");
    await Promise.all([first.tick(), second.tick()]);
    expect((await actions()).filter((action) => action === "lever.apply")).toHaveLength(1);
    expect([first, second].filter((each) => each.isDue())).toHaveLength(1);
    expect((await store.controls.states())[0]).toMatchObject({ revision: 1 });
  });

  it("stop at once, stay stopped in the face of every threshold, tell people all the same, and go on", async () => {
    const controls = await open();
    await spend("50");
    await controls.tick();
    expect(await controls.turnSwitch({ stop: true, by: "admin", reason: "drill" })).toBe(true);
    expect(await controls.turnSwitch({ stop: true, by: "admin", reason: "again" })).toBe(false);
    expect(value()).toBeUndefined();
    now += 3_600_000;
    await controls.tick();
    expect(value()).toBeUndefined();
    expect(await held(controls)).toEqual(["depth_k stopped"]);
    expect(await controls.turnSwitch({ stop: false, by: "admin", reason: "" })).toBe(true);
    expect(controls.isDue()).toBe(true);
    await controls.tick();
    expect(value()).toBe(8);
    expect(await actions()).toEqual([
      "threshold.reached",
      "lever.apply",
      "lever.revert",
      "controls.stop",
      "controls.resume",
      "lever.apply",
    ]);
    expect(controls.counts.reverts).toEqual({ stopped: 1 });
  });

  it("turn back what no policy asks for any more", async () => {
    const controls = await open();
    await spend("50");
    await controls.tick();
    now += 3_600_000;
    const without = await open({ policies: [] });
    await without.tick();
    expect(value()).toBeUndefined();
    expect(await actions()).toEqual(["threshold.reached", "lever.apply", "threshold.cleared", "lever.revert"]);
  });

  it("are due after half a minute, after 100 calls of one subject, and when somebody wakes them", async () => {
    const controls = await open();
    expect(controls.isDue()).toBe(true);
    await controls.tick();
    const call = { useCase: "ops", provider: "p", model: "m", outcome: "complete" };
    for (let number = 0; number < 99; number++) controls.observe(call);
    for (let number = 0; number < 99; number++) controls.observe({ ...call, useCase: "other" });
    controls.observe({ ...call, outcome: "refused" });
    now += 29_999;
    expect(controls.isDue()).toBe(false);
    controls.observe(call);
    expect(controls.isDue()).toBe(true);
    await controls.tick();
    expect(controls.isDue()).toBe(false);
    controls.wake();
    expect(controls.isDue()).toBe(true);
    await controls.tick();
    now += 30_000;
    expect(controls.isDue()).toBe(true);
  });

  it("count spending with the subject's own budget where there is one, and with the least cap of its policies else", async () => {
    const catalog = await BudgetCatalog.open(store, null);
    const twice = subjectControls([POLICY, { ...POLICY, policy: "other.yaml", capNano: usd("80") }]);
    expect(await applyPolicyBudgets(twice, catalog, now)).toEqual(new Map([[SUBJECT, "slo:use_case:ops"]]));
    expect(catalog.get("slo:use_case:ops")).toMatchObject({
      ...{ selector: { use_case: "ops" }, limitNano: usd("80"), hard: false, thresholds: [], origin: "policy" },
    });
    await applyPolicyBudgets(subjectControls([POLICY]), catalog, now);
    expect(catalog.get("slo:use_case:ops")?.limitNano).toBe(usd("100"));
    const model = { ...POLICY, subject: { kind: "model", name: "m" } } as const;
    await catalog.put(aBudget({ id: "own", selector: { model: "m" }, window: "month", zone: "UTC" }), CHANGE);
    expect((await applyPolicyBudgets(subjectControls([model]), catalog, now)).get("model:m")).toBe("own");
    expect(catalog.get("slo:model:m")).toBeUndefined();
  });
});
