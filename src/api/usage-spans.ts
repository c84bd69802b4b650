import { hash } from "node:crypto";
import type { UsageFact } from "../contract/usage-fact.ts";
import { formatDecimal, parseDecimal } from "../core/money/usd.ts";
import { HEADER_DIMENSIONS, isScopeValue } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import type { PricedMeasure } from "../core/unit-cost/measures.ts";
import { isImplausible, partUsd, pricePart, QUANTITY_DECIMALS, type UnitPrice } from "../core/unit-cost/unit-price.ts";
import type { ApiCaller } from "./api-caller.ts";
import { type Attributes, idOf, spansOf, timeOf } from "./otlp-spans.ts";
import { keyValue, maySay } from "./own-scope.ts";

export interface SpanFacts {
  readonly facts: readonly UsageFact[];
  /** Why a span that says it used something could not be taken, one for each. */
  readonly rejected: readonly string[];
}

/** Attributes that say how much of a measure was used. */
const MEASURE_ATTRIBUTES: readonly (readonly [string, PricedMeasure])[] = [
  ["ballast.retrieval.queries", "retrieval_queries"],
  ["ballast.rerank.candidates", "rerank_candidates"],
  ["ballast.vector.reads", "vector_reads"],
  ["ballast.vector.writes", "vector_writes"],
  ["ballast.hitl.minutes", "hitl_minutes"],
  ["ballast.gpu_hours", "gpu_hours"],
];
/** Fields of a fact, each with the attributes that may say it, the first that does. */
const SCOPE_ATTRIBUTES = {
  tenant: ["ballast.tenant"],
  environment: ["ballast.environment", "deployment.environment.name", "deployment.environment"],
  feature: ["ballast.feature"],
  service: ["ballast.service", "service.name"],
  team: ["ballast.team"],
  use_case_id: ["ballast.use_case"],
  provider: ["ballast.provider"],
  model_id: ["ballast.model"],
  run_id: ["ballast.run"],
  session_id: ["ballast.session", "gen_ai.conversation.id"],
  experiment_id: ["ballast.experiment"],
  job_id: ["ballast.job"],
} as const;
/** Values of db.system.name (db.system before) whose reads and writes are those of a vector store. */
const VECTOR_STORES = new Set(["pinecone", "weaviate", "qdrant", "milvus", "chroma", "chromadb", "lancedb", "pgvector", "vespa"]);
const READS = new Set(["query", "search", "get", "fetch", "retrieve", "count", "scroll", "recommend"]);
const WRITES = new Set(["upsert", "insert", "add", "update", "delete", "remove"]);

/**
 * What spans say was used, as facts. Spans of model calls say nothing here: calls have traces of their own, and would count twice.
 * @param resourceSpans of an OTLP request, of any shape
 */
export function factsOfSpans(resourceSpans: readonly unknown[], prices: readonly UnitPrice[], now: Instant, caller: ApiCaller): SpanFacts {
  const facts: UsageFact[] = [];
  const rejected: string[] = [];
  for (const { span, attributes } of spansOf(resourceSpans)) {
    const taken = factsOfSpan(span, attributes, prices, now, caller);
    if (typeof taken === "string") rejected.push(taken);
    else facts.push(...taken);
  }
  return { facts, rejected };
}

/** @returns the facts, or why there are none though the span used something */
function factsOfSpan(
  span: unknown,
  attributes: Attributes,
  prices: readonly UnitPrice[],
  now: Instant,
  caller: ApiCaller,
): UsageFact[] | string {
  const used = usedBy(attributes);
  if (used.length === 0) return [];
  const [traceId, spanId] = [idOf(span, "traceId", 32), idOf(span, "spanId", 16)];
  if (traceId === undefined || spanId === undefined) return "a span has no ids in hex, or all zeros";
  const at = timeOf(span, "endTimeUnixNano", now);
  if (at === undefined) return `span ${spanId}: endTimeUnixNano is no time until now`;
  const scope = scopeOfSpan(attributes, caller);
  if (typeof scope === "string") return `span ${spanId}: ${scope}`;
  const depthK = Number(attributes.get("ballast.depth_k") ?? retrievalDepth(attributes));
  const k = Number.isSafeInteger(depthK) && depthK >= 0 && depthK <= 1_000_000 ? depthK : null;
  const facts: UsageFact[] = [];
  for (const { measure, text } of used) {
    const quantity = parseDecimal(text, QUANTITY_DECIMALS);
    if (quantity === undefined || quantity < 0n || quantity > 10n ** 18n)
      return `span ${spanId}: ${measure} is not a number with at most 6 decimals`;
    const cost = pricePart(prices, { measure, quantity, depthK: k, useCase: scope.use_case_id }, at);
    if (cost.outcome === "priced" && isImplausible(cost.atto)) return `span ${spanId}: ${measure} would cost ${partUsd(cost)} USD`;
    facts.push({
      ...scope,
      fact_id: hash("sha256", JSON.stringify(["otlp", traceId, spanId, measure]), "hex"),
      ts: new Date(at).toISOString(),
      source: "otlp",
      event_id: `${traceId}/${spanId}`,
      measure,
      subject: "",
      quantity: formatDecimal(quantity, QUANTITY_DECIMALS),
      depth_k: measure === "retrieval_queries" ? k : null,
      cost_usd: partUsd(cost),
      cost_basis: cost.outcome,
      price_id: cost.outcome === "priced" ? cost.priceId : "",
      reason: cost.outcome === "priced" ? "" : cost.reason,
      received_at: new Date(now).toISOString(),
    });
  }
  return facts;
}

/** Our own attributes go before what the conventions of OpenTelemetry let us infer of the same measure. */
function usedBy(attributes: Attributes): { measure: PricedMeasure; text: string }[] {
  const said = new Map<PricedMeasure, string>();
  const system = attributes.get("db.system.name") ?? attributes.get("db.system") ?? "";
  const operation = (attributes.get("db.operation.name") ?? attributes.get("db.operation") ?? "").toLowerCase();
  if (VECTOR_STORES.has(system.toLowerCase())) {
    if (READS.has(operation)) said.set("vector_reads", "1");
    if (WRITES.has(operation)) said.set("vector_writes", attributes.get("db.operation.batch.size") ?? "1");
  }
  if (isRetrieval(attributes)) said.set("retrieval_queries", "1");
  for (const [attribute, measure] of MEASURE_ATTRIBUTES) {
    const text = attributes.get(attribute);
    if (text !== undefined) said.set(measure, text);
  }
  return [...said].map(([measure, text]) => ({ measure, text }));
}

/** Elsewhere top_k is how a model samples. */
function isRetrieval(attributes: Attributes): boolean {
  return attributes.get("gen_ai.operation.name") === "retrieval";
}

/** Versions of the conventions differ in its name. */
function retrievalDepth(attributes: Attributes): string | undefined {
  return isRetrieval(attributes) ? (attributes.get("gen_ai.retrieval.top_k") ?? attributes.get("gen_ai.request.top_k")) : undefined;
}

function scopeOfSpan(attributes: Attributes, caller: ApiCaller) {
  const found: Record<string, string> = {};
  for (const [field, names] of Object.entries(SCOPE_ATTRIBUTES)) {
    const name = names.find((one) => attributes.has(one));
    const said = name === undefined ? "" : attributes.get(name)!;
    if (said !== "" && !isScopeValue(said)) return `${name} has a character that cannot be used`;
    const dimension = HEADER_DIMENSIONS.find((each) => names[0] === `ballast.${each}`);
    const own = dimension && keyValue(caller, dimension);
    // What only stands in for our own attribute gives way to what the key fixes.
    const isOurs = name === names[0] && said !== "";
    if (dimension && isOurs && !maySay(caller, dimension, said)) return `${name} is not the key's`;
    found[field] = own !== undefined && !isOurs ? own : said;
  }
  const trace_id = attributes.get("ballast.trace_id") ?? "";
  if (!/^[\x21-\x7e]{0,200}$/.test(trace_id)) return "ballast.trace_id is no id";
  if (found.tenant === "" && trace_id === "") return "neither ballast.tenant nor ballast.trace_id says whose it is";
  return { ...(found as Record<keyof typeof SCOPE_ATTRIBUTES, string>), trace_id };
}
