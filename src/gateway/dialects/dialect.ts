import type { Problem } from "../../contract/problem.ts";
import type { RequestTrace } from "../../contract/request-trace.ts";
import type { CallDialect } from "../../core/usage/usage.ts";
import type { ProviderDialect } from "../../ports/provider.ts";
import type { JsonEdit } from "../../std/json-members.ts";
import type { TemplateAnswer } from "./template-answer.ts";

/** The wire language of one endpoint: everything that differs between callers stands in one object. */
export interface Dialect {
  readonly path: string;
  readonly provider: ProviderDialect;
  readonly usage: CallDialect;
  readonly operation: Exclude<RequestTrace["operation"], "track">;
  /** States the most tokens the answer may have, in every member that the request says it with, or in the provider's own. */
  limitOutput(tokens: number, provider: { readonly maxTokensField: string }, has: (member: string) => boolean): JsonEdit[];
  /** What must be added so that a stream ends with its usage; undefined when the caller asked for it, or it always does. */
  askForUsage(request: { readonly stream: boolean; readonly streamOptions: unknown }): JsonEdit | undefined;
  /** The last event of a stream: the caller may stop reading after it, so it waits until the call is booked. */
  isLast(data: string, payload: unknown): boolean;
  /** An event that exists only because askForUsage asked for it. */
  isUsageOnly(payload: unknown): boolean;
  /** Bytes of generated text in a stream event: no more tokens than that were produced visibly. */
  producedBytes(payload: unknown): number;
  /** Whether a stream event says that the provider failed. */
  isFailure(payload: unknown): boolean;
  /** The body of an answer with a text of ours, as a model would have given it; absent where answers are no text. */
  templateAnswer?(said: TemplateAnswer): string;
  /** A problem, as this dialect's SDKs expect it. */
  errorBody(problem: Problem, details: Readonly<Record<string, unknown>>): string;
  /** The same inside a stream that has begun. */
  errorEvent(problem: Problem, details: Readonly<Record<string, unknown>>): string;
}

/** Sums the length of every string that is generated text, wherever a provider's delta carries it. */
export function textBytes(value: unknown, depth = 0): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null || depth > 20) return 0;
  let sum = 0;
  for (const inner of Object.values(value)) sum += textBytes(inner, depth + 1);
  return sum;
}

export function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
