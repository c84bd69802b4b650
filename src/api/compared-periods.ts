import { Problem } from "../contract/problem.ts";
import { type Instant, type Period, windowAt } from "../core/time/window.ts";
import { readInstant } from "./call-period.ts";

const WEEK_MS = 7 * 86_400_000;

/**
 * Two periods to compare: a week and the week before it, or from and to and as long before. Of a week that is not over, its time so far
 * and the same time of the week before.
 * @throws Problem invalid_request
 */
export function comparedPeriods(
  query: { week?: string; from?: string; to?: string },
  now: Instant,
): { readonly before: Period; readonly after: Period } {
  const { week, from, to } = query;
  if (from === undefined && to === undefined) return weeks(week ?? "last", now);
  if (week !== undefined) throw new Problem("invalid_request", { field: "/week" }, { message: "Send week, or from and to, not both." });
  if (from === undefined || to === undefined) {
    const field = from === undefined ? "/from" : "/to";
    throw new Problem("invalid_request", { field }, { message: `${field} is missing beside the other.` });
  }
  const after = { start: readInstant(from, "/from"), end: readInstant(to, "/to") };
  if (after.start >= after.end) throw new Problem("invalid_request", { field: "/to" }, { message: "/to is not after /from." });
  return { before: { start: after.start - (after.end - after.start), end: after.start }, after };
}

function weeks(week: string, now: Instant): { before: Period; after: Period } {
  const at = week === "this" ? now : week === "last" ? now - WEEK_MS : readInstant(week, "/week");
  const { start, end } = windowAt("week", "UTC", at);
  if (start > now) throw new Problem("invalid_request", { field: "/week" }, { message: "/week lies in the future." });
  const after = { start, end: Math.min(end, now + 1) };
  return { before: { start: after.start - WEEK_MS, end: after.end - WEEK_MS }, after };
}
