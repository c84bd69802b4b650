import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { type Account, accountId } from "../ledger/budget.ts";
import { windowAt } from "../time/window.ts";
import { type Alert, type AlertFacts, type AlertRecord, SEVERITIES } from "./alert.ts";
import { alertKey } from "./alert-key.ts";
import { recoveriesOf } from "./alert-recovery.ts";
import { type AlertRoute, planDeliveries, takes } from "./alert-routing.ts";
import { severityOf } from "./alert-severity.ts";
import { alertWords } from "./alert-words.ts";
import { afterFailure } from "./delivery-retry.ts";
import { heldUntil, minuteOfDay } from "./quiet-hours.ts";

const AT = Date.parse("2026-11-21T03:00:00Z");
const HOUR_MS = 3_600_000;
const window = windowAt("month", "Europe/Berlin", AT);

function crossing(percent: number, budgetId = "tenant=acme", hard = true): AlertFacts {
  const amounts = { limitUsd: "100", spentUsd: String(percent), hard };
  const place = { windowStart: window.start, windowEnd: window.end, zone: "Europe/Berlin" };
  return { kind: "budget_threshold_crossed", percent, budget: { budgetId, accountId: accountId(budgetId, window), ...amounts, ...place } };
}

function aRecord(facts: AlertFacts, more: Partial<AlertRecord> = {}): AlertRecord {
  const state = { times: 1, lastAt: AT, ackedAt: null, ackedBy: null, resolvedAt: null, resolvedWhy: null };
  const id = `${alertKey(facts, AT)}`;
  return { id, severity: severityOf(facts, 80), scope: { tenant: "acme" }, facts, raisedAt: AT, ...state, ...more };
}

function anAccount(spentNano: bigint, limitNano: bigint): Account {
  const amounts = {
    limitNano,
    spentNano,
    creditedNano: 0n,
    inDoubtNano: 0n,
    leasedNano: 0n,
    overrunNano: 0n,
    inputTokens: 0n,
    outputTokens: 0n,
  };
  return { id: accountId("tenant=acme", window), budgetId: "tenant=acme", window, hard: true, ...amounts };
}

function aRoute(more: Partial<AlertRoute> = {}): AlertRoute {
  return { severities: [], scope: {}, budgets: [], channels: ["ops"], escalation: [], ...more };
}

const channels = fc.subarray(["ops", "lead", "boss", "hook"], { minLength: 1 });
const routes = fc.array(
  fc.record({
    severities: fc.subarray([...SEVERITIES]),
    scope: fc.constantFrom({}, { tenant: "acme" }, { tenant: "other" }, { model: "gpt-4o" }),
    budgets: fc.constantFrom([], ["tenant=acme"], ["tenant=*"], ["else"]),
    channels,
    escalation: fc.array(fc.record({ afterMs: fc.constantFrom(30, 60, 90), channels }), { maxLength: 3 }),
  }),
  { maxLength: 5 },
);

describe("severity", () => {
  it("rises with the threshold: information, a warning from the warning share on, critical from the limit on", () => {
    expect([50, 79, 80, 99, 100, 120].map((percent) => severityOf(crossing(percent), 80))).toEqual([
      "info",
      "info",
      "warning",
      "warning",
      "critical",
      "critical",
    ]);
  });
});

describe("the key of an alert", () => {
  it("is the budget, its window and the threshold", () => {
    const keys = [crossing(80), crossing(80), crossing(90), crossing(80, "tenant=b")].map((facts) => alertKey(facts, AT));
    expect(new Set(keys).size).toBe(3);
    expect(alertKey(crossing(80), AT)).toBe(alertKey(crossing(80), AT + 5 * HOUR_MS));
  });

  it("is another alert when a threshold is reached again after a reset", () => {
    const first = crossing(80) as Extract<AlertFacts, { kind: "budget_threshold_crossed" }>;
    const again = { ...first, budget: { ...first.budget, creditedUsd: "40" } };
    expect(alertKey(again, AT)).not.toBe(alertKey(first, AT));
    expect(alertKey({ ...again, budget: { ...again.budget, creditedUsd: "90" } }, AT)).not.toBe(alertKey(again, AT));
  });

  it("tells a wrong bound once a tenant and hour", () => {
    const exceeded = (tenant: string): AlertFacts => ({ kind: "hold_exceeded", tenant, holdId: "h", heldUsd: "1", costUsd: "2" });
    expect(alertKey(exceeded("a"), AT)).toBe(alertKey(exceeded("a"), AT + HOUR_MS - 1));
    expect(alertKey(exceeded("a"), AT)).not.toBe(alertKey(exceeded("a"), AT + HOUR_MS));
    expect(alertKey(exceeded("a"), AT)).not.toBe(alertKey(exceeded("b"), AT));
  });
});

describe("somebody who runs away", () => {
  const runaway = (name: string, throttled = true): AlertFacts => {
    const amounts = { spentUsd: "12", usualUsd: "1", limitUsd: "10", factor: 10, windowMs: 300_000 };
    return { kind: "runaway_spend", tenant: "acme", who: "run", name, ...amounts, throttled };
  };

  it("is one alert each, critical where calls are refused, and over when it has been quiet for a day", () => {
    expect(alertKey(runaway("a"), AT)).toBe(alertKey(runaway("a", false), AT + 5 * HOUR_MS));
    expect(alertKey(runaway("a"), AT)).not.toBe(alertKey(runaway("b"), AT));
    expect([severityOf(runaway("a"), 80), severityOf(runaway("a", false), 80)]).toEqual(["critical", "warning"]);
    const record = aRecord(runaway("a"), { lastAt: AT });
    const nothingElse = { accounts: new Map(), holdsInDoubt: 0, controls: new Map() };
    expect(recoveriesOf([record], nothingElse, AT + 24 * HOUR_MS - 1)).toEqual([]);
    expect(recoveriesOf([record], nothingElse, AT + 24 * HOUR_MS)).toMatchObject([{ why: "quiet_for_a_day" }]);
  });
});

describe("a count that nobody reads", () => {
  const unknown = (provider: string, unit: string, model = "m"): AlertFacts => {
    return { kind: "unknown_usage_unit", provider, model, unit, holdId: "h", heldUsd: "1" };
  };

  it("is one alert a provider and count, whatever the model and the hour, and over when it has been quiet for a day", () => {
    expect(alertKey(unknown("a", "usage.x"), AT)).toBe(alertKey(unknown("a", "usage.x", "other"), AT + 5 * HOUR_MS));
    expect(alertKey(unknown("a", "usage.x"), AT)).not.toBe(alertKey(unknown("b", "usage.x"), AT));
    expect(alertKey(unknown("a", "usage.x"), AT)).not.toBe(alertKey(unknown("a", "usage.y"), AT));
    const record = aRecord(unknown("a", "usage.x"), { lastAt: AT });
    const nothingElse = { accounts: new Map(), holdsInDoubt: 0, controls: new Map() };
    expect(recoveriesOf([record], nothingElse, AT + 24 * HOUR_MS - 1)).toEqual([]);
    expect(recoveriesOf([record], nothingElse, AT + 24 * HOUR_MS)).toMatchObject([{ why: "quiet_for_a_day" }]);
  });
});

describe("routing", () => {
  it("loses no alert, tells no channel the same phase twice, and escalates in order, for any routes", () => {
    fc.assert(
      fc.property(routes, fc.constantFrom(50, 80, 100), (given, percent) => {
        const alert: Alert = aRecord(crossing(percent));
        const planned = planDeliveries(alert, given);
        const names = planned.map(({ channel, phase }) => `${channel} ${phase}`);
        expect(planned.some(({ phase }) => phase === "raised")).toBe(true);
        expect(new Set(names).size).toBe(names.length);
        for (const one of planned) expect(one.dueAt >= AT && (one.step === 0) === (one.dueAt === AT)).toBe(true);
        for (const a of planned) for (const b of planned) if (a.step < b.step) expect(a.dueAt).toBeLessThan(b.dueAt);
        const wanted = given.filter((route) => takes(route, alert)).flatMap((route) => route.channels);
        const told = planned.filter(({ phase }) => phase === "raised").map(({ channel }) => channel);
        expect(new Set(told)).toEqual(new Set(wanted.length === 0 ? ["log"] : wanted));
      }),
    );
  });

  it("takes by severity, by every named dimension of the scope, and by budget", () => {
    const alert = aRecord(crossing(100));
    expect(takes(aRoute({ severities: ["critical"] }), alert)).toBe(true);
    expect(takes(aRoute({ severities: ["info"] }), alert)).toBe(false);
    expect(takes(aRoute({ scope: { tenant: "acme" } }), alert)).toBe(true);
    expect(takes(aRoute({ scope: { tenant: "acme", model: "gpt-4o" } }), alert)).toBe(false);
    expect(takes(aRoute({ budgets: ["tenant=*"] }), alert)).toBe(true);
    expect(takes(aRoute({ budgets: ["tenant"] }), alert)).toBe(false);
    const test = aRecord({ kind: "test", channel: "x" });
    expect(takes(aRoute({ budgets: ["*"] }), test)).toBe(false);
  });

  it("escalates after 30 minutes and after an hour, as the guide does", () => {
    const route = aRoute({
      escalation: [
        { afterMs: 60 * 60_000, channels: ["boss"] },
        { afterMs: 30 * 60_000, channels: ["lead"] },
      ],
    });
    expect(planDeliveries(aRecord(crossing(100)), [route])).toEqual([
      { channel: "ops", phase: "raised", step: 0, dueAt: AT },
      { channel: "lead", phase: "escalated-1", step: 1, dueAt: AT + HOUR_MS / 2 },
      { channel: "boss", phase: "escalated-2", step: 2, dueAt: AT + HOUR_MS },
    ]);
  });
});

describe("quiet hours", () => {
  const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia");
  const instants = fc.integer({ min: Date.parse("2020-01-01T00:00:00Z"), max: Date.parse("2030-01-01T00:00:00Z") });

  it("hold until the local end, at most a day and an hour, whatever zone and day", () => {
    fc.assert(
      fc.property(zones, instants, fc.nat(1439), fc.integer({ min: 1, max: 720 }), (zone, at, fromMinute, length) => {
        const quiet = { fromMinute, toMinute: (fromMinute + length) % 1440, zone };
        const until = heldUntil("warning", quiet, at);
        const local = (instant: number) => Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
        const minute = local(at).hour * 60 + local(at).minute;
        const isQuiet = (minute - fromMinute + 1440) % 1440 < length;
        expect(until > at).toBe(isQuiet);
        if (!isQuiet) return;
        expect(until - at).toBeLessThanOrEqual(25 * HOUR_MS);
        const ended = local(until).hour * 60 + local(until).minute;
        // Clocks that skip the end stand later.
        expect([0, 30, 60]).toContain((ended - quiet.toMinute + 1440) % 1440);
      }),
      { numRuns: 2000 },
    );
  });

  it("never hold what is critical", () => {
    fc.assert(fc.property(instants, (at) => heldUntil("critical", { fromMinute: 0, toMinute: 1439, zone: "UTC" }, at) === at));
  });

  it("reads times of day and nothing else", () => {
    expect(["00:00", "07:30", "23:59", "24:00", "7:30", "12:60", ""].map(minuteOfDay)).toEqual([
      0,
      450,
      1439,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("a failed delivery", () => {
  const settings = { attempts: 12, firstDelayMs: 5000, longestDelayMs: 900_000 };
  const chances = fc.double({ min: 0, max: 0.999_999, noNaN: true });

  it("comes back within half and whole of a doubling delay, and dies after its last attempt", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), chances, (attempts, chance) => {
        const next = afterFailure({ attempts, forGood: false }, settings, AT, chance);
        const whole = Math.min(5000 * 2 ** (attempts - 1), 900_000);
        if (attempts >= settings.attempts) expect(next).toEqual({ outcome: "dead" });
        else expect(next.outcome === "again" && next.dueAt - AT >= whole / 2 && next.dueAt - AT <= whole).toBe(true);
      }),
    );
  });

  it("waits as long as the receiver asks, up to an hour", () => {
    const waited = (retryAfterMs: number) => afterFailure({ attempts: 1, forGood: false, retryAfterMs }, settings, AT, 0);
    expect(waited(60_000)).toEqual({ outcome: "again", dueAt: AT + 60_000 });
    expect(waited(90 * 60_000)).toEqual({ outcome: "again", dueAt: AT + HOUR_MS });
  });

  it("dies at once when trying again cannot help", () => {
    expect(afterFailure({ attempts: 1, forGood: true }, settings, AT, 0)).toEqual({ outcome: "dead" });
  });
});

describe("recovery", () => {
  const at100 = aRecord(crossing(100));
  const at80 = aRecord(crossing(80));
  const at50 = aRecord(crossing(50));
  const present = (account?: Account, holdsInDoubt = 0) => ({
    accounts: new Map(account ? [[account.budgetId, account]] : []),
    holdsInDoubt,
    controls: new Map(),
  });

  it("is none while spending stays above, or while nothing is known", () => {
    expect(recoveriesOf([at100, at80], present(anAccount(100n, 100n)), AT)).toEqual([]);
    expect(recoveriesOf([at100, at80], present(), AT)).toEqual([]);
  });

  it("comes with a raised limit, for the thresholds that are no longer reached, and only the highest is told", () => {
    expect(recoveriesOf([at50, at80, at100], present(anAccount(100n, 180n)), AT)).toEqual([
      { id: at80.id, why: "back_below", tells: false },
      { id: at100.id, why: "back_below", tells: true },
    ]);
  });

  it("comes with the end of the window; people hear of it only when it was more than information", () => {
    expect(recoveriesOf([at50, at80], present(), window.end)).toEqual([
      { id: at50.id, why: "window_ended", tells: false },
      { id: at80.id, why: "window_ended", tells: true },
    ]);
    expect(recoveriesOf([at50], present(), window.end)).toEqual([{ id: at50.id, why: "window_ended", tells: false }]);
  });

  it("resolves each alert exactly when its threshold is not reached, for any amounts", () => {
    const amounts = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(amounts, amounts, fc.integer({ min: 1, max: 1000 }), (spentNano, limitNano, percent) => {
        const over = recoveriesOf([aRecord(crossing(percent))], present(anAccount(spentNano, limitNano)), AT);
        return over.length === (spentNano * 100n < BigInt(percent) * limitNano ? 1 : 0);
      }),
    );
  });

  it("of an exceeded hold comes a day after the last one, of holds in doubt when none is left", () => {
    const exceeded = aRecord({ kind: "hold_exceeded", tenant: "a", holdId: "h", heldUsd: "1", costUsd: "2" }, { lastAt: AT });
    const doubt = aRecord({ kind: "holds_in_doubt", holds: 2, inDoubtUsd: "1", oldestAt: AT });
    const over = (now: number, holds: number) => recoveriesOf([exceeded, doubt], present(undefined, holds), now).map(({ why }) => why);
    expect(over(AT + 24 * HOUR_MS - 1, 1)).toEqual([]);
    expect(over(AT + 24 * HOUR_MS, 0)).toEqual(["quiet_for_a_day", "none_in_doubt"]);
  });
});

describe("a test", () => {
  it("is over after five minutes, and nobody is told", () => {
    const test = aRecord({ kind: "test", channel: "am" });
    const present = { accounts: new Map(), holdsInDoubt: 0, controls: new Map() };
    expect(recoveriesOf([test], present, AT + 299_999)).toEqual([]);
    expect(recoveriesOf([test], present, AT + 300_000)).toEqual([{ id: test.id, why: "test_ended", tells: false }]);
  });
});

describe("the words", () => {
  it("say what happened, what it does to callers and what to do first", () => {
    expect(alertWords(aRecord(crossing(100)), "raised")).toEqual({
      title: "Budget tenant=acme reached 100 %",
      happened:
        "$100.00 of $100.00 are spent since 2026-11-01 00:00 (Europe/Berlin). Calls are refused until 2026-12-01 00:00 (Europe/Berlin), or until the limit is raised.",
      doFirst: "Look at who spends (ballast report usage), then raise the limit, use a cheaper model, or let it stand.",
    });
    expect(alertWords(aRecord(crossing(80, "b", false)), "raised").happened).toContain("no call is refused");
  });

  it("say that nobody has acknowledged, and that it is over", () => {
    expect(alertWords(aRecord(crossing(100)), "escalated-1").title).toBe("Not acknowledged: Budget tenant=acme reached 100 %");
    const over = aRecord(crossing(80), { resolvedAt: AT, resolvedWhy: "back_below" });
    expect(alertWords(over, "resolved")).toMatchObject({ title: "Over: Budget tenant=acme reached 80 %" });
    expect(alertWords(over, "resolved").happened).toBe("Spending is below 80 % of the limit again.");
  });
});
