import { Temporal } from "temporal-polyfill";
import { invariant } from "../invariant.ts";

/** UTC milliseconds. */
export type Instant = number;

/** Half-open, [start, end). */
export interface Period {
  readonly start: Instant;
  readonly end: Instant;
}

/** Weeks begin on Monday. */
export const CALENDAR_WINDOWS = ["day", "week", "month", "quarter", "year"] as const;
/** `run` is one window for the life of a run: no calendar ends it. */
export const WINDOW_KINDS = [...CALENDAR_WINDOWS, "run"] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];
type CalendarWindow = (typeof CALENDAR_WINDOWS)[number];

/** The end of a window that does not end: the last day that four digits of a year can say. */
export const NEVER: Instant = Date.UTC(9999, 11, 31);
const LIFE_OF_A_RUN: Period = { start: 0, end: NEVER };

/**
 * The window around an instant, in an IANA time zone. A month is a month of that zone's calendar:
 * 23 or 25 hour days included, never a multiple of 24 hours.
 */
export function windowAt(kind: WindowKind, zone: string, at: Instant): Period {
  if (kind === "run") return LIFE_OF_A_RUN;
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  const first = firstDay(kind, local.toPlainDate());
  const next = first.add(LENGTH[kind]);
  const period = { start: startOfDay(first, zone), end: startOfDay(next, zone) };
  invariant(period.start <= at && at < period.end, `window ${kind} in ${zone} does not contain its instant ${at}`);
  return period;
}

/** The windows around one instant. Many budgets share a few windows and zones, and each is looked up in the calendar once. */
export function windowsAt(at: Instant): (of: { readonly window: WindowKind; readonly zone: string }) => Period {
  const known = new Map<string, Period>();
  return ({ window, zone }) => {
    const key = `${window} ${zone}`;
    let period = known.get(key);
    if (!period) {
      period = windowAt(window, zone, at);
      known.set(key, period);
    }
    return period;
  };
}

const LENGTH: Record<CalendarWindow, { days?: number; months?: number; years?: number }> = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 },
};

function firstDay(kind: CalendarWindow, day: Temporal.PlainDate): Temporal.PlainDate {
  switch (kind) {
    case "day":
      return day;
    case "week":
      return day.subtract({ days: day.dayOfWeek - 1 });
    case "month":
      return day.with({ day: 1 });
    case "quarter":
      return day.with({ day: 1, month: Math.floor((day.month - 1) / 3) * 3 + 1 });
    case "year":
      return day.with({ day: 1, month: 1 });
    default:
      return kind satisfies never;
  }
}

function startOfDay(day: Temporal.PlainDate, zone: string): Instant {
  return day.toZonedDateTime({ timeZone: zone }).epochMilliseconds;
}

/** @returns whether this runtime knows the zone, such as "Europe/Berlin" */
export function isTimeZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}
