import { Temporal } from "temporal-polyfill";
import type { Instant } from "../time/window.ts";
import type { Severity } from "./alert.ts";

/** A daily stretch of local time, [from, to), that may pass midnight. Minutes since midnight; never equal. */
export interface QuietHours {
  readonly fromMinute: number;
  readonly toMinute: number;
  /** IANA zone. */
  readonly zone: string;
}

/**
 * Until when a message waits: the end of the quiet hours around `at`, or `at` itself. What is critical never waits.
 * An end that the clocks skip is the moment they skip to; of an end they show twice, the first that is still to come.
 */
export function heldUntil(severity: Severity, quiet: QuietHours | undefined, at: Instant): Instant {
  if (severity === "critical" || quiet === undefined) return at;
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(quiet.zone);
  const minute = local.hour * 60 + local.minute;
  if (!isQuiet(quiet, minute)) return at;
  const endsTomorrow = quiet.toMinute <= quiet.fromMinute && minute >= quiet.fromMinute;
  const day = local.toPlainDate().add({ days: endsTomorrow ? 1 : 0 });
  const end = day.toPlainDateTime(timeOf(quiet.toMinute));
  const first = end.toZonedDateTime(quiet.zone, { disambiguation: "compatible" }).epochMilliseconds;
  return first > at ? first : end.toZonedDateTime(quiet.zone, { disambiguation: "later" }).epochMilliseconds;
}

function isQuiet({ fromMinute, toMinute }: QuietHours, minute: number): boolean {
  return fromMinute < toMinute ? fromMinute <= minute && minute < toMinute : minute >= fromMinute || minute < toMinute;
}

function timeOf(minute: number): Temporal.PlainTime {
  return new Temporal.PlainTime(Math.floor(minute / 60), minute % 60);
}

const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** "22:30" as minutes since midnight; undefined when it is no time of day. */
export function minuteOfDay(text: string): number | undefined {
  const match = CLOCK.exec(text);
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined;
}
