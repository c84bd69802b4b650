import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CallOutcome, CallWindow } from "./call-window.ts";

const AT = Date.parse("2026-11-21T00:00:00Z");
const outcome = (seconds: number, more: Partial<CallOutcome> = {}): CallOutcome => ({
  ...{ at: AT + seconds * 1000, latencyMs: 100, isError: false, isCached: false, isRefused: false, costNano: 1_000_000_000n },
  ...more,
});

describe("the signals of a row of calls", () => {
  it("count the window of each kind: five minutes of service, an hour of cost, a day of cost", () => {
    const window = new CallWindow();
    for (const seconds of [0, 82_900, 86_200, 86_390]) window.add(outcome(seconds, { latencyMs: seconds }));
    const signals = window.measure(AT + 86_400_000);
    expect([signals.p95_latency_ms!.samples, signals.ucr_1h!.samples, signals.ucr_24h!.samples]).toEqual([2, 3, 3]);
    expect([signals.p50_latency_ms!.value, signals.ucr_1h!.value]).toEqual([86_295, 1]);
  });

  it("leave out what came before the newest change of a lever, of latency, failures and ratings", () => {
    const window = new CallWindow();
    for (let call = 0; call < 10; call++) window.add(outcome(call, { latencyMs: 9000, grounded: 1, isError: call > 7 }));
    const change = { calls: window.count, at: AT + 19_000 };
    window.add(outcome(20, { grounded: 5 }));
    const signals = window.measure(AT + 21_000, change);
    expect([signals.p95_latency_ms, signals.error_rate, signals.grounded].map((signal) => [signal!.value, signal!.samples])).toEqual([
      [100, 1],
      [0, 1],
      [5, 1],
    ]);
    expect([signals.ucr_1h!.samples, signals.ucr_1h!.since, signals.error_rate!.since]).toEqual([11, undefined, AT + 19_000]);
  });

  it("say nothing of what there is none of: no failure is timed, nobody rated, a call turned away is none", () => {
    const window = new CallWindow();
    window.add(outcome(0, { isError: true }));
    window.add(outcome(1, { isRefused: true }));
    const signals = window.measure(AT + 2000);
    expect(Object.keys(signals).sort()).toEqual(["cache_hit_rate", "error_rate", "ucr_1h", "ucr_24h"]);
    expect(signals.error_rate).toMatchObject({ value: 1, samples: 1 });
    expect(new CallWindow().measure(AT)).toEqual({});
  });

  it("are what counting the calls one by one gives", () => {
    const calls = fc.array(
      fc.record({ gap: fc.integer({ min: 0, max: 60 }), ms: fc.integer({ min: 1, max: 5000 }), isError: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(calls, fc.nat(59), (rows, since) => {
        const window = new CallWindow();
        let at = 0;
        const made = rows.map(({ gap, ms, isError }) => {
          at += gap;
          return outcome(at, { latencyMs: ms, isError });
        });
        for (const one of made) window.add(one);
        const now = AT + at * 1000;
        const recent = made.slice(since).filter((one) => one.at > now - 300_000);
        const times = recent.flatMap((one) => (one.isError ? [] : [one.latencyMs!])).sort((one, other) => one - other);
        const { error_rate, p95_latency_ms } = window.measure(now, { calls: since, at: undefined });
        const failures = recent.filter(({ isError }) => isError).length;
        if (recent.length === 0) return error_rate === undefined;
        const [p95, rank] = [p95_latency_ms?.value ?? 0, 0.95 * (times.length - 1)];
        const isBetween = times.length === 0 || (times[Math.floor(rank)]! <= p95 && p95 <= times[Math.ceil(rank)]!);
        return error_rate!.value === failures / recent.length && (p95_latency_ms?.samples ?? 0) === times.length && isBetween;
      }),
    );
  });
});
