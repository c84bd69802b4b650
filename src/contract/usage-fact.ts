/** What a call used beside its model, as its caller said by header: a part of its trace. Fields are those of `request_trace_row.parts`. */
export interface UsagePart {
  /** A name of src/core/unit-cost/measures.ts. */
  readonly measure: string;
  /** Decimal text with at most 6 decimals. */
  readonly quantity: string;
  readonly depth_k: number | null;
  /** Priced when it was told; null is not known, or nothing that costs. */
  readonly cost_usd: string | null;
  readonly cost_basis: UsageCostBasis;
  readonly price_id: string;
  /** Why there is no price, when there is none. */
  readonly reason: string;
}

/** Where the cost of a fact comes from. "none": it is nothing that costs. */
export const USAGE_COST_BASES = ["priced", "provided", "unpriced", "none"] as const;
export type UsageCostBasis = (typeof USAGE_COST_BASES)[number];

/** What an event or a span told: an immutable row of `finops.fact_usage`. Empty text is missing. */
export interface UsageFact extends UsagePart {
  /** Made of source, event id and place in the event: whatever says the same again is the same fact. */
  readonly fact_id: string;
  /** UTC, ISO 8601: when it was used. */
  readonly ts: string;
  readonly source: string;
  readonly event_id: string;
  readonly trace_id: string;
  readonly tenant: string;
  readonly environment: string;
  readonly feature: string;
  readonly service: string;
  readonly team: string;
  readonly use_case_id: string;
  readonly provider: string;
  readonly model_id: string;
  readonly run_id: string;
  readonly session_id: string;
  readonly experiment_id: string;
  readonly job_id: string;
  /** Of `business`: what was counted, such as reports. Of `started` and `ended`: run, session, experiment or job. */
  readonly subject: string;
  readonly received_at: string;
}
