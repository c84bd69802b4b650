import type { Atto } from "../money/usd.ts";
import { type BilledApart, readAnthropicUsage } from "./anthropic-usage.ts";
import { readConverseUsage, readInvokeModelUsage } from "./bedrock-usage.ts";
import { readCohereUsage } from "./cohere-usage.ts";
import { readGenerateContentUsage, readInteractionsUsage } from "./google-usage.ts";
import { readImagesUsage, readRealtimeUsage, readTranscriptionUsage } from "./openai-media-usage.ts";
import { readChatUsage, readEmbeddingsUsage, readResponsesUsage } from "./openai-usage.ts";
import { isConsistent } from "./partition-usage.ts";
import type { Usage, UsageDialect } from "./usage.ts";
import { isObject, UsageFault } from "./usage-fields.ts";
import type { UnknownCounts } from "./usage-keys.ts";

/**
 * - `no_usage`: a proper answer that says nothing of its usage
 * - `malformed_usage`: a count that is negative, fractional, not a number or not exact; or a part larger than its whole
 * - `provider_error`: the answer, or the stream, ended in an error
 * - `unfinished`: a stream that was cut before its final counts
 * - `not_final`: an answer that says of itself that the call is queued or still under way
 */
export type MissingReason = "no_usage" | "malformed_usage" | "provider_error" | "unfinished" | "not_final";

export interface MeasuredUsage {
  readonly outcome: "measured";
  readonly usage: Usage;
  /** The model that answered, as the provider names it. Not always the one that was asked. */
  readonly model: string | undefined;
  /** What the provider says it billed at; Anthropic's fast mode and regional inference are told as "fast" and "geo-us". */
  readonly serviceTier: string | undefined;
  readonly responseId: string | undefined;
  /** What the answer shows to be billed apart and the counts do not hold, such as "file_search_call". The cost is more than theirs. */
  readonly billedApart: readonly BilledApart[];
  /** Counts of the answer's usage that no reader knows, by their paths, such as "usage.foo_seconds". They may be billed; nobody knows at what. */
  readonly unknownCounts: UnknownCounts | undefined;
  /** What the provider says that the call cost, exactly. */
  readonly costAtto: Atto | undefined;
}

export interface MissingUsage {
  readonly outcome: "missing";
  readonly reason: MissingReason;
  /** The count that cannot be used, or the provider's error code. */
  readonly detail?: string;
  /** What a cut stream had counted so far: the call used this much, and perhaps more. */
  readonly atLeast?: Usage;
}

export type UsageReading = MeasuredUsage | MissingUsage;

/** Usage of a whole answer. Zero is a value; an absent or null count is missing, and never read as zero where the dialect requires it. */
export function extractUsage(dialect: UsageDialect, body: unknown): UsageReading {
  if (!isObject(body)) return { outcome: "missing", reason: "no_usage" };
  try {
    return readAnswer(dialect, body);
  } catch (error) {
    if (error instanceof UsageFault) return { outcome: "missing", reason: "malformed_usage", detail: error.field };
    throw error;
  }
}

/** How a response says that its counts are final; a provider that says nothing is done (OpenAI, the response object). */
const FINAL_STATUS: ReadonlySet<unknown> = new Set(["completed", "incomplete", "failed", "cancelled", undefined, null]);

function readAnswer(dialect: UsageDialect, body: Record<string, unknown>): UsageReading {
  const found = READERS[dialect](body);
  if (dialect === "openai-responses" && !FINAL_STATUS.has(body.status)) {
    const atLeast = found && isConsistent(found.usage) ? { atLeast: found.usage } : {};
    return { outcome: "missing", reason: "not_final", detail: String(body.status), ...atLeast };
  }
  if (!found) {
    const error = isObject(body.error) ? body.error : undefined;
    if (!error) return { outcome: "missing", reason: "no_usage" };
    const code = error.code ?? error.type;
    return { outcome: "missing", reason: "provider_error", ...(typeof code === "string" ? { detail: code } : {}) };
  }
  if (!isConsistent(found.usage)) return { outcome: "missing", reason: "malformed_usage", detail: "a part is larger than its whole" };
  return {
    outcome: "measured",
    usage: found.usage,
    model: found.model ?? text(body.model),
    serviceTier: found.serviceTier ?? text(body.service_tier),
    responseId: found.responseId ?? text(body.id),
    billedApart: found.billedApart,
    unknownCounts: found.unknownCounts,
    costAtto: found.costAtto,
  };
}

/** What a dialect's reader finds in an answer. */
export interface FoundUsage {
  readonly usage: Usage;
  readonly model?: string | undefined;
  readonly serviceTier?: string | undefined;
  readonly responseId?: string | undefined;
  readonly billedApart: readonly BilledApart[];
  readonly unknownCounts?: UnknownCounts | undefined;
  readonly costAtto?: Atto | undefined;
}

const READERS: Readonly<Record<UsageDialect, (body: Record<string, unknown>) => FoundUsage | undefined>> = {
  "openai-chat": readChatUsage,
  "openai-responses": readResponsesUsage,
  "openai-embeddings": readEmbeddingsUsage,
  "openai-transcriptions": readTranscriptionUsage,
  "openai-images": readImagesUsage,
  "openai-realtime": readRealtimeUsage,
  "anthropic-messages": readAnthropicUsage,
  "google-generate-content": readGenerateContentUsage,
  "google-interactions": readInteractionsUsage,
  "bedrock-converse": readConverseUsage,
  "bedrock-invoke-model": readInvokeModelUsage,
  cohere: readCohereUsage,
};

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
