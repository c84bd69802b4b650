import type { COST_WINDOWS } from "../contract/costs-contract.ts";
import { Problem } from "../contract/problem.ts";
import { type Instant, type Period, windowAt } from "../core/time/window.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** ISO 8601 with a zone, or a day, which begins in UTC. @throws Problem invalid_request */
export function readInstant(text: string, field: string): Instant {
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  const day = text.slice(0, 10);
  // Date.parse rolls 30 February over into March.
  const exists = !Number.isNaN(Date.parse(day)) && new Date(Date.parse(day)).toISOString().startsWith(day);
  if (Number.isNaN(at) || !exists) {
    throw new Problem("invalid_request", { field }, { message: `${field} is not a day or an instant such as 2026-11-01T00:00:00Z.` });
  }
  return at;
}

/**
 * The period of a question: `from` and `to`, or a window that ends now (the present millisecond included), this month by default.
 * @throws Problem invalid_request
 */
export function readPeriod(
  query: { window?: (typeof COST_WINDOWS)[number]; from?: string; to?: string },
  now: Instant,
  fallback: (typeof COST_WINDOWS)[number],
): Period {
  const { window, from, to } = query;
  if (from === undefined && to === undefined) return windowPeriod(window ?? fallback, now);
  if (window !== undefined)
    throw new Problem("invalid_request", { field: "/window" }, { message: "Send window, or from and to, not both." });
  if (from === undefined) throw new Problem("invalid_request", { field: "/from" }, { message: "/from is missing beside /to." });
  const period = { start: readInstant(from, "/from"), end: to === undefined ? now + 1 : readInstant(to, "/to") };
  if (period.start >= period.end) throw new Problem("invalid_request", { field: "/to" }, { message: "/to is not after /from." });
  return period;
}

function windowPeriod(window: (typeof COST_WINDOWS)[number], now: Instant): Period {
  const end = now + 1;
  switch (window) {
    case "1h":
      return { start: end - HOUR_MS, end };
    case "24h":
      return { start: end - DAY_MS, end };
    case "7d":
      return { start: end - 7 * DAY_MS, end };
    case "30d":
      return { start: end - 30 * DAY_MS, end };
    case "month":
      return windowAt("month", "UTC", now);
    default:
      return window satisfies never;
  }
}

/** "2025-12-01T00:00:00Z": to the second, as the guide prints it. */
export function instantToSecond(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
