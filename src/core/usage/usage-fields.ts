import { isCount } from "./partition-usage.ts";

/** A count that no provider should have sent. Caught where the answer is read, and told as "malformed_usage". */
export class UsageFault extends Error {
  override readonly name = "UsageFault";
  readonly field: string;

  constructor(field: string) {
    super(`not a count: ${field}`);
    this.field = field;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The count in a field, or undefined when it is absent or null. @throws UsageFault on anything that is no exact count */
export function countIn(fields: unknown, field: string): number | undefined {
  const value = isObject(fields) ? fields[field] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!isCount(value)) throw new UsageFault(field);
  return value;
}

/** A count whose absence the dialect defines as none. */
export function countOrNone(fields: unknown, field: string): number {
  return countIn(fields, field) ?? 0;
}

/** A count without which the usage says nothing. @throws UsageFault when it is absent */
export function requireCount(fields: Record<string, unknown>, field: string): number {
  const value = countIn(fields, field);
  if (value === undefined) throw new UsageFault(field);
  return value;
}

/** Seconds, which may be a fraction, as whole milliseconds, rounded up. @throws UsageFault on anything that is no duration */
export function millisecondsIn(fields: unknown, field: string): number {
  const value = isObject(fields) ? fields[field] : undefined;
  if (value === undefined || value === null) return 0;
  // 0.0000001 of a second is what a float adds to 12.345; a millisecond more is no more than that.
  const ms = typeof value === "number" ? Math.ceil(value * 1000 - 1e-4) : Number.NaN;
  if (!isCount(ms)) throw new UsageFault(field);
  return ms;
}
