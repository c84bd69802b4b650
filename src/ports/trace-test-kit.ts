import { CALL_OUTCOMES, COST_BASES, type RequestTrace } from "../contract/request-trace.ts";
import { formatDecimal } from "../core/money/usd.ts";
import type { Warehouse } from "./warehouse.ts";

export interface Dates {
  readonly from: Date;
  readonly to: Date;
}

export function yearOf(year: number): Dates {
  return { from: new Date(Date.UTC(year, 0)), to: new Date(Date.UTC(year + 1, 0)) };
}

let made = 0;

/** A complete, measured chat call in the given period, unlike any other. */
export function aTrace(period: Dates, over: Partial<RequestTrace> = {}): RequestTrace {
  made++;
  const ts = new Date(Math.min(period.from.getTime() + made, period.to.getTime() - 1)).toISOString();
  return { ...COMPLETE, ts, trace_id: `${process.pid}-${period.from.getTime()}-${made}`, ...over };
}

const COMPLETE: Omit<RequestTrace, "ts" | "trace_id"> = {
  use_case_id: "assistant",
  model_id: "gpt-5-mini",
  prompt_tokens: 100,
  gen_tokens: 20,
  depth_k: null,
  rerank_n: null,
  cache_hit: false,
  latency_ms: 250,
  unit_cost_usd: "0.000065",
  tenant: "acme",
  environment: "production",
  feature: "chat",
  service: "web",
  team: "support",
  run_id: "",
  api_key_id: "key-1",
  provider: "openai",
  requested_model: "gpt-5-mini",
  operation: "chat",
  report_type: "",
  stream: false,
  outcome: "complete",
  cost_basis: "measured",
  status_code: 200,
  error_code: "",
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  input_cost_usd: "0.000025",
  gen_cost_usd: "0.00004",
  rounding_usd: "0",
  held_usd: "0.01",
  price_id: "list/gpt-5-mini@start",
  attempts: 1,
  ttft_ms: null,
  response_id: "",
  service_tier: "",
  priority: "p1",
  pii: false,
  levers: [],
  usage_details: {},
  session_id: "",
  experiment_id: "",
  cache_kind: "",
  avoided_cost_usd: null,
  holdout: false,
  complexity: null,
  model_size: "",
};

/** Traces that differ in every dimension, outcome and basis, some missing; the same ones for the same index. */
export function aMixedTrace(period: Dates, index: number): RequestTrace {
  const of = <T>(values: readonly T[], stride: number) => values[Math.floor(index / stride) % values.length]!;
  const cost_basis = of(COST_BASES, 3);
  return aTrace(period, {
    ts: new Date(period.from.getTime() + ((index * 7_919) % 300) * 11_234_567).toISOString(),
    tenant: of(["acme", "globex", "initech"], 1),
    feature: of(["chat", "search", ""], 2),
    service: of(["web", "api"], 5),
    team: of(["support", "", "sales"], 4),
    environment: of(["production", "staging"], 7),
    use_case_id: of(["assistant", "triage"], 3),
    provider: of(["openai", "anthropic"], 2),
    model_id: of(["gpt-5", "gpt-5-mini", "claude-opus-4-5"], 1),
    outcome: of(CALL_OUTCOMES, 1),
    cache_hit: index % 12 === 8,
    cost_basis,
    unit_cost_usd: cost_basis === "unpriced" ? null : formatDecimal(BigInt(index) * 1_234_567n, 9),
    prompt_tokens: index * 3,
    gen_tokens: index,
    latency_ms: (index * 37) % 1000,
  });
}

export async function insert(warehouse: Warehouse, traces: readonly RequestTrace[]) {
  return await warehouse.insertTraces(traces.map((trace) => JSON.stringify(trace)));
}
