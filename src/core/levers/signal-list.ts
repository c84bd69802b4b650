/** What can be measured of a subject besides its spending, which is money and comes from the ledger. A signal that is not here does not exist. */
export interface SignalKind {
  readonly unit: "share" | "ms" | "usd" | "documents" | "candidates" | "score" | "hours";
  /** Made of calls or ratings, of which too few mean nothing. What the ledger knows exactly needs none. */
  readonly counted: boolean;
  /** How far back it is measured unless its source says otherwise. */
  readonly windowMs: number;
  readonly meaning: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const SIGNALS = {
  exhaustion: {
    unit: "hours",
    counted: false,
    windowMs: 24 * HOUR_MS,
    meaning: "Hours until the cap is spent, at the rate of the window.",
  },
  ucr_1h: { unit: "usd", counted: true, windowMs: HOUR_MS, meaning: "Unit cost per request over the last hour." },
  ucr_24h: { unit: "usd", counted: true, windowMs: 24 * HOUR_MS, meaning: "Unit cost per request over the last day." },
  p50_latency_ms: { unit: "ms", counted: true, windowMs: 5 * MINUTE_MS, meaning: "Median time to the end of an answer." },
  p95_latency_ms: { unit: "ms", counted: true, windowMs: 5 * MINUTE_MS, meaning: "Time within which 95 % of the answers ended." },
  error_rate: { unit: "share", counted: true, windowMs: 5 * MINUTE_MS, meaning: "Share of the calls that ended in an error." },
  cache_hit_rate: { unit: "share", counted: true, windowMs: HOUR_MS, meaning: "Share of the calls answered from a cache." },
  depth_k: { unit: "documents", counted: true, windowMs: HOUR_MS, meaning: "Documents retrieved for a call, on average." },
  rerank_count: { unit: "candidates", counted: true, windowMs: HOUR_MS, meaning: "Candidates reranked for a call, on average." },
  grounded: { unit: "score", counted: true, windowMs: HOUR_MS, meaning: "Groundedness of the rated answers, 1 to 5, on average." },
} as const satisfies Record<string, SignalKind>;

export type SignalName = keyof typeof SIGNALS;

export const SIGNAL_NAMES = Object.keys(SIGNALS) as SignalName[];
