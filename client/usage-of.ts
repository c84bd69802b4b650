/** What an answer of a provider says was used, in the words of `track`. */
export interface TokenUsage {
  /** All of them, as `track` wants it; those below are part of it. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

type Part = Readonly<Record<string, unknown>>;

/**
 * Reads the usage of an answer of the official SDKs: `openai` (chat completions, responses, completions, embeddings) and
 * `@anthropic-ai/sdk` (messages).
 * @returns undefined where the answer tells none: an unknown cost is not 0
 */
export function usageOf(answer: unknown): TokenUsage | undefined {
  const usage = partIn(answer, "usage");
  const input = usage?.prompt_tokens ?? usage?.input_tokens;
  if (!usage || typeof input !== "number") return undefined;
  // Anthropic counts what went through its prompt cache beside `input_tokens`, OpenAI within.
  const [besideRead, cacheWriteTokens] = [count(usage.cache_read_input_tokens), count(usage.cache_creation_input_tokens)];
  const within = partIn(usage, "prompt_tokens_details") ?? partIn(usage, "input_tokens_details");
  return {
    promptTokens: input + besideRead + cacheWriteTokens,
    completionTokens: count(usage.completion_tokens ?? usage.output_tokens),
    cacheReadTokens: besideRead + count(within?.cached_tokens),
    cacheWriteTokens,
  };
}

/**
 * The items of a stream of those SDKs as they come, and at its end, once, what it used. OpenAI's chat completions tell it with
 * `stream_options: { include_usage: true }` only.
 * @param onEnd `usage` is undefined where the stream told none. `isComplete` is false where the stream broke or was left early: then more
 *   may have been produced and billed than `usage` tells
 */
export async function* usageOfStream<Item>(
  items: AsyncIterable<Item>,
  onEnd: (usage: TokenUsage | undefined, isComplete: boolean) => void,
): AsyncGenerator<Item, void, undefined> {
  let told: Part | undefined;
  let isComplete = false;
  try {
    for await (const item of items) {
      // A chunk of chat completions and Anthropic's message_delta, the last event of responses, Anthropic's message_start.
      const usage = partIn(item, "usage") ?? partIn(partIn(item, "response"), "usage") ?? partIn(partIn(item, "message"), "usage");
      // Anthropic tells input first and output last, and null for what it does not repeat.
      if (usage) told = { ...told, ...Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null)) };
      yield item;
    }
    isComplete = true;
  } finally {
    onEnd(usageOf({ usage: told }), isComplete);
  }
}

function partIn(whole: unknown, name: string): Part | undefined {
  const part = (whole as Part | null | undefined)?.[name];
  return typeof part === "object" && part !== null ? (part as Part) : undefined;
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
