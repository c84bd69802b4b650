import { isCount } from "./partition-usage.ts";
import type { CallDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/** How much of its thinking a request bounds apart from its answer. */
export type ThinkingBudget =
  /** `tokens` is 0 where the request says nothing of thinking: then it is inside of the limit of the output. */
  | { readonly outcome: "bounded"; readonly tokens: number }
  | { readonly outcome: "invalid"; readonly field: string; readonly reason: string };

/** `reasoning.max_tokens` is OpenRouter's; the others stand at the top, or within `extra_body`, `thinking`, `thinking_config`. */
const BUDGETS = /^(thinking_?budget|budget_?tokens|max_?thinking_?tokens|reasoning_?budget)$/i;
/** Content, which may be large and never holds settings, and the caller's own words. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  "messages",
  "input",
  "system",
  "instructions",
  "tools",
  "functions",
  "metadata",
  "response_format",
  "text",
  "prediction",
]);
const DEEPEST_SETTING = 8;

/**
 * Reads how many tokens a request lets its model think. Providers differ in whether the limit of the output counts them: OpenAI, Anthropic,
 * Gemini and DeepSeek do, DashScope and SiliconFlow do not (SiliconFlow, reasoning models: max_tokens limits the final output). Gemini's -1
 * leaves it to the model, within the limit of the output.
 */
export function thinkingBudget(dialect: CallDialect, body: Readonly<Record<string, unknown>>): ThinkingBudget {
  let most = 0;
  const stack: { value: unknown; depth: number }[] = [{ value: body, depth: 0 }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { value, depth } = next;
    if (!isObject(value) || depth > DEEPEST_SETTING) continue;
    for (const [key, child] of Object.entries(value)) {
      if (depth === 0 && NOT_SETTINGS.has(key)) continue;
      const isBudget = BUDGETS.test(key) || (key === "max_tokens" && value === body.reasoning);
      if (!isBudget) stack.push({ value: child, depth: depth + 1 });
      else if (isCount(child)) most = Math.max(most, child);
      else if (child !== null && child !== -1) return { outcome: "invalid", field: key, reason: "a whole number from 0 up is required" };
    }
  }
  if (most === 0 && dialect !== "anthropic-messages" && thinksApart(body)) {
    const reason = "thinking_budget is required with it: where this option exists, the limit of the output does not count what is thought";
    return { outcome: "invalid", field: "enable_thinking", reason };
  }
  return { outcome: "bounded", tokens: most };
}

/** DashScope's and SiliconFlow's switch. The one in `chat_template_kwargs` is vLLM's, which counts all that is generated. */
function thinksApart(body: Readonly<Record<string, unknown>>): boolean {
  const extra = isObject(body.extra_body) ? body.extra_body : {};
  return [body.enable_thinking, extra.enable_thinking].some((value) => value !== undefined && value !== null && value !== false);
}
