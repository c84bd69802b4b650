import type { ScopeSelector } from "../scope/scope.ts";
import type { Instant } from "../time/window.ts";

export const BACKLOG_STATUSES = ["proposed", "approved", "in_progress", "done", "rejected"] as const;
export type BacklogStatus = (typeof BACKLOG_STATUSES)[number];

/** One thing that is planned to make calls cost less. What it saves is not kept: it is computed from calls whenever somebody asks. */
export interface BacklogItem {
  readonly id: string;
  /** A name of saving-lever-list.ts. */
  readonly lever: string;
  /** Whose calls are meant; all of them when it names nothing. */
  readonly scope: ScopeSelector;
  /** As the lever reads it: "20%", "350", "60%:openai/gpt-4o-mini". */
  readonly target: string;
  /** Who sees to it; empty when nobody does yet. */
  readonly owner: string;
  /** The day it should be done, "2026-12-31"; empty when none is set. */
  readonly eta: string;
  readonly status: BacklogStatus;
  readonly note: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** "2026-12-31", and a day that there is. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse rolls 30 February over into March.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
