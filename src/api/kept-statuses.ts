import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { tenantBudgets as tenantBudgetsShape } from "../contract/budget-service-contract.ts";
import { closed } from "../contract/field-contract.ts";
import type { Instant } from "../core/time/window.ts";
import { type CacheState, cacheKey, type SharedCache } from "../ports/shared-cache.ts";
import { stableId } from "../std/stable-id.ts";

/** The minute of the guide: nothing older is shown, whatever the cache says. */
const KEPT_MS = 60_000;
/** Markers outlive every status that was computed before them. */
const MARKER_MS = 2 * KEPT_MS;
/** What took longer to compute is not kept, so that the line above is true. */
const LONGEST_READ_MS = 5000;
const FORGOTTEN_MS = KEPT_MS + 2 * LONGEST_READ_MS;
/** Bookings are told together: of a busy tenant there are thousands a second. */
const GATHER_MS = 200;
const AGAIN_MS = 1000;
/** More tenants than these at a time are told as all. */
const MOST_NAMED = 500;

type TenantStatus = Static<typeof tenantBudgetsShape>;

const keptStatus = closed({
  at: Type.Integer(),
  /** What the budgets were when it was computed. */
  state: Type.String(),
  /** What the markers said before it was computed. */
  seen: Type.String(),
  status: tenantBudgetsShape,
});
const keptStatusShape = Compile(keptStatus);
type KeptStatus = Static<typeof keptStatus>;

export type FoundStatus =
  | { readonly outcome: "kept"; readonly status: TenantStatus; readonly ageMs: number }
  /** `keep` is for what is read of the ledger from now on. @param until when it is wrong by itself */
  | { readonly outcome: "unknown"; keep(status: TenantStatus, until: Instant): void };

export type ChangedTenants = readonly string[] | "all";

export interface KeptStatusesParts {
  readonly cache: SharedCache;
  readonly now: () => Instant;
  readonly steadyNow: () => number;
  /** Another one each time. */
  readonly newWord: () => string;
}

const NOT_KEPT: FoundStatus = { outcome: "unknown", keep: () => {} };
const ALL_MARKER = cacheKey("status", ["marker"], stableId);

/**
 * Statuses of tenants as they were read of the ledger, for those who ask again. For eyes only: nothing is decided by them. A change writes
 * a marker with a new word; a status counts only while the words are those that were there before it was computed. What this process
 * has changed and not told yet it does not read from the cache.
 */
export class KeptStatuses {
  readonly #parts: KeptStatusesParts;
  /** Tenants whose change is not told yet, and since when. */
  readonly #changed = new Map<string, { readonly since: number }>();
  #allChanged: { readonly since: number } | undefined;
  #sending: NodeJS.Timeout | undefined;
  readonly #reads = { kept: 0, unknown: 0, away: 0 };

  constructor(parts: KeptStatusesParts) {
    this.#parts = parts;
  }

  /** @param state all that the status follows from, but what is in the ledger */
  async find(tenant: string, state: string, at: Instant): Promise<FoundStatus> {
    const { cache, steadyNow } = this.#parts;
    if (this.#isChanged(tenant)) return this.#unknown("unknown");
    const begun = steadyNow();
    const found = await cache.get([statusKey(tenant), markerKey(tenant), ALL_MARKER]);
    if (!found) return this.#unknown("away");
    if (this.#isChanged(tenant)) return this.#unknown("unknown");
    const [value, ...markers] = found;
    const seen = stableId(JSON.stringify(markers.map((marker) => marker && Buffer.from(marker).toString("base64"))));
    const kept = value && readStatus(value);
    if (kept && kept.status.tenant_id === tenant && kept.state === state && kept.seen === seen && isYoung(kept.at, at)) {
      this.#reads.kept++;
      return { outcome: "kept", status: kept.status, ageMs: Math.max(0, at - kept.at) };
    }
    this.#reads.unknown++;
    const keep = (status: TenantStatus, until: Instant) => {
      const ttlMs = Math.min(KEPT_MS, until - at);
      if (ttlMs <= 0 || this.#isChanged(tenant) || steadyNow() - begun > LONGEST_READ_MS) return;
      void cache.put([{ key: statusKey(tenant), value: Buffer.from(JSON.stringify({ at, state, seen, status })), ttlMs }]);
    };
    return { outcome: "unknown", keep };
  }

  /** Something was booked or refused. Other processes hear of it soon. */
  changed(change: ChangedTenants): void {
    this.#mark(change);
    this.#sendIn(GATHER_MS);
  }

  /** Resolves when other processes show it too, or cannot be told now. */
  async tell(change: ChangedTenants): Promise<void> {
    this.#mark(change);
    await this.#send(change);
  }

  /** Since the start: answered from the cache, not found in it, not asked because it was away. */
  reads(): Readonly<Record<"kept" | "unknown" | "away", number>> {
    return { ...this.#reads };
  }

  state(): CacheState {
    return this.#parts.cache.state();
  }

  close(): void {
    clearTimeout(this.#sending);
  }

  #unknown(why: "unknown" | "away"): FoundStatus {
    this.#reads[why]++;
    return NOT_KEPT;
  }

  #isChanged(tenant: string): boolean {
    return this.#allChanged !== undefined || this.#changed.has(tenant);
  }

  #mark(change: ChangedTenants): void {
    const mark = { since: this.#parts.steadyNow() };
    if (change !== "all") for (const tenant of change) this.#changed.set(tenant, mark);
    if (change !== "all" && this.#changed.size <= MOST_NAMED) return;
    this.#changed.clear();
    this.#allChanged = mark;
  }

  #sendIn(ms: number): void {
    if (this.#sending !== undefined || (this.#changed.size === 0 && this.#allChanged === undefined)) return;
    this.#sending = setTimeout(() => {
      this.#sending = undefined;
      void this.#send(this.#allChanged ? "all" : [...this.#changed.keys()]);
    }, ms);
    this.#sending.unref();
  }

  async #send(change: ChangedTenants): Promise<void> {
    const { cache, newWord } = this.#parts;
    const marks = new Map(this.#changed);
    const allMark = this.#allChanged;
    const tenants = change === "all" || allMark ? [] : change;
    const markers = change === "all" || allMark ? [ALL_MARKER] : tenants.map(markerKey);
    const value = Buffer.from(newWord());
    // Sent together: a full server takes no marker, and still lets go of the status.
    const told = await Promise.all([
      cache.put(markers.map((key) => ({ key, value, ttlMs: MARKER_MS }))),
      cache.delete(tenants.map(statusKey)),
    ]);
    if (told.every((well) => well)) {
      if (this.#allChanged === allMark) this.#allChanged = undefined;
      for (const tenant of tenants) if (this.#changed.get(tenant) === marks.get(tenant)) this.#changed.delete(tenant);
    } else this.#forgetOld();
    this.#sendIn(AGAIN_MS);
  }

  /** What could not be told for so long has expired in the cache. */
  #forgetOld(): void {
    const oldest = this.#parts.steadyNow() - FORGOTTEN_MS;
    if (this.#allChanged && this.#allChanged.since < oldest) this.#allChanged = undefined;
    for (const [tenant, { since }] of this.#changed) if (since < oldest) this.#changed.delete(tenant);
  }
}

function statusKey(tenant: string): string {
  return cacheKey("status", ["of", tenant], stableId);
}

function markerKey(tenant: string): string {
  return cacheKey("status", ["marker", tenant], stableId);
}

/** Anybody may have written what is in a cache. */
function readStatus(value: Uint8Array): KeptStatus | undefined {
  try {
    const kept: unknown = JSON.parse(Buffer.from(value).toString());
    return keptStatusShape.Check(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** By the clocks of two machines. A status from the future is of a clock that cannot be trusted. */
function isYoung(then: Instant, now: Instant): boolean {
  return Math.abs(now - then) < KEPT_MS;
}
