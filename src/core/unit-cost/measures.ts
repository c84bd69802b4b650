/** The seven components of the unit cost of a request, in the order of the economics document. */
export const COST_COMPONENTS = ["input", "generation", "retrieval", "rerank", "vector_io", "orchestration", "human"] as const;
export type CostComponentName = (typeof COST_COMPONENTS)[number];

interface MeasureEntry {
  /** What its cost is part of: a component of a request, or the training of models, which is no part of requests. Null costs nothing. */
  readonly component: CostComponentName | "training" | null;
  /** What one of it is. */
  readonly unit: string;
  /** Parts of one count. */
  readonly whole: boolean;
}

/** Everything that applications can tell of, beside the models of their calls. */
export const MEASURES = {
  retrieval_queries: { component: "retrieval", unit: "query", whole: true },
  rerank_candidates: { component: "rerank", unit: "candidate", whole: true },
  vector_reads: { component: "vector_io", unit: "read", whole: true },
  vector_writes: { component: "vector_io", unit: "write", whole: true },
  hitl_minutes: { component: "human", unit: "minute", whole: false },
  gpu_hours: { component: "training", unit: "hour", whole: false },
  revenue_usd: { component: null, unit: "USD", whole: false },
  business: { component: null, unit: "of its subject", whole: false },
  started: { component: null, unit: "start", whole: true },
  ended: { component: null, unit: "end", whole: true },
} as const satisfies Record<string, MeasureEntry>;

export type Measure = keyof typeof MEASURES;

/** What has a price. */
export const PRICED_MEASURES = [
  "retrieval_queries",
  "rerank_candidates",
  "vector_reads",
  "vector_writes",
  "hitl_minutes",
  "gpu_hours",
] as const satisfies readonly Measure[];
export type PricedMeasure = (typeof PRICED_MEASURES)[number];

export function isPricedMeasure(measure: string): measure is PricedMeasure {
  return (PRICED_MEASURES as readonly string[]).includes(measure);
}
