import { isUtf8 } from "node:buffer";
import { mayHideReasoning } from "../core/usage/hidden-reasoning.ts";
import { boundInput, type InputBound } from "../core/usage/input-bound.ts";
import { boundOutput, type OutputBound } from "../core/usage/output-bound.ts";
import { isGiven } from "../core/usage/unbounded-fields.ts";
import type { UsageDialect } from "../core/usage/usage.ts";
import { findJsonMembers, type JsonMembers } from "../std/json-members.ts";

/** What the gateway needs to know of a request body. Everything else in it passes through as it came. */
export interface BodySummary {
  readonly model: string;
  readonly stream: boolean;
  readonly input: InputBound;
  readonly output: OutputBound;
  readonly tiers: BilledTiers;
  /** Betas that the body names, as Bedrock and Vertex take them. */
  readonly betas: readonly string[];
  readonly streamOptions: unknown;
  /** Whether output may be billed that is never sent. */
  readonly hidesReasoning: boolean;
  readonly members: JsonMembers;
}

/** Ways of being billed that a request asks for. */
export interface BilledTiers {
  readonly service: string | undefined;
  /** Anthropic bills regional inference and fast mode at rates of their own, whatever the service tier. */
  readonly others: readonly string[];
  /** Where Anthropic is asked to compute the answer; undefined leaves it to the workspace. */
  readonly place: string | undefined;
}

export type BodyReading =
  | { readonly outcome: "read"; readonly summary: BodySummary }
  | {
      readonly outcome: "rejected";
      readonly code: "invalid_json" | "invalid_request";
      readonly details: Readonly<Record<string, unknown>>;
    };

/** OpenAI's and xAI's: the cost comes with an answer that is fetched elsewhere, past every budget. */
const LATER_ANSWERS = ["background", "deferred"];

/** Reads a body once: valid JSON in UTF-8, an object, with a model, and no member twice: readers disagree about which one counts. */
export function inspectBody(dialect: UsageDialect, bytes: Buffer): BodyReading {
  if (!isUtf8(bytes)) return reject("invalid_json", { detail: "the body is not UTF-8" });
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    return reject("invalid_json", { detail: (error as Error).message });
  }
  const members = findJsonMembers(bytes);
  if (!members || typeof body !== "object" || body === null) return reject("invalid_json", { detail: "the body is not a JSON object" });
  if (members.duplicate !== undefined) {
    return reject("invalid_request", { field: members.duplicate, detail: "the member occurs twice" });
  }
  const fields = body as Record<string, unknown>;
  if (typeof fields.model !== "string" || fields.model === "" || fields.model.length > 200) {
    return reject("invalid_request", { field: "model", detail: "a name is required" });
  }
  if (fields.stream !== undefined && fields.stream !== null && typeof fields.stream !== "boolean") {
    return reject("invalid_request", { field: "stream", detail: "true or false is required" });
  }
  for (const field of LATER_ANSWERS) {
    if (isGiven(fields[field])) return reject("invalid_request", { field, detail: "calls whose answer is fetched later are not served" });
  }
  const output = boundOutput(dialect, fields);
  if (output.outcome === "invalid") return reject("invalid_request", { field: output.field, detail: output.reason });
  const summary: BodySummary = {
    model: fields.model,
    stream: fields.stream === true,
    input: boundInput(dialect, fields, bytes.length),
    output,
    tiers: tiersOf(dialect, fields),
    betas: [fields.anthropic_beta, fields.betas].flat().filter((beta) => typeof beta === "string"),
    streamOptions: fields.stream_options,
    hidesReasoning: mayHideReasoning(dialect, fields.model, fields),
    members,
  };
  return { outcome: "read", summary };
}

function tiersOf(dialect: UsageDialect, fields: Readonly<Record<string, unknown>>): BilledTiers {
  const service = typeof fields.service_tier === "string" ? fields.service_tier : undefined;
  if (dialect !== "anthropic-messages") return { service, others: [], place: undefined };
  const place = typeof fields.inference_geo === "string" ? fields.inference_geo : undefined;
  const regional = place === undefined || place === "global" ? [] : [`geo-${place}`];
  const fast = fields.speed === "fast" ? ["fast"] : [];
  // Both at once multiply; that has a name of its own, so that it needs a price of its own.
  const both = fast.length > 0 && regional.length > 0;
  return { service, others: both ? [`fast-${regional[0]}`] : [...fast, ...regional], place };
}

function reject(code: "invalid_json" | "invalid_request", details: Readonly<Record<string, unknown>>): BodyReading {
  return { outcome: "rejected", code, details };
}
