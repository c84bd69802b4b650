import type { BilledApart } from "./anthropic-usage.ts";
import type { FoundUsage } from "./extract-usage.ts";
import { CHAT_KEYS, EMBEDDINGS_KEYS, RESPONSES_KEYS } from "./openai-usage-keys.ts";
import { reportedCost } from "./provider-cost.ts";
import { NO_USAGE, type TokenCounts, type UnitCounts } from "./usage.ts";
import { countIn, countOrNone, isObject, millisecondsIn, requireCount } from "./usage-fields.ts";
import { type UnknownCounts, unknownCounts } from "./usage-keys.ts";

/** `/v1/chat/completions` and `/v1/completions`, of OpenAI and of all who speak like it. */
export function readChatUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const usage = chatUsageFields(body);
  if (!usage) return undefined;
  const input = usage.prompt_tokens_details;
  const output = usage.completion_tokens_details;
  const inputTokens = requireCount(usage, "prompt_tokens");
  const inside = requireCount(usage, "completion_tokens");
  const told = countIn(output, "reasoning_tokens") ?? countOrNone(usage, "reasoning_tokens");
  const citationTokens = countOrNone(usage, "citation_tokens");
  const heardMs = usage.prompt_audio_seconds === undefined ? 0 : millisecondsIn(usage, "prompt_audio_seconds");
  const apart = reasoningOutside(usage, inputTokens, inside, told) ? told : 0;
  const hidden = heardMs > 0 ? 0 : hiddenOutput(usage, inputTokens + inside + apart + citationTokens);
  const counts: TokenCounts = {
    ...NO_USAGE,
    inputTokens,
    outputTokens: inside + apart + hidden + citationTokens,
    cacheReadTokens: cachedTokens(usage),
    cacheWriteTokens: writtenTokens(usage),
    inputAudioTokens: countOrNone(input, "audio_tokens"),
    inputImageTokens: countOrNone(input, "image_tokens"),
    inputVideoTokens: countOrNone(input, "video_tokens"),
    outputAudioTokens: countOrNone(output, "audio_tokens"),
    outputImageTokens: countOrNone(output, "image_tokens"),
    // OpenRouter was recorded with a token more of reasoning than of output.
    reasoningTokens: Math.min(told + hidden, inside + apart + hidden),
    citationTokens,
    webSearches: searchesIn(usage),
  };
  return {
    usage: heardMs > 0 ? { ...counts, units: { input_audio_ms: heardMs } } : counts,
    billedApart: executedTools(body),
    unknownCounts: unknownCounts("usage", usage, CHAT_KEYS),
    costAtto: reportedCost(usage),
  };
}

/** Perplexity counts queries, xAI the sources of its live search, OpenRouter requests; each bills what it counts. */
function searchesIn(usage: Record<string, unknown>): number {
  return (
    countOrNone(usage, "num_search_queries") +
    countOrNone(usage, "num_sources_used") +
    countOrNone(usage.server_tool_use_details, "web_search_requests")
  );
}

/** The usage of a chunk or answer; Groq puts that of a stream under `x_groq`. */
export function chatUsageFields(body: Record<string, unknown>): Record<string, unknown> | undefined {
  if (isObject(body.usage)) return body.usage;
  return isObject(body.x_groq) && isObject(body.x_groq.usage) ? body.x_groq.usage : undefined;
}

/** OpenAI nests it, Moonshot and Together put it beside the totals, DeepSeek has a name of its own; who sends two sends the same number. */
function cachedTokens(usage: Record<string, unknown>): number {
  return Math.max(
    countOrNone(usage.prompt_tokens_details, "cached_tokens"),
    countOrNone(usage, "cached_tokens"),
    countOrNone(usage, "prompt_cache_hit_tokens"),
    countOrNone(usage, "cache_read_input_tokens"),
  );
}

function writtenTokens(usage: Record<string, unknown>): number {
  return Math.max(
    countOrNone(usage.prompt_tokens_details, "cache_write_tokens"),
    countOrNone(usage.prompt_tokens_details, "cache_creation_input_tokens"),
    countOrNone(usage, "cache_creation_input_tokens"),
  );
}

/**
 * OpenAI's `completion_tokens` contain reasoning, those of xAI and Perplexity do not; only the total tells which. Perplexity's total
 * leaves reasoning out, although it is billed; it is known by counts that nobody else sends.
 */
function reasoningOutside(usage: Record<string, unknown>, input: number, inside: number, reasoning: number): boolean {
  if (reasoning === 0) return false;
  if (usage.citation_tokens !== undefined || usage.num_search_queries !== undefined) return true;
  return countsReasoningApart(reasoning, input, inside, countIn(usage, "total_tokens"));
}

/** Whether the total shows reasoning beside the output; without a helpful total, whether there is more of it than the output can hold. */
function countsReasoningApart(reasoning: number, input: number, inside: number, total: number | undefined): boolean {
  return total !== input + inside && (reasoning > inside || total === input + inside + reasoning);
}

/** Gemini's OpenAI-compatible endpoint tells of its thoughts only in the total; they are billed as output. */
function hiddenOutput(usage: Record<string, unknown>, told: number): number {
  return Math.max(0, countOrNone(usage, "total_tokens") - told);
}

/** Tools that Groq's compound systems run by themselves. */
function executedTools(body: Record<string, unknown>): BilledApart[] {
  const choices = Array.isArray(body.choices) ? body.choices : [];
  const ran = choices.some((choice) => {
    const message = isObject(choice) ? (choice.message ?? choice.delta) : undefined;
    return isObject(message) && Array.isArray(message.executed_tools) && message.executed_tools.length > 0;
  });
  return ran ? ["executed_tools"] : [];
}

/** `/v1/embeddings`: no output. */
export function readEmbeddingsUsage(body: Record<string, unknown>): FoundUsage | undefined {
  if (!isObject(body.usage)) return undefined;
  const { usage } = body;
  const inputTokens = countIn(usage, "prompt_tokens") ?? requireCount(usage, "total_tokens");
  const images = countIn(usage.prompt_tokens_details, "image_tokens") ?? countOrNone(usage, "image_tokens");
  const pixels = countOrNone(usage, "image_pixels");
  return {
    usage: { ...NO_USAGE, inputTokens, inputImageTokens: images, ...(pixels > 0 ? { units: { input_pixels: pixels } } : {}) },
    billedApart: [],
    unknownCounts: unknownCounts("usage", usage, EMBEDDINGS_KEYS),
    costAtto: reportedCost(usage),
  };
}

/** Items of a response that are billed by the call or by the hour, which the usage does not count. */
const BILLED_ITEMS: ReadonlySet<string> = new Set(["file_search_call", "code_interpreter_call", "image_generation_call"]);

/** `/v1/responses`. Web searches are counted from the output items: the usage leaves them out. */
export function readResponsesUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const { usage } = body;
  if (!isObject(usage)) return undefined;
  const inputTokens = requireCount(usage, "input_tokens");
  const inside = requireCount(usage, "output_tokens");
  const reasoning = countOrNone(usage.output_tokens_details, "reasoning_tokens");
  const apart = countsReasoningApart(reasoning, inputTokens, inside, countIn(usage, "total_tokens")) ? reasoning : 0;
  const hidden = hiddenOutput(usage, inputTokens + inside + apart);
  const { input_tokens_details: input, output_tokens_details: output } = usage;
  const tools = toolsIn(body);
  const units = ownTools(usage);
  const counts: TokenCounts = {
    ...NO_USAGE,
    inputTokens,
    outputTokens: inside + apart + hidden,
    cacheReadTokens: countOrNone(input, "cached_tokens"),
    cacheWriteTokens: countOrNone(input, "cache_write_tokens"),
    inputAudioTokens: countOrNone(input, "audio_tokens"),
    inputImageTokens: countOrNone(input, "image_tokens"),
    inputVideoTokens: countOrNone(input, "video_tokens"),
    outputAudioTokens: countOrNone(output, "audio_tokens"),
    outputImageTokens: countOrNone(output, "image_tokens"),
    reasoningTokens: Math.min(reasoning + hidden, inside + apart + hidden),
    webSearches: webSearches(usage, tools.searches),
  };
  return {
    usage: units ? { ...counts, units } : counts,
    // What is counted by kind has a price by kind.
    billedApart: units ? tools.billedApart.filter((item) => item === "image_generation_call") : tools.billedApart,
    unknownCounts: withUnseenTools(usage, tools.calls, unknownCounts("usage", usage, RESPONSES_KEYS)),
    costAtto: reportedCost(usage),
  };
}

/** OpenRouter and xAI count in the usage what OpenAI shows only as items; who does both means the same searches. */
function webSearches(usage: Record<string, unknown>, shown: number): number {
  const counted = Math.max(
    countOrNone(usage.server_tool_use_details, "web_search_requests"),
    countOrNone(usage.server_side_tool_usage_details, "web_search_calls"),
  );
  return Math.max(shown, counted) + countOrNone(usage, "num_sources_used");
}

/** The tools that xAI counts by kind, and bills apiece, but for searches of the web. */
function ownTools({ server_side_tool_usage_details: ran }: Record<string, unknown>): UnitCounts | undefined {
  const social = countOrNone(ran, "x_search_calls");
  const stored = countOrNone(ran, "file_search_calls") + countOrNone(ran, "document_search_calls");
  const code = countOrNone(ran, "code_interpreter_calls");
  if (social + stored + code === 0) return undefined;
  return { social_searches: social, storage_searches: stored, code_executions: code };
}

/** xAI counts the tools it ran; of those that are neither shown as items nor told by kind nobody knows what they cost. */
function withUnseenTools(usage: Record<string, unknown>, shown: number, unknown: UnknownCounts | undefined): UnknownCounts | undefined {
  const ran = countOrNone(usage, "num_server_side_tools_used");
  if (ran <= shown || isObject(usage.server_side_tool_usage_details)) return unknown;
  return { ...unknown, "usage.num_server_side_tools_used": ran };
}

/** What the output items of a response show of tools. */
function toolsIn(body: Record<string, unknown>): { searches: number; calls: number; billedApart: BilledApart[] } {
  let searches = 0;
  let calls = 0;
  const billedApart = new Set<BilledApart>();
  for (const item of Array.isArray(body.output) ? body.output : []) {
    if (!isObject(item) || typeof item.type !== "string") continue;
    // Opening and reading a page that a search found is not billed, only the search.
    if (item.type === "web_search_call" && (!isObject(item.action) || item.action.type === "search")) searches += 1;
    if (item.type.endsWith("_call")) calls += 1;
    if (BILLED_ITEMS.has(item.type)) billedApart.add(item.type);
  }
  return { searches, calls, billedApart: [...billedApart] };
}
