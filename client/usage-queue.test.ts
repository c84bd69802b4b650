import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BallastAnswer } from "./ask-ballast.ts";
import type { UsageReport } from "./budget-call.ts";
import { type DroppedUsage, UsageQueue } from "./usage-queue.ts";

const ACCEPTED: BallastAnswer = { outcome: "accepted", body: { tracked: true }, warning: false };
const AWAY: BallastAnswer = { outcome: "away", reason: "ECONNREFUSED", retryAfterMs: undefined };

function aReport(id: number): UsageReport {
  return { request_id: `r${id}`, tenant_id: "acme", model: "m", prompt_tokens: 1, completion_tokens: 1, timestamp: "2025-11-15T12:00:00Z" };
}

function aQueue(answer: (report: UsageReport, attempt: number) => BallastAnswer | Promise<BallastAnswer>, most = 1000) {
  const sent: { id: string; at: number }[] = [];
  const dropped: DroppedUsage[] = [];
  const queue = new UsageQueue({
    most,
    random: () => 1,
    onDelivered: () => {},
    onDropped: (each) => dropped.push(each),
    async send(report) {
      sent.push({ id: report.request_id, at: Date.now() });
      return answer(report, sent.length);
    },
  });
  return { queue, sent, dropped };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the usage queue", () => {
  it("asks with growing pauses while Ballast is away, one report at a time, and then delivers all", async () => {
    let isAway = true;
    const { queue, sent } = aQueue(() => (isAway ? AWAY : ACCEPTED));
    for (let id = 0; id < 20; id++) queue.add(aReport(id));
    await vi.advanceTimersByTimeAsync(0);
    // Eight were under way before it was known; they fail together, as one failure.
    expect(sent).toHaveLength(8);
    await vi.advanceTimersByTimeAsync(250 + 500 + 1000 + 2000);
    expect(sent.slice(8).map(({ at }) => at)).toEqual([250, 750, 1750, 3750]);
    isAway = false;
    await vi.advanceTimersByTimeAsync(4000);
    expect(queue.counts).toEqual({ pending: 0, delivered: 20, dropped: 0 });
  });

  it("never waits longer than half a minute by itself", async () => {
    const { queue, sent } = aQueue(() => AWAY);
    queue.add(aReport(1));
    await vi.advanceTimersByTimeAsync(3_600_000);
    const pauses = sent.slice(1).map(({ at }, index) => at - sent[index]!.at);
    expect(Math.max(...pauses)).toBe(30_000);
  });

  it("waits as long as Ballast asks, flush included", async () => {
    const { queue, sent } = aQueue((_, attempt) => (attempt === 1 ? { outcome: "away", reason: "503", retryAfterMs: 7000 } : ACCEPTED));
    queue.add(aReport(1));
    await vi.advanceTimersByTimeAsync(1);
    const flushed = queue.flush(60_000);
    await vi.advanceTimersByTimeAsync(7000);
    expect(await flushed).toBe(0);
    expect(sent.map(({ at }) => at)).toEqual([0, 7000]);
  });

  it("tries at once when it is flushed, and says what is left", async () => {
    const { queue, sent } = aQueue(() => AWAY);
    queue.add(aReport(1));
    await vi.advanceTimersByTimeAsync(10);
    const flushed = queue.flush(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(await flushed).toBe(1);
    expect(sent.map(({ at }) => at)).toEqual([0, 10]);
    expect(queue.pending()).toEqual([aReport(1)]);
  });

  it("drops what Ballast refuses, says why, and goes on", async () => {
    const rejected: BallastAnswer = { outcome: "rejected", status: 402, code: "model_not_priced", detail: "No price." };
    const { queue, dropped } = aQueue(({ request_id: id }) => (id === "r2" ? rejected : ACCEPTED));
    for (const id of [1, 2, 3]) queue.add(aReport(id));
    expect(await queue.flush(1000)).toBe(0);
    expect(dropped).toEqual([{ reason: "rejected", report: aReport(2), status: 402, code: "model_not_priced", detail: "No price." }]);
    expect(queue.counts).toEqual({ pending: 0, delivered: 2, dropped: 1 });
  });

  it("makes room by dropping the oldest that waits, and counts it", async () => {
    const { queue, dropped } = aQueue(() => new Promise(() => {}), 3);
    for (let id = 0; id < 13; id++) queue.add(aReport(id));
    // 0 to 7 are under way, and 8 and 9 made room for 11 and 12.
    expect(dropped.map(({ reason, report }) => [reason, report.request_id])).toEqual([
      ["queue_full", "r8"],
      ["queue_full", "r9"],
    ]);
    expect(queue.counts).toEqual({ pending: 11, delivered: 0, dropped: 2 });
  });

  it("keeps the order of what comes back undelivered, so that the oldest is what makes room", async () => {
    const { queue, dropped } = aQueue(() => AWAY, 10);
    for (let id = 0; id < 10; id++) queue.add(aReport(id));
    await vi.advanceTimersByTimeAsync(0);
    expect(queue.pending().map(({ request_id: id }) => id)).toEqual(["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"]);
    queue.add(aReport(10));
    expect(dropped.map(({ report }) => report.request_id)).toEqual(["r0"]);
  });

  it("does not let one report on which Ballast fails hold up the others", async () => {
    const { queue } = aQueue(({ request_id: id }) =>
      id === "r0" ? { outcome: "away", reason: "500", retryAfterMs: undefined } : ACCEPTED,
    );
    for (let id = 0; id < 30; id++) queue.add(aReport(id));
    await vi.advanceTimersByTimeAsync(1000);
    expect(queue.pending()).toEqual([aReport(0)]);
  });

  it("takes nothing after it was closed, and sends nothing", async () => {
    const { queue, sent, dropped } = aQueue(() => AWAY);
    queue.add(aReport(1));
    await vi.advanceTimersByTimeAsync(1);
    queue.close();
    queue.add(aReport(2));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toHaveLength(1);
    expect(dropped).toEqual([{ reason: "closed", report: aReport(2) }]);
    expect(queue.pending()).toEqual([aReport(1)]);
  });
});
