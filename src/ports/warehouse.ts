import type { RequestTrace } from "../contract/request-trace.ts";

/** What we ask of the warehouse. The embedded engine and a ClickHouse server are both one of these. */
export interface Warehouse {
  /** Rows that arrive again, in any order and any batch, count once. @throws Problem warehouse_unavailable */
  insertTraces(traces: readonly string[]): Promise<void>;
  /** Cost and use per group over traces with ts in [from, to). */
  costs(question: CostsQuestion): Promise<readonly CostsRow[]>;
  /** The newest calls first. */
  traces(question: TracesQuestion): Promise<readonly RequestTrace[]>;
  /** Booked cost per tenant in nano-units, for `ballast verify`. */
  bookedPerTenant(from: Date, to: Date): Promise<readonly { tenant: string; traces: number; bookedNano: bigint }[]>;
  /** Runs one statement that only reads; for questions of operators and tests. */
  query(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<readonly Record<string, unknown>[]>;
  /** Round trip to the engine. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export const COST_GROUPS = ["tenant", "feature", "service", "team", "environment", "use_case", "provider", "model", "day", "hour"] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

export interface CostsQuestion {
  readonly from: Date;
  readonly to: Date;
  readonly groupBy: readonly CostGroup[];
  readonly filter: Readonly<
    Partial<Record<"tenant" | "feature" | "service" | "team" | "environment" | "use_case" | "provider" | "model", string>>
  >;
}

/** Counts are numbers, money is decimal text of USD. Group columns that were not asked for are absent. */
export interface CostsRow {
  readonly group: Readonly<Partial<Record<CostGroup, string>>>;
  /** Calls that reached a provider or were tracked. */
  readonly calls: number;
  readonly refused: number;
  /** Answers given again from the cache or an Idempotency-Key. */
  readonly cached: number;
  /** Calls whose cost is not known (basis unpriced): counted, never summed as zero. */
  readonly unpriced: number;
  readonly in_doubt: number;
  readonly prompt_tokens: number;
  readonly gen_tokens: number;
  readonly cost_usd: string;
  readonly latency_ms_p50: number | null;
  readonly latency_ms_p95: number | null;
}

export interface TracesQuestion {
  readonly from: Date;
  readonly to: Date;
  readonly filter: CostsQuestion["filter"];
  readonly limit: number;
}
