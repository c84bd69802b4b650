/** What a number of a scenario counts: money in USD, a share from 0 to 1, or how many of something. */
export type InputUnit = "usd" | "share" | "count" | "rate";

export interface ScenarioInput {
  readonly name: string;
  readonly unit: InputUnit;
  /** What holds where the file is silent; undefined where the file has to say it. */
  readonly byDefault: string | undefined;
  readonly meaning: string;
}

/**
 * Every number of a scenario except its mix and its models' prices. A new dial of the model is one line here and one place in
 * `evaluate-scenario.ts`; reading, sensitivity, ranges and the reference page follow.
 */
export const SCENARIO_INPUTS = [
  { name: "monthly_volume", unit: "count", byDefault: undefined, meaning: "Requests in the first month" },
  { name: "growth", unit: "rate", byDefault: "0", meaning: "Growth of the volume from month to month" },
  { name: "cache_hit", unit: "share", byDefault: "0", meaning: "Share of requests answered from the cache: no model, retrieval or rerank" },
  { name: "prompt_tokens", unit: "count", byDefault: "0", meaning: "Input tokens of a request that reaches a model" },
  { name: "gen_tokens", unit: "count", byDefault: "0", meaning: "Output tokens of a request that reaches a model" },
  { name: "queries", unit: "count", byDefault: "1", meaning: "Retrieval queries of a request that is not from the cache" },
  { name: "depth_k", unit: "count", byDefault: "0", meaning: "Results per retrieval query" },
  { name: "retrieval_usd_per_k", unit: "usd", byDefault: "0", meaning: "Price of one result of one query" },
  { name: "rerank_candidates", unit: "count", byDefault: "0", meaning: "Candidates reranked for a request that is not from the cache" },
  { name: "rerank_usd", unit: "usd", byDefault: "0", meaning: "Price of one candidate" },
  {
    name: "vector_ops",
    unit: "count",
    byDefault: "0",
    meaning: "Vector reads and writes of every request, looking into the cache included",
  },
  { name: "vector_usd", unit: "usd", byDefault: "0", meaning: "Price of one read or write" },
  { name: "orchestration_usd", unit: "usd", byDefault: "0", meaning: "Hosting, tracing and logs per request" },
  {
    name: "orchestration_monthly_usd",
    unit: "usd",
    byDefault: "0",
    meaning: "The same as a monthly pool, spread over the month's requests",
  },
  { name: "hitl_minutes", unit: "count", byDefault: "0", meaning: "Minutes of a person per request, on average over all" },
  { name: "hitl_usd_per_minute", unit: "usd", byDefault: "0", meaning: "What a minute of that person costs" },
] as const satisfies readonly ScenarioInput[];

export type InputName = (typeof SCENARIO_INPUTS)[number]["name"];

/** What is known of each model, beside its share of the mix. */
export const MODEL_INPUTS = [
  { name: "input_usd_mtok", unit: "usd", byDefault: undefined, meaning: "Price of a million input tokens" },
  { name: "output_usd_mtok", unit: "usd", byDefault: undefined, meaning: "Price of a million output tokens" },
  { name: "fee_usd", unit: "usd", byDefault: "0", meaning: "Fee per request beside its tokens, such as searches; counts as generation" },
  { name: "prompt_tokens", unit: "count", byDefault: undefined, meaning: "Input tokens of this model's requests, where they differ" },
  { name: "gen_tokens", unit: "count", byDefault: undefined, meaning: "Output tokens of this model's requests, where they differ" },
] as const satisfies readonly ScenarioInput[];

export type ModelInputName = (typeof MODEL_INPUTS)[number]["name"];

/** How one number of a scenario is called in results: "cache_hit", "mix.large", "models.large.output_usd_mtok". */
export type FigureName = InputName | `mix.${string}` | `models.${string}.${ModelInputName}`;

export const UCR_COMPONENTS = ["input", "generation", "retrieval", "rerank", "vector_io", "orchestration", "hitl"] as const;
export type UcrComponent = (typeof UCR_COMPONENTS)[number];
