import { isUtf8 } from "node:buffer";
import { mayHideReasoning } from "../core/usage/hidden-reasoning.ts";
import { boundInput, type InputBound } from "../core/usage/input-bound.ts";
import { boundOutput, type OutputBound } from "../core/usage/output-bound.ts";
import { isGiven, UNBOUNDED_FIELDS } from "../core/usage/unbounded-fields.ts";
import type { CallDialect } from "../core/usage/usage.ts";
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

/** What is read at the top of a body, here and in core/usage. */
const READ_MEMBERS: ReadonlySet<string> = new Set([
  ...UNBOUNDED_FIELDS.map(({ field }) => field),
  ...LATER_ANSWERS,
  ...["model", "stream", "stream_options", "messages", "input", "system", "instructions", "tools", "functions", "modalities", "extra_body"],
  ...["max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of", "prediction"],
  ...["thinking", "thinking_budget", "enable_thinking", "reasoning", "reasoning_effort", "chat_template_kwargs"],
  ...["service_tier", "speed", "inference_geo", "context_management", "anthropic_beta", "betas"],
]);
/** Servers written in Go take a member in any case, and the last of several: MAX_TOKENS would pass by us and count there. */
const READ_IN_ANY_CASE: ReadonlySet<string> = new Set([...READ_MEMBERS].map(foldCase));

/** By way of the upper case, as some letters have only one: the long s and the Kelvin sign are s and k for such servers. */
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Members of all objects in a value; of twins JSON.parse keeps one. */
function countMembers(value: object): number {
  let count = 0;
  const stack: object[] = [value];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const children: unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (!Array.isArray(next)) count += children.length;
    for (const child of children) if (typeof child === "object" && child !== null) stack.push(child);
  }
  return count;
}

/** Reads a body once: valid JSON in UTF-8, an object, with a model, and no member twice at any depth. */
export function inspectBody(dialect: CallDialect, bytes: Buffer): BodyReading {
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
  // Readers disagree about which of two counts: we may bound the one, and the provider bill the other.
  if (countMembers(body) !== members.written) {
    return reject("invalid_request", { field: "", detail: "a member of an object inside the body occurs twice" });
  }
  const fields = body as Record<string, unknown>;
  const twin = Object.keys(fields).find((name) => !READ_MEMBERS.has(name) && READ_IN_ANY_CASE.has(foldCase(name)));
  if (twin !== undefined) return reject("invalid_request", { field: twin, detail: "a member must be written as the reference writes it" });
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

function tiersOf(dialect: CallDialect, fields: Readonly<Record<string, unknown>>): BilledTiers {
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
