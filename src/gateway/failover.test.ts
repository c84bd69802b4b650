import { describe, expect, it } from "vitest";
import { type AttemptResult, failover } from "./failover.ts";
import type { AnswerHead } from "./send-attempt.ts";

const refused = (status: number, headers: AnswerHead["headers"] = {}): AttemptResult => ({
  kind: "refused",
  head: { status, headers },
  body: Buffer.alloc(0),
});
const unreached: AttemptResult = { kind: "unreached", failure: { kind: "connect", sent: false, cause: undefined } };
const unknown: AttemptResult = { kind: "unknown", failure: { kind: "timeout", sent: true, cause: undefined } };
const answered = { kind: "answered", report: {} } as AttemptResult;

/** Plays the results in order and records who was asked. */
async function play(
  results: AttemptResult[],
  options: { retries?: number; targets?: string[]; wanted?: () => boolean; renew?: boolean } = {},
) {
  const asked: string[] = [];
  const renewed: string[] = [];
  const targets = (options.targets ?? ["a", "b"]).map((name) => ({ name, provider: { retries: options.retries ?? 1 } }));
  const startedAt = performance.now();
  const outcome = await failover({
    targets,
    random: () => 0,
    wanted: options.wanted ?? (() => true),
    attempt: async (target) => {
      asked.push(target.name);
      return results[asked.length - 1]!;
    },
    renewHold: async (_after, next) => {
      renewed.push(next.name);
      return undefined;
    },
  });
  return { asked, renewed, outcome, tookMs: performance.now() - startedAt };
}

describe("failover", () => {
  it("tries a clean failure again at the same target, then at the next, under the same hold", async () => {
    const { asked, renewed, outcome } = await play([refused(503), unreached, answered]);
    expect([asked, renewed, outcome.attempts]).toEqual([["a", "a", "b"], [], 3]);
  });

  it("does not repeat a request that is the caller's mistake", async () => {
    expect((await play([refused(400), answered])).asked).toEqual(["a"]);
  });

  it("goes on to the next target at once where the first one's key or model is the trouble", async () => {
    expect((await play([refused(401), answered])).asked).toEqual(["a", "b"]);
    expect((await play([refused(404), answered])).asked).toEqual(["a", "b"]);
  });

  it("waits as long as Retry-After says, and goes elsewhere when that is too long", async () => {
    const patient = await play([refused(429, { "retry-after-ms": "300" }), answered]);
    expect([patient.asked, patient.tookMs >= 290]).toEqual([["a", "a"], true]);
    const impatient = await play([refused(429, { "retry-after": "3600" }), answered]);
    expect([impatient.asked, impatient.tookMs < 200]).toEqual([["a", "b"], true]);
  });

  it("never repeats an unanswered request at the same target, and asks for a hold of its own before the next", async () => {
    const { asked, renewed } = await play([unknown, answered], { retries: 5 });
    expect([asked, renewed]).toEqual([["a", "b"], ["b"]]);
  });

  it("stops when the caller has left", async () => {
    expect((await play([refused(503), answered], { wanted: () => false })).asked).toEqual(["a"]);
  });
});
