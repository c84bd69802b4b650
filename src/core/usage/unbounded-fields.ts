import type { CallDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/** Why the size of a request says nothing about what it may cost. */
export type UnboundedReason =
  | "stored_context"
  | "file"
  | "server_tool"
  | "unknown_tool"
  /** Somebody other than the caller chooses the model, or who sells it: no price of this one bounds that. */
  | "other_model"
  /** A beta of the provider that nobody here has read about. */
  | "unknown_beta"
  | "nesting";

/** A member of a body that makes its call unbounded. */
export interface UnboundedField {
  readonly field: string;
  /** Callers' dialects in which it stands at the top of the body; "anywhere" for members that count at any depth of any dialect. */
  readonly dialects: readonly CallDialect[] | "anywhere";
  readonly reason: UnboundedReason;
  /** See `InputBound`. */
  readonly onePass: boolean;
  /** Whose it is and what it does, for the reference. */
  readonly what: string;
}

const CHAT: readonly CallDialect[] = ["openai-chat"];
const RESPONSES: readonly CallDialect[] = ["openai-responses"];
const ANTHROPIC: readonly CallDialect[] = ["anthropic-messages"];
const OPENAI: readonly CallDialect[] = ["openai-chat", "openai-responses"];
/** Aggregating providers speak every dialect, and read their own members in each. */
const EVERY: readonly CallDialect[] = ["openai-chat", "openai-responses", "openai-embeddings", "anthropic-messages"];

/** The page docs/reference/gateway.md shows this list; a test ties the two. Sources: the API references of those named, 2026. */
export const UNBOUNDED_FIELDS: readonly UnboundedField[] = [
  stored(RESPONSES, "previous_response_id", "OpenAI: an earlier response and all before it"),
  stored(OPENAI, "conversation", "OpenAI: a stored conversation"),
  stored(RESPONSES, "prompt", "OpenAI: a stored prompt"),
  stored(CHAT, "prompt_id", "a stored prompt"),
  stored(CHAT, "previous_response_id", "a stored response, at providers that keep chats"),
  stored(CHAT, "context_id", "Volcano Ark: a stored context"),
  stored("anywhere", "cached_content", "Gemini: a stored context, also within `extra_body.google`"),
  stored("anywhere", "cachedContent", "Gemini: the same, spelled otherwise"),
  runs(CHAT, "web_search_options", "OpenAI, Perplexity, OpenRouter: a web search"),
  runs(OPENAI, "web_search", "a web search, at several providers"),
  runs(CHAT, "enable_search", "DashScope: a web search"),
  runs(CHAT, "search_options", "DashScope: how to search the web"),
  runs(CHAT, "enable_code_interpreter", "DashScope: running code"),
  runs(CHAT, "forced_search", "a web search"),
  runs(CHAT, "enable_enhancement", "Hunyuan: a web search"),
  runs(CHAT, "force_search_enhancement", "Hunyuan: a web search, always"),
  runs(CHAT, "search_parameters", "xAI: a live search"),
  runs(CHAT, "search_settings", "Groq: a web search"),
  runs(CHAT, "compound_custom", "Groq: tools of a compound system"),
  runs(CHAT, "connectors", "Cohere: searches"),
  runs(CHAT, "data_sources", "Azure: a search in the caller's own data"),
  runs(CHAT, "knowledge_base", "a search in stored documents"),
  runs(EVERY, "plugins", "OpenRouter: web search, reading of files"),
  runs(RESPONSES, "context_management", "OpenAI: compaction, which is a call of its own"),
  runs(ANTHROPIC, "mcp_servers", "Anthropic: tools of MCP servers"),
  runs(ANTHROPIC, "container", "Anthropic: a container with what is in it"),
  chooses(EVERY, "models", "OpenRouter, Vercel: models to answer instead"),
  chooses(EVERY, "route", "OpenRouter: whether another model may answer"),
  chooses(EVERY, "fallbacks", "Anthropic, LiteLLM: models to answer instead"),
  chooses(EVERY, "context_window_fallbacks", "LiteLLM: models for long prompts"),
  chooses(EVERY, "preset", "OpenRouter: stored settings, the model among them"),
  chooses(EVERY, "provider", "OpenRouter: which of the model's sellers answers, each at a price of its own"),
  chooses(EVERY, "providerOptions", "Vercel: which of the model's sellers answers"),
];

function stored(dialects: UnboundedField["dialects"], field: string, what: string): UnboundedField {
  return { field, dialects, reason: "stored_context", onePass: true, what };
}

function runs(dialects: UnboundedField["dialects"], field: string, what: string): UnboundedField {
  return { field, dialects, reason: "server_tool", onePass: false, what };
}

function chooses(dialects: UnboundedField["dialects"], field: string, what: string): UnboundedField {
  return { field, dialects, reason: "other_model", onePass: false, what };
}

/** Members that count wherever they stand, outside of the caller's own words. */
export const UNBOUNDED_ANYWHERE: ReadonlyMap<string, UnboundedField> = new Map(
  UNBOUNDED_FIELDS.filter(({ dialects }) => dialects === "anywhere").map((entry) => [entry.field, entry]),
);

/** The first member at the top of a body that makes it unbounded. Proxies lift what stands in `extra_body` to the top. */
export function unboundedField(dialect: CallDialect, body: Readonly<Record<string, unknown>>): UnboundedField | undefined {
  const extra = isObject(body.extra_body) ? body.extra_body : undefined;
  return UNBOUNDED_FIELDS.find(({ dialects, field }) => dialects.includes(dialect) && (isGiven(body[field]) || isGiven(extra?.[field])));
}

/** Null, false and an empty list say what absence says. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** Models that search by themselves, whatever the request says. OpenRouter bills Perplexity's by the search too, which its list leaves out. */
const SEARCHING_MODELS = /deep-research|search-preview|search-api|pro-search|:online\b|(^|\/)(groq\/)?compound|(^|\/)perplexity\/.*sonar/;
/** Names that leave the model, or its seller, to somebody else: OpenRouter's routers, presets and ways of choosing, Azure's router. */
const CHOOSING_MODELS = /@preset\/|(^|\/)openrouter\/(auto|fusion|bodybuilder)|^(auto|model-router)$|:(nitro|exacto)\b/;

/** Why a model's name, as its provider knows it, bounds nothing; undefined where it does. */
export function unboundedModel(model: string): "server_tool" | "other_model" | undefined {
  const name = model.toLowerCase();
  if (CHOOSING_MODELS.test(name)) return "other_model";
  return SEARCHING_MODELS.test(name) ? "server_tool" : undefined;
}
