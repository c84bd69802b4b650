import type { CallDialect } from "./usage.ts";

/** Model families that think before they answer, by the names their makers gave them (as of 2026). */
const REASONING_MODEL =
  /^(o\d|gpt-5|gpt-oss|codex|deepseek-r|grok-[34]|magistral|qwq|qwen3|gemini-(2\.5|3)|glm-4\.[5-9]|kimi-k2-thinking)|reason|think/i;

/** OpenAI's, OpenRouter's, DashScope's, Z.ai's, vLLM's, Gemini's. */
const THINKING_OPTIONS = [
  "reasoning",
  "reasoning_effort",
  "enable_thinking",
  "thinking_budget",
  "thinking",
  "chat_template_kwargs",
  "extra_body",
];

/**
 * Whether a call may produce tokens that are billed as output but never sent, so that what was seen of a cut stream
 * says nothing about what it cost. Errs towards yes.
 */
export function mayHideReasoning(dialect: CallDialect, model: string, body: Readonly<Record<string, unknown>>): boolean {
  if (dialect === "openai-embeddings") return false;
  if (dialect === "anthropic-messages") {
    const thinking = body.thinking;
    const type = typeof thinking === "object" && thinking !== null ? (thinking as { type?: unknown }).type : undefined;
    return (type !== undefined && type !== "disabled") || REASONING_MODEL.test(model);
  }
  if (THINKING_OPTIONS.some((option) => body[option] !== undefined)) return true;
  const name = model.slice(model.lastIndexOf("/") + 1);
  return REASONING_MODEL.test(name);
}
