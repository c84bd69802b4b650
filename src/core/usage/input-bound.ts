import { providerTool } from "./provider-tools.ts";
import { namesStoredItem } from "./stored-items.ts";
import { isGiven, UNBOUNDED_ANYWHERE, type UnboundedReason, unboundedField } from "./unbounded-fields.ts";
import type { CallDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/** The most input that a request can be billed for, as far as its text tells. */
export type InputBound =
  | {
      readonly outcome: "bounded";
      readonly inputTokens: number;
      readonly takesAudio: boolean;
      readonly givesAudio: boolean;
      /** Images, in or out. */
      readonly mayUseImages: boolean;
      readonly webSearches: number;
    }
  | UnboundedInput;

export interface UnboundedInput {
  readonly outcome: "unbounded";
  readonly reason: UnboundedReason;
  /** Where in the body, as a path without indices. */
  readonly field: string;
  /**
   * Whether the model reads its input once, so that its context window bounds the input. Tools that the provider runs make it read
   * many times: 401,468 input tokens were recorded of a model that reads 200,000 at its standard price (genai-prices oracle).
   */
  readonly onePass: boolean;
}

/** The template of a chat and what providers put before it; Grok 4 was recorded with 687 tokens for a short question. */
const HIDDEN_PROMPT_TOKENS = 1_000;
/** What a provider tells a model about tools: at most 735 tokens for one of Anthropic's own, 346 for tools at all (Anthropic, tool use, 2026). */
const HIDDEN_TOOL_PROMPT_TOKENS = 1_000;

/**
 * Most tokens billed for one image. OpenAI: gpt-4o-mini takes 2,833 plus 5,667 per tile, of which an image scaled to 768 x 2048 has 8:
 * 48,169 (OpenAI, images and vision). Anthropic: long side 2,576 at a token per 750 pixels and below 5,000 (Anthropic, vision).
 */
const MOST_TOKENS_PER_IMAGE: Readonly<Record<CallDialect, number>> = {
  "openai-chat": 50_000,
  "openai-responses": 50_000,
  "openai-embeddings": 50_000,
  "anthropic-messages": 10_000,
};

const DEEPEST_BODY = 64;

/** Arguments, results and schemas are the caller's own words, whatever their members are called. */
const CALLERS_OWN: ReadonlySet<string> = new Set(["arguments", "parameters", "input_schema", "schema", "metadata", "cache_control"]);

/**
 * Bounds the input tokens of a request. A token stands for at least a byte of text, so that the bytes of the body bound its text; image
 * data is taken out, at a generous number of tokens per image. What the body only names cannot be bounded.
 * @param bodyBytes length of the body as received, in UTF-8
 */
export function boundInput(dialect: CallDialect, body: Readonly<Record<string, unknown>>, bodyBytes: number): InputBound {
  const outside = unboundedBy(dialect, body);
  if (outside) return outside;
  const parts = walkParts(body);
  if ("outcome" in parts) return parts;
  const hidden = dialect === "openai-embeddings" ? 0 : HIDDEN_PROMPT_TOKENS + hiddenToolTokens(body);
  return {
    outcome: "bounded",
    inputTokens: bodyBytes - parts.imageBytes + parts.images * MOST_TOKENS_PER_IMAGE[dialect] + hidden,
    takesAudio: parts.audio,
    givesAudio: parts.modalities.has("audio"),
    mayUseImages: parts.images > 0 || parts.modalities.has("image"),
    webSearches: 0,
  };
}

function unbounded(reason: UnboundedReason, field: string, onePass: boolean): UnboundedInput {
  return { outcome: "unbounded", reason, field, onePass };
}

/** What the request names, or lets the provider do, before its parts are looked at. */
function unboundedBy(dialect: CallDialect, body: Readonly<Record<string, unknown>>): UnboundedInput | undefined {
  const named = unboundedField(dialect, body);
  if (named) return unbounded(named.reason, named.field, named.onePass);
  if (dialect === "openai-responses" && namesStoredItem(body.input)) return unbounded("stored_context", "input.id", true);
  if (dialect === "anthropic-messages" && compacts(body.context_management)) return unbounded("server_tool", "context_management", false);
  const tool = providerTool(dialect, body);
  return tool && unbounded(tool, "tools", false);
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
  /** What the answer is asked to hold, wherever the request says it. */
  readonly modalities: Set<string>;
}

/** OpenAI's name, and Gemini's two within `extra_body`. */
const MODALITIES = /^(modalities|response_?modalities)$/i;

/** Looks at every part of every message once, without recursion: the depth is the caller's choice, the stack is ours. */
function walkParts(body: Readonly<Record<string, unknown>>): PartCount | UnboundedInput {
  const count: PartCount = { images: 0, imageBytes: 0, audio: false, modalities: new Set() };
  const stack: { value: unknown; depth: number }[] = [{ value: body, depth: 0 }];
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
      const named = UNBOUNDED_ANYWHERE.get(key);
      if (named && isGiven(child)) return unbounded(named.reason, key, named.onePass);
      if (MODALITIES.test(key)) for (const modality of [child].flat()) count.modalities.add(String(modality).toLowerCase());
      stack.push({ value: child, depth: depth + 1 });
    }
  }
  return count;
}

/** What a part is where it does not say its type: some servers go by the member that is there. */
const TELLING_MEMBERS = ["image_url", "input_audio", "audio_url", "video_url", "file_data"] as const;

function typeOf(part: Record<string, unknown>): string {
  if (typeof part.type === "string") return part.type;
  const member = TELLING_MEMBERS.find((name) => part[name] !== undefined && part[name] !== null);
  return member === "file_data" ? "file" : (member ?? "");
}

function readPart(part: Record<string, unknown>, count: PartCount): "walk" | "leaf" | UnboundedInput {
  switch (typeOf(part)) {
    case "image":
    case "image_url":
    case "input_image":
    case "computer_screenshot":
      if (!isPicture(part.image_url)) return unbounded("file", "messages.content", true);
      count.images += 1;
      count.imageBytes += imageDataLength(part);
      return "leaf";
    case "image_generation_call":
      count.images += 1;
      count.imageBytes += base64Length(part.result, 0);
      return "leaf";
    case "input_audio":
    case "audio":
    case "audio_url":
      // The bytes of the data stay counted: a second of the most compressed speech has more of them than tokens.
      count.audio = true;
      return isUrl(part.audio_url) || isUrl(isObject(part.input_audio) ? part.input_audio.data : part.input_audio)
        ? unbounded("file", "messages.content", true)
        : "leaf";
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

const ADDRESS = /^\s*(?!data:)[a-z][a-z0-9+.-]*:/i;

function isUrl(value: unknown): boolean {
  const url = isObject(value) ? value.url : value;
  return typeof url === "string" && ADDRESS.test(url);
}

/** Some providers take a film or a document where an image is expected; only web addresses and data of images are taken for images. */
function isPicture(value: unknown): boolean {
  const url = isObject(value) ? value.url : value;
  return typeof url !== "string" || /^\s*(https?:|data:image\/)/i.test(url);
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
