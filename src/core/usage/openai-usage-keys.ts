import { usageKeys } from "./usage-keys.ts";

/*
 * What is known of the usage of answers in OpenAI's shapes, provider by provider. Counted: the readers in openai-usage.ts take it.
 * Informative: a part, a sum or a time that is billed by nobody. Sources were read in 2026.
 */

/** OpenAI's API reference, "The chat completion object". Predicted tokens, accepted or not, are inside of `completion_tokens`. */
const OPENAI_CHAT = [
  ...["prompt_tokens", "completion_tokens", "total_tokens"],
  ...["cached_tokens", "cache_write_tokens", "audio_tokens", "text_tokens", "image_tokens", "video_tokens"].map(
    (part) => `prompt_tokens_details.${part}`,
  ),
  ...["reasoning_tokens", "audio_tokens", "text_tokens", "image_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens"].map(
    (part) => `completion_tokens_details.${part}`,
  ),
];

/** OpenRouter's "Usage accounting": cost and its details are read by `reportedCost`; of tools only searches are billed apart. */
const OPENROUTER = [
  ...["cost", "cost_details"],
  ...["server_tool_use_details.web_search_requests", "server_tool_use_details.tool_calls_requested"],
  ...["server_tool_use_details.tool_calls_executed"],
];

/** docs.x.ai, "Chat" and "Consumption": sources of live search are billed, tools are told by kind. */
const XAI = ["num_sources_used", "cost_in_usd_ticks", "num_server_side_tools_used"];

/** Tools by kind are billed apiece, but for MCP, which costs only its tokens; images that a tool makes are counted by nobody here. The context is part of the totals. */
const XAI_TOOLS = [
  ...["web_search_calls", "x_search_calls", "code_interpreter_calls", "file_search_calls", "document_search_calls", "mcp_calls"].map(
    (kind) => `server_side_tool_usage_details.${kind}`,
  ),
  "context_details",
];

/** SambaNova, recorded: times and rates beside the counts. */
const SAMBANOVA = [
  ...["acceptance_rate", "start_time", "end_time", "time_to_first_token", "total_latency", "total_tokens_per_sec"],
  ...["completion_tokens_per_sec", "completion_tokens_after_first_per_sec", "completion_tokens_after_first_per_sec_first_ten"],
];

const OTHER_CHAT = [
  // DeepSeek's API reference: hits and misses add up to `prompt_tokens`.
  ...["prompt_cache_hit_tokens", "prompt_cache_miss_tokens"],
  // Groq's API reference: seconds of its machines, for information.
  ...["queue_time", "prompt_time", "completion_time", "total_time"],
  // Moonshot and Together: cached tokens beside the totals.
  "cached_tokens",
  // Perplexity's Sonar API.
  ...["reasoning_tokens", "citation_tokens", "num_search_queries"],
  // Mistral, recorded: tokens found in its own cache, at the price of all others.
  "num_cached_tokens",
  // Mistral, Voxtral: audio is billed by the minute.
  "prompt_audio_seconds",
  // Alibaba's explicit cache; LiteLLM and others that put Anthropic's counts beside OpenAI's.
  ...["prompt_tokens_details.cache_creation_input_tokens", "prompt_tokens_details.cache_creation"],
  ...["cache_creation_input_tokens", "cache_read_input_tokens"],
  // DeepInfra, and Pydantic's gateway: estimates of the cost.
  ...["estimated_cost", "pydantic_ai_gateway"],
];

export const CHAT_KEYS = usageKeys(OPENAI_CHAT, OPENROUTER, XAI, XAI_TOOLS, SAMBANOVA, OTHER_CHAT);

/** OpenAI's API reference, "The response object"; xAI and OpenRouter speak it too. */
export const RESPONSES_KEYS = usageKeys(
  ["input_tokens", "output_tokens", "total_tokens"],
  ["cached_tokens", "cache_write_tokens", "audio_tokens", "text_tokens", "image_tokens", "video_tokens"].map(
    (part) => `input_tokens_details.${part}`,
  ),
  ["reasoning_tokens", "audio_tokens", "text_tokens", "image_tokens"].map((part) => `output_tokens_details.${part}`),
  OPENROUTER,
  XAI,
  XAI_TOOLS,
  ["pydantic_ai_gateway"],
);

/** Voyage counts the pixels of images, which it bills; OpenRouter adds the cost. */
export const EMBEDDINGS_KEYS = usageKeys(
  ["prompt_tokens", "total_tokens", "completion_tokens", "text_tokens", "image_pixels", "image_tokens"],
  ["prompt_tokens_details.text_tokens", "prompt_tokens_details.image_tokens", "prompt_tokens_details.cached_tokens"],
  ["cost", "cost_details", "pydantic_ai_gateway"],
);

const MEDIA_DETAILS = ["text_tokens", "audio_tokens", "image_tokens"];

/** Transcriptions and images nest `input_tokens_details` or `input_token_details`, the realtime API the latter with more in it. */
export const MEDIA_KEYS = usageKeys(
  ["input_tokens", "output_tokens", "total_tokens", "seconds"],
  MEDIA_DETAILS.flatMap((part) => [`input_token_details.${part}`, `input_tokens_details.${part}`]),
  MEDIA_DETAILS.flatMap((part) => [`output_token_details.${part}`, `output_tokens_details.${part}`]),
  MEDIA_DETAILS.map((part) => `input_token_details.cached_tokens_details.${part}`),
  ["input_token_details.cached_tokens", "input_tokens_details.cached_tokens", "output_token_details.reasoning_tokens"],
);
