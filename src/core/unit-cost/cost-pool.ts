import { ATTO_PER_NANO, type Atto, type Nano } from "../money/usd.ts";
import type { ScopeSelector } from "../scope/scope.ts";
import { type Instant, type Period, windowAt } from "../time/window.ts";

/** What a call's share of a pool goes by. */
export const POOL_DRIVERS = ["calls", "tokens", "latency", "cost"] as const;
export type PoolDriver = (typeof POOL_DRIVERS)[number];

/** An amount per calendar month (UTC) that belongs to calls in common: hosting, tracing, logs; or what they earn. */
export interface CostPool {
  readonly name: string;
  readonly perMonthNano: Nano;
  readonly driver: PoolDriver;
  /** Calls that share it; {} is all. */
  readonly scope: ScopeSelector;
  /** First month that it holds for, as its first instant; another entry of the name takes over from its own first month on. */
  readonly from: Instant;
  /** First instant after its last month; null for no end. */
  readonly to: Instant | null;
}

/** A pool in one month, as far as the month has gone. */
export interface PoolMonth {
  readonly pool: CostPool;
  readonly month: Period;
  /** The whole of it once the month is over. */
  readonly accruedAtto: Atto;
}

/**
 * The pools of the months that a period touches. A month that is not over has had the part of its amount that its time so far is of
 * all its time, so that a day early in the month is not charged for all of it.
 */
export function poolMonths(pools: readonly CostPool[], period: Period, now: Instant): PoolMonth[] {
  const found: PoolMonth[] = [];
  for (let month = windowAt("month", "UTC", period.start); month.start < period.end; month = windowAt("month", "UTC", month.end)) {
    const elapsed = BigInt(Math.min(Math.max(now, month.start), month.end) - month.start);
    for (const pool of inForce(pools, month)) {
      const whole = pool.perMonthNano * ATTO_PER_NANO;
      const accruedAtto = (whole * elapsed) / BigInt(month.end - month.start);
      if (accruedAtto > 0n) found.push({ pool, month, accruedAtto });
    }
    if (month.end > now) break;
  }
  return found;
}

function inForce(pools: readonly CostPool[], month: Period): CostPool[] {
  const latest = new Map<string, CostPool>();
  for (const pool of pools) {
    if (pool.from > month.start || (pool.to !== null && pool.to <= month.start)) continue;
    const before = latest.get(pool.name);
    if (!before || pool.from >= before.from) latest.set(pool.name, pool);
  }
  return [...latest.values()];
}

/**
 * Shares an amount out by weights; the shares are the amount, to the last unit. Each is cut to a whole unit, and what is left over,
 * less than a unit per call, goes to the first. That keeps the share of a call the same whatever else is asked for, which largest
 * remainders would do only by sorting all calls; at 10⁻¹⁸ USD a unit the difference is below a nano-dollar for a thousand million calls.
 * @returns undefined when no weight is above zero: then nobody can be charged
 */
export function sharesOf(amount: bigint, weights: readonly bigint[]): bigint[] | undefined {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole === 0n) return undefined;
  const shares = weights.map((weight) => (amount * weight) / whole);
  shares[0]! += amount - shares.reduce((sum, share) => sum + share, 0n);
  return shares;
}
