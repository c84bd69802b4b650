import { isCount } from "./partition-usage.ts";
import { thinkingBudget } from "./thinking-budget.ts";
import type { CallDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/** The most output that a request allows for. */
export type OutputBound =
  | {
      readonly outcome: "bounded";
      /** The limit that the request states. */
      readonly tokensPerChoice: number;
      /** The field that states it. */
      readonly field: string;
      /** All fields that state one. */
      readonly statedIn: readonly string[];
      readonly beyondLimit: BeyondLimit;
      readonly choices: number;
    }
  | { readonly outcome: "absent"; readonly beyondLimit: BeyondLimit; readonly choices: number }
  | { readonly outcome: "invalid"; readonly field: string; readonly reason: string };

export interface BeyondLimit {
  /** Tokens of each choice that are billed as output and that its limit does not count: thinking, and predictions that did not come true. */
  readonly tokens: number;
  /** The limit may not be lowered below this: the thinking that it has to leave room for, else the sum would not hold. */
  readonly leastLimit: number;
}

/** No model writes more in one answer; a larger number is a mistake, or a try at an overflow. */
const MOST_OUTPUT_TOKENS = 10_000_000;
const MOST_CHOICES = 1_024;

/** Where several fields bound the output, providers differ in which one they heed: the largest is taken. */
const OUTPUT_FIELDS: Readonly<Record<CallDialect, readonly string[]>> = {
  "openai-chat": ["max_completion_tokens", "max_tokens"],
  "openai-responses": ["max_output_tokens"],
  "openai-embeddings": [],
  "anthropic-messages": ["max_tokens"],
};

/** Reads how many tokens a request lets a provider generate. Null is absent, as it is for providers. */
export function boundOutput(dialect: CallDialect, body: Readonly<Record<string, unknown>>): OutputBound {
  if (dialect === "openai-embeddings")
    return { outcome: "bounded", tokensPerChoice: 0, field: "input", statedIn: [], beyondLimit: { tokens: 0, leastLimit: 0 }, choices: 1 };
  const statedIn: string[] = [];
  let bound: { field: string; tokens: number } | undefined;
  for (const field of OUTPUT_FIELDS[dialect]) {
    const tokens = body[field];
    if (tokens === undefined || tokens === null) continue;
    if (!isCount(tokens) || tokens > MOST_OUTPUT_TOKENS) return invalid(field, `a whole number up to ${MOST_OUTPUT_TOKENS} is required`);
    statedIn.push(field);
    if (!bound || tokens > bound.tokens) bound = { field, tokens };
  }
  let choices = 1;
  for (const field of dialect === "openai-chat" ? ["n", "best_of"] : []) {
    const count = body[field];
    if (count === undefined || count === null) continue;
    if (!isCount(count) || count === 0 || count > MOST_CHOICES)
      return invalid(field, `a whole number from 1 to ${MOST_CHOICES} is required`);
    choices = Math.max(choices, count);
  }
  const thinking = thinkingBudget(dialect, body);
  if (thinking.outcome === "invalid") return thinking;
  if (thinking.tokens > MOST_OUTPUT_TOKENS) return invalid("thinking_budget", `a whole number up to ${MOST_OUTPUT_TOKENS} is required`);
  // Anthropic counts thinking into max_tokens, and lets only interleaved thinking have more than those (extended thinking, 2026).
  const inside = dialect === "anthropic-messages" && bound !== undefined && thinking.tokens < bound.tokens;
  const predicted = dialect === "openai-chat" ? predictionBytes(body.prediction) : 0;
  const beyondLimit = {
    tokens: predicted + (inside ? 0 : thinking.tokens),
    leastLimit: inside && thinking.tokens > 0 ? thinking.tokens + 1 : 0,
  };
  if (!bound) return { outcome: "absent", beyondLimit, choices };
  return { outcome: "bounded", tokensPerChoice: bound.tokens, field: bound.field, statedIn, beyondLimit, choices };
}

function invalid(field: string, reason: string): OutputBound {
  return { outcome: "invalid", field, reason };
}

/** Tokens of a predicted output that do not come true are billed as output, beyond the limit. A token is at least a byte. */
function predictionBytes(prediction: unknown): number {
  if (!isObject(prediction)) return 0;
  const parts = Array.isArray(prediction.content) ? prediction.content : [prediction.content];
  let bytes = 0;
  for (const part of parts) {
    const text = isObject(part) ? part.text : part;
    if (typeof text === "string") bytes += Buffer.byteLength(text, "utf8");
  }
  return bytes;
}
