import type { LeversInForce } from "../levers/levers-in-force.ts";

/** How old an answer may be that is given again; 0: none is. */
export interface ReuseTerms {
  readonly exactMs: number;
  readonly semanticMs: number;
}

export const NO_REUSE: ReuseTerms = { exactMs: 0, semanticMs: 0 };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What the levels of the lever cache_aggressiveness stand for, beside what is configured. */
export const REUSE_LEVELS: readonly ReuseTerms[] = [
  NO_REUSE,
  { exactMs: 10 * MINUTE_MS, semanticMs: 0 },
  { exactMs: HOUR_MS, semanticMs: 30 * MINUTE_MS },
  { exactMs: 24 * HOUR_MS, semanticMs: 2 * HOUR_MS },
];

/** What is configured, and what the levers lengthen it to. While only caches may answer, they answer as on the highest level. */
export function reuseTerms(configured: ReuseTerms, levers: Pick<LeversInForce, "cache_aggressiveness" | "cache_only">): ReuseTerms {
  const level = levers.cache_only
    ? REUSE_LEVELS.length - 1
    : Math.min(REUSE_LEVELS.length - 1, Math.floor(levers.cache_aggressiveness ?? 0));
  const turned = REUSE_LEVELS[Math.max(0, level)]!;
  return {
    exactMs: Math.max(configured.exactMs, turned.exactMs),
    semanticMs: Math.max(configured.semanticMs, turned.semanticMs),
  };
}

/** What a caller says of earlier answers, by Cache-Control. */
export interface ReuseWishes {
  readonly mayRead: boolean;
  readonly mayKeep: boolean;
  readonly mostAgeMs: number;
}

/** As RFC 9111 reads it: no-cache wants a new answer, no-store wants none kept, max-age none that is older. */
export function reuseWishes(cacheControl: string | undefined): ReuseWishes {
  const words = (cacheControl ?? "")
    .toLowerCase()
    .split(",")
    .map((word) => word.trim());
  const noStore = words.includes("no-store");
  const age = words.map((word) => /^max-age\s*=\s*"?(\d{1,9})"?$/.exec(word)?.[1]).find((seconds) => seconds !== undefined);
  return {
    mayRead: !noStore && !words.includes("no-cache"),
    mayKeep: !noStore,
    mostAgeMs: age === undefined ? Number.POSITIVE_INFINITY : Number(age) * 1000,
  };
}
