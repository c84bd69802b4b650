import type { Instant } from "../time/window.ts";

export interface RetrySettings {
  /** Attempts in all, the first one included. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

export type AfterFailure = { readonly outcome: "again"; readonly dueAt: Instant } | { readonly outcome: "dead" };

/** A receiver may ask for patience, but not for more than this. */
const MOST_PATIENCE_MS = 3_600_000;

/**
 * When a failed delivery is tried again: the delay doubles with each attempt up to the longest, and a random half of it keeps many
 * deliveries from coming back at the same moment.
 * @param failure attempts so far, this one included; `retryAfterMs` what the receiver asked for; `forGood` when trying again cannot help
 * @param chance 0 to below 1
 */
export function afterFailure(
  failure: { readonly attempts: number; readonly retryAfterMs?: number | undefined; readonly forGood: boolean },
  settings: RetrySettings,
  now: Instant,
  chance: number,
): AfterFailure {
  if (failure.forGood || failure.attempts >= settings.attempts) return { outcome: "dead" };
  const doubled = settings.firstDelayMs * 2 ** Math.min(failure.attempts - 1, 30);
  const delay = Math.min(doubled, settings.longestDelayMs);
  const jittered = Math.ceil(delay / 2 + (delay / 2) * chance);
  const asked = Math.min(failure.retryAfterMs ?? 0, MOST_PATIENCE_MS);
  return { outcome: "again", dueAt: now + Math.max(jittered, asked) };
}
