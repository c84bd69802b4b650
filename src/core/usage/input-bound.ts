import type { UsageDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/** The most input that a request can be billed for, as far as its text tells. */
export type InputBound =
  | {
      readonly outcome: "bounded";
      readonly inputTokens: number;
      readonly mayUseAudio: boolean;
      /** Images, in or out. */
      readonly mayUseImages: boolean;
      readonly webSearches: number;
    }
  | {
      readonly outcome: "unbounded";
      readonly reason: UnboundedReason;
      /** Where in the body, as a path without indices. */
      readonly field: string;
      /**
       * Whether the model reads its input once, so that its context window bounds the input. Tools that the provider runs make it read
       * many times: 401,468 input tokens were recorded of a model that reads 200,000 at its standard price (genai-prices oracle).
       */
      readonly onePass: boolean;
    };

export type UnboundedReason = "stored_context" | "file" | "server_tool" | "nesting" | "unknown_tool";

/** The template of a chat and what providers put before it; Grok 4 was recorded with 687 tokens for a short question. */
const HIDDEN_PROMPT_TOKENS = 1_000;
/** What a provider tells a model about tools: at most 735 tokens for one of Anthropic's own, 346 for tools at all (Anthropic, tool use, 2026). */
const HIDDEN_TOOL_PROMPT_TOKENS = 1_000;

/**
 * Most tokens billed for one image. OpenAI: gpt-4o-mini takes 2,833 plus 5,667 per tile, of which an image scaled to 768 x 2048 has 8:
 * 48,169 (OpenAI, images and vision). Anthropic: long side 2,576 at a token per 750 pixels and below 5,000 (Anthropic, vision).
 */
const MOST_TOKENS_PER_IMAGE: Readonly<Record<UsageDialect, number>> = {
  "openai-chat": 50_000,
  "openai-responses": 50_000,
  "openai-embeddings": 50_000,
  "anthropic-messages": 10_000,
};

const DEEPEST_BODY = 64;

/** Fields that put into the prompt what the body does not hold. */
const STORED_CONTEXT: Readonly<Record<UsageDialect, readonly string[]>> = {
  "openai-chat": ["prompt_id", "cached_content"],
  "openai-responses": ["previous_response_id", "conversation", "prompt"],
  "openai-embeddings": [],
  "anthropic-messages": [],
};

/** Fields that let a provider search, run code, or call the model again. */
const SERVER_TOOL_FIELDS: Readonly<Record<UsageDialect, readonly string[]>> = {
  "openai-chat": ["web_search_options", "search_parameters", "plugins", "compound_custom", "search_settings"],
  "openai-responses": ["context_management"],
  "openai-embeddings": [],
  "anthropic-messages": ["mcp_servers", "container", "fallbacks"],
};

/** Tools that the caller runs: their result comes with the next request, and is bounded there. */
const CALLER_TOOLS =
  /^(function|custom|namespace|local_shell|apply_patch|computer|computer_use_preview|(bash|text_editor|computer|memory)_\d+)$/;
const SERVER_TOOLS =
  /^(web_search|web_fetch|file_search|code_interpreter|code_execution|mcp|image_generation|shell|tool_search|advisor|browser|openrouter|x_search|collections_search)/;

/** Models that search by themselves, whatever the request says. */
const SEARCHING_MODELS = /deep-research|search-preview|search-api|:online$|(^|\/)(groq\/)?compound/;

/** Arguments, results and schemas are the caller's own words, whatever their members are called. */
const CALLERS_OWN: ReadonlySet<string> = new Set(["arguments", "parameters", "input_schema", "schema", "metadata", "cache_control"]);

/**
 * Bounds the input tokens of a request. A token stands for at least a byte of text, so that the bytes of the body bound its text; image
 * data is taken out, at a generous number of tokens per image. What the body only names cannot be bounded.
 * @param bodyBytes length of the body as received, in UTF-8
 */
export function boundInput(dialect: UsageDialect, body: Readonly<Record<string, unknown>>, bodyBytes: number): InputBound {
  const outside = outsideContext(dialect, body) ?? serverTools(dialect, body);
  if (outside) return outside;
  const parts = walkParts(body);
  if ("outcome" in parts) return parts;
  const audioOut = Array.isArray(body.modalities) && body.modalities.includes("audio");
  const imagesOut = Array.isArray(body.modalities) && body.modalities.includes("image");
  const hidden = dialect === "openai-embeddings" ? 0 : HIDDEN_PROMPT_TOKENS + hiddenToolTokens(body);
  return {
    outcome: "bounded",
    inputTokens: bodyBytes - parts.imageBytes + parts.images * MOST_TOKENS_PER_IMAGE[dialect] + hidden,
    mayUseAudio: parts.audio || audioOut,
    mayUseImages: parts.images > 0 || imagesOut,
    webSearches: 0,
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

function unbounded(reason: UnboundedReason, field: string, onePass: boolean): InputBound & { outcome: "unbounded" } {
  return { outcome: "unbounded", reason, field, onePass };
}

function outsideContext(dialect: UsageDialect, body: Readonly<Record<string, unknown>>): InputBound | undefined {
  for (const field of STORED_CONTEXT[dialect]) if (isGiven(body[field])) return unbounded("stored_context", field, true);
  return undefined;
}

function serverTools(dialect: UsageDialect, body: Readonly<Record<string, unknown>>): InputBound | undefined {
  for (const field of SERVER_TOOL_FIELDS[dialect]) if (isGiven(body[field])) return unbounded("server_tool", field, false);
  if (typeof body.model === "string" && SEARCHING_MODELS.test(body.model.toLowerCase())) return unbounded("server_tool", "model", false);
  if (dialect === "anthropic-messages" && compacts(body.context_management)) return unbounded("server_tool", "context_management", false);
  for (const tool of Array.isArray(body.tools) ? body.tools : []) {
    if (!isObject(tool)) continue;
    // Anthropic's tools of the caller have no type; OpenAI's all have one.
    const type = tool.type ?? "custom";
    if (type === "shell" && !isGiven(tool.environment)) continue;
    if (typeof type === "string" && CALLER_TOOLS.test(type)) continue;
    return unbounded(typeof type === "string" && SERVER_TOOLS.test(type) ? "server_tool" : "unknown_tool", "tools", false);
  }
  return undefined;
}

function compacts(management: unknown): boolean {
  const edits = isObject(management) && Array.isArray(management.edits) ? management.edits : [];
  return edits.some((edit) => isObject(edit) && typeof edit.type === "string" && edit.type.startsWith("compact"));
}

/** Every tool that a provider brought a prompt for adds one; tools of the caller share one. */
function hiddenToolTokens(body: Readonly<Record<string, unknown>>): number {
  const tools = [body.tools, body.functions].filter(Array.isArray).flat();
  if (tools.length === 0) return 0;
  const own = tools.filter((tool) => isObject(tool) && typeof tool.type === "string" && !/^(function|custom|namespace)$/.test(tool.type));
  return HIDDEN_TOOL_PROMPT_TOKENS * (1 + own.length);
}

interface PartCount {
  images: number;
  /** Bytes of the body that are data of images. */
  imageBytes: number;
  audio: boolean;
}

/** Looks at every part of every message once, without recursion: the depth is the caller's choice, the stack is ours. */
function walkParts(body: Readonly<Record<string, unknown>>): PartCount | (InputBound & { outcome: "unbounded" }) {
  const count: PartCount = { images: 0, imageBytes: 0, audio: false };
  const stack: { value: unknown; depth: number }[] = [];
  for (const field of ["messages", "input", "system", "instructions", "content"]) stack.push({ value: body[field], depth: 0 });
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth > DEEPEST_BODY) return unbounded("nesting", "messages", false);
    if (Array.isArray(value)) {
      for (const item of value) stack.push({ value: item, depth: depth + 1 });
      continue;
    }
    const part = value as Record<string, unknown>;
    const seen = readPart(part, count);
    if (seen === "leaf") continue;
    if (seen !== "walk") return seen;
    const toolInput = typeof part.type === "string" && part.type.endsWith("tool_use");
    for (const [key, child] of Object.entries(part)) {
      if (CALLERS_OWN.has(key) || (toolInput && key === "input")) continue;
      stack.push({ value: child, depth: depth + 1 });
    }
  }
  return count;
}

function readPart(part: Record<string, unknown>, count: PartCount): "walk" | "leaf" | (InputBound & { outcome: "unbounded" }) {
  const type = typeof part.type === "string" ? part.type : "";
  switch (type) {
    case "image":
    case "image_url":
    case "input_image":
    case "computer_screenshot":
      count.images += 1;
      count.imageBytes += imageDataLength(part);
      return "leaf";
    case "input_audio":
    case "audio":
    case "audio_url":
      // The bytes of the data stay counted: a second of the most compressed speech has more of them than tokens.
      count.audio = true;
      return isUrl(part.audio_url) ? unbounded("file", "messages.content", true) : "leaf";
    case "file":
    case "input_file":
    case "container_upload":
    case "video_url":
    case "input_video":
    case "video":
      return unbounded("file", "messages.content", true);
    case "document":
      return isObject(part.source) && (part.source.type === "text" || part.source.type === "content")
        ? "walk"
        : unbounded("file", "messages.content", true);
    case "item_reference":
      return unbounded("stored_context", "input", true);
    default:
      break;
  }
  if (typeof part.file_id === "string" || typeof part.file_url === "string") return unbounded("file", "messages.content", true);
  // An earlier spoken answer, named by its id, is heard again.
  if (isObject(part.audio) && typeof part.audio.id === "string") return unbounded("stored_context", "messages.audio", true);
  return "walk";
}

function isUrl(value: unknown): boolean {
  const url = isObject(value) ? value.url : value;
  return typeof url === "string" && !url.startsWith("data:");
}

/** Length of base64 data in an image part: characters are bytes there, and escapes only make the body longer. */
function imageDataLength(part: Record<string, unknown>): number {
  const source = isObject(part.source) ? part.source : undefined;
  if (source?.type === "base64") return base64Length(source.data, 0);
  const url = isObject(part.image_url) ? part.image_url.url : part.image_url;
  if (typeof url !== "string" || !url.startsWith("data:image/")) return 0;
  const comma = url.indexOf(",");
  return comma < 0 ? 0 : base64Length(url, comma + 1);
}

const BASE64 = /^[A-Za-z0-9+/=_-]*$/;

/** Nothing when it is not base64 after all: then it may be read as text. */
function base64Length(value: unknown, from: number): number {
  if (typeof value !== "string") return 0;
  const data = from === 0 ? value : value.slice(from);
  return BASE64.test(data) ? data.length : 0;
}
