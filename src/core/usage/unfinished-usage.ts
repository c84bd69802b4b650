import type { UsageReading } from "./extract-usage.ts";
import { isObject } from "./usage-fields.ts";

/** A reading of a stream's counts that may still grow. */
export function whileUnfinished(reading: UsageReading, finished: boolean, error: unknown): UsageReading {
  if (finished && !(reading.outcome === "missing" && error !== undefined)) return reading;
  const atLeast = reading.outcome === "measured" ? { atLeast: reading.usage } : {};
  if (error === undefined) return { outcome: "missing", reason: "unfinished", ...atLeast };
  const code = isObject(error) ? (error.code ?? error.type) : undefined;
  return { outcome: "missing", reason: "provider_error", ...(typeof code === "string" ? { detail: code } : {}), ...atLeast };
}
