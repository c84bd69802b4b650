/** A price file that cannot be used. Raised when a file is loaded, never while a call is priced. */
export class PriceDataError extends Error {
  override readonly name = "PriceDataError";
  /** Path of the figure inside the file, for the person who has to correct it. */
  readonly where: string;

  constructor(where: string, detail: string, options?: ErrorOptions) {
    super(`${where}: ${detail}`, options);
    this.where = where;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function requireText(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "") throw new PriceDataError(where, "a text is required");
  return value;
}

/** An ISO date, or a date-time that says its offset: without one it would mean another instant on every machine. */
const INSTANT = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/;

/** "2026-09-01" (UTC) or "2026-09-01T00:00:00+02:00" to epoch milliseconds. */
export function requireInstantMs(value: unknown, where: string): number {
  const ms = typeof value === "string" && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isFinite(ms)) throw new PriceDataError(where, `an ISO date is required, not ${String(value)}`);
  return ms;
}
