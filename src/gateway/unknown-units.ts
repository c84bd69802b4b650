import type { Instant } from "../core/time/window.ts";

const HOUR_MS = 3_600_000;
/** Names of counts come from providers, so the memory for them must have an end. */
const MOST_REMEMBERED = 1000;

/**
 * Which counts that nobody reads were told of lately. An alert is one a provider and count however often it is raised; this keeps a provider that
 * adds a count to every answer from writing a row for each.
 */
export class UnknownUnits {
  readonly #toldAt = new Map<string, Instant>();

  /** Whether this is to be told, at most once an hour. */
  isNews(provider: string, unit: string, at: Instant): boolean {
    const key = `${provider} ${unit}`;
    const before = this.#toldAt.get(key);
    if (before !== undefined && at < before + HOUR_MS) return false;
    if (this.#toldAt.size >= MOST_REMEMBERED) this.#toldAt.clear();
    this.#toldAt.set(key, at);
    return true;
  }
}
