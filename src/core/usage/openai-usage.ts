import type { BilledApart } from "./anthropic-usage.ts";
import type { FoundUsage } from "./extract-usage.ts";
import { NO_USAGE } from "./usage.ts";
import { countIn, countOrNone, isObject, requireCount } from "./usage-fields.ts";

/** `/v1/chat/completions` and `/v1/completions`, of OpenAI and of all who speak like it. */
export function readChatUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const usage = chatUsageFields(body);
  if (!usage) return undefined;
  const input = usage.prompt_tokens_details;
  const output = usage.completion_tokens_details;
  const inputTokens = requireCount(usage, "prompt_tokens");
  const inside = requireCount(usage, "completion_tokens");
  const reasoning = countIn(output, "reasoning_tokens") ?? countOrNone(usage, "reasoning_tokens");
  const citationTokens = countOrNone(usage, "citation_tokens");
  const outside = reasoningOutside(usage, inputTokens, inside, reasoning) ? reasoning : 0;
  return {
    usage: {
      ...NO_USAGE,
      inputTokens,
      outputTokens: inside + outside + citationTokens,
      cacheReadTokens: cachedTokens(usage),
      cacheWriteTokens: countOrNone(input, "cache_write_tokens"),
      inputAudioTokens: countOrNone(input, "audio_tokens"),
      inputImageTokens: countOrNone(input, "image_tokens") + countOrNone(input, "video_tokens"),
      outputAudioTokens: countOrNone(output, "audio_tokens"),
      outputImageTokens: countOrNone(output, "image_tokens"),
      // OpenRouter was recorded with a token more of reasoning than of output.
      reasoningTokens: Math.min(reasoning, inside + outside),
      citationTokens,
      // Perplexity counts queries, xAI the sources of its live search; each bills what it counts.
      webSearches: countOrNone(usage, "num_search_queries") + countOrNone(usage, "num_sources_used"),
    },
    billedApart: executedTools(body),
  };
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
  const inputTokens = countIn(body.usage, "prompt_tokens") ?? requireCount(body.usage, "total_tokens");
  return { usage: { ...NO_USAGE, inputTokens }, billedApart: [] };
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
  const outside = countsReasoningApart(reasoning, inputTokens, inside, countIn(usage, "total_tokens")) ? reasoning : 0;
  const input = usage.input_tokens_details;
  let searches = 0;
  const billedApart = new Set<BilledApart>();
  for (const item of Array.isArray(body.output) ? body.output : []) {
    if (!isObject(item) || typeof item.type !== "string") continue;
    // Opening and reading a page that a search found is not billed, only the search.
    if (item.type === "web_search_call" && (!isObject(item.action) || item.action.type === "search")) searches += 1;
    if (BILLED_ITEMS.has(item.type)) billedApart.add(item.type);
  }
  return {
    usage: {
      ...NO_USAGE,
      inputTokens,
      outputTokens: inside + outside,
      cacheReadTokens: countOrNone(input, "cached_tokens"),
      cacheWriteTokens: countOrNone(input, "cache_write_tokens"),
      inputAudioTokens: countOrNone(input, "audio_tokens"),
      inputImageTokens: countOrNone(input, "image_tokens"),
      reasoningTokens: Math.min(reasoning, inside + outside),
      webSearches: searches + countOrNone(usage, "num_sources_used"),
    },
    billedApart: [...billedApart],
  };
}
