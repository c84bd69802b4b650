import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "../contract/problem.ts";
import type { RelayReport } from "./relay-answer.ts";
import type { AnswerHead, AttemptFailure } from "./send-attempt.ts";

/** What became of one attempt at one target. */
export type AttemptResult =
  /** A 2xx answer began; the relay has run to its end. */
  | { readonly kind: "answered"; readonly report: RelayReport }
  /** The provider said no, or was never reached: nothing was billed. */
  | { readonly kind: "refused"; readonly head: AnswerHead; readonly body: Buffer }
  | { readonly kind: "unreached"; readonly failure: AttemptFailure }
  /** The request was sent and no answer came: it may have been billed. */
  | { readonly kind: "unknown"; readonly failure: AttemptFailure };

/** Answers that another try, now or elsewhere, may turn. https://platform.openai.com/docs/guides/error-codes, https://docs.anthropic.com/en/api/errors */
const RETRYABLE = new Set([408, 409, 429, 500, 502, 503, 504, 529]);
const LONGEST_WAIT_MS = 10_000;
const FIRST_WAIT_MS = 250;

export interface FailoverSteps<Target extends { readonly provider: { readonly retries: number } }> {
  readonly targets: readonly Target[];
  attempt(target: Target, number: number): Promise<AttemptResult>;
  /** Books the attempt's hold as in doubt and takes a new one for the next target. @returns the problem when there is no money for it */
  renewHold(after: AttemptResult & { kind: "unknown" }, next: Target): Promise<Problem | undefined>;
  /** Whether there is still a caller to answer. */
  wanted(): boolean;
  readonly random: () => number;
}

/**
 * Tries the targets in order. A clean failure is tried again at the same target, with growing pauses and as `Retry-After` says, and then
 * at the next; all of that under one hold, since only one of these attempts can be billed. An attempt that was sent and never answered
 * may have been billed: it is not repeated at the same target, and the next target needs a hold of its own.
 */
export async function failover<Target extends { readonly provider: { readonly retries: number } }>(
  steps: FailoverSteps<Target>,
): Promise<{ result: AttemptResult; target: Target; attempts: number; problem?: Problem | undefined }> {
  let attempts = 0;
  for (let place = 0; ; place++) {
    const target = steps.targets[place]!;
    const next = steps.targets[place + 1];
    for (let retry = 0; ; retry++) {
      attempts += 1;
      const result = await steps.attempt(target, attempts);
      if (result.kind === "answered" || !steps.wanted()) return { result, target, attempts };
      if (result.kind === "unknown") {
        if (!next) return { result, target, attempts };
        const problem = await steps.renewHold(result, next);
        if (problem) return { result, target, attempts, problem };
        break;
      }
      const again = result.kind === "unreached" || RETRYABLE.has(result.head.status);
      // A no that only concerns this provider (its key, its models) may be a yes elsewhere.
      const elsewhere = again || (result.kind === "refused" && [401, 403, 404].includes(result.head.status));
      const waitMs = again && retry < target.provider.retries ? pauseMs(result, retry, steps.random()) : undefined;
      if (waitMs !== undefined) {
        await sleep(waitMs);
        if (steps.wanted()) continue;
        return { result, target, attempts };
      }
      if (!next || !elsewhere) return { result, target, attempts };
      break;
    }
  }
}

/** @returns undefined when the provider asks for more patience than a caller has */
function pauseMs(result: AttemptResult & { kind: "refused" | "unreached" }, retry: number, chance: number): number | undefined {
  if (result.kind === "refused") {
    const asked = retryAfterMs(result.head.headers["retry-after-ms"], result.head.headers["retry-after"]);
    if (asked !== undefined) return asked <= LONGEST_WAIT_MS ? asked : undefined;
  }
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retry * (0.5 + chance / 2));
}

function retryAfterMs(ms: unknown, seconds: unknown): number | undefined {
  const inMs = Number(ms);
  if (ms !== undefined && Number.isFinite(inMs) && inMs >= 0) return inMs;
  const inSeconds = Number(seconds);
  if (seconds !== undefined && Number.isFinite(inSeconds) && inSeconds >= 0) return inSeconds * 1000;
  return undefined;
}
