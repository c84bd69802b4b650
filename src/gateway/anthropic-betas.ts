import type { UnboundedInput } from "../core/usage/input-bound.ts";
import type { BodySummary } from "./inspect-body.ts";

/**
 * Betas of Anthropic's that the bound of a call allows for, by their names without the date, with what allows for them. Most only open
 * members of the body, and those are read there. One that is not here may change what is billed, and its call is not bounded.
 * https://platform.claude.com/docs/en/api/beta-headers, as of 2026
 */
export const BOUNDED_BETAS: Readonly<Record<string, string>> = {
  "context-1m": "the price of the dearest tier that the input reaches is held",
  "fast-mode": "`speed` is read, and its price held",
  "interleaved-thinking": "a thinking budget above `max_tokens` is held on top of it",
  "dev-full-thinking": "`max_tokens` bounds thinking",
  "redact-thinking": "`max_tokens` bounds thinking",
  "adaptive-thinking": "`max_tokens` bounds thinking",
  effort: "`max_tokens` bounds thinking",
  "task-budgets": "`max_tokens` bounds each answer",
  "output-128k": "`max_tokens` bounds the answer",
  "output-300k": "`max_tokens` bounds the answer",
  "max-tokens-3-5-sonnet": "`max_tokens` bounds the answer",
  "prompt-caching": "the price of cache writes is held",
  "prompt-caching-scope": "the price of cache writes is held",
  "extended-cache-ttl": "the price of cache writes for an hour is held",
  "computer-use": "its tools are run by the caller, their prompts are held",
  "token-efficient-tools": "fewer tokens",
  "fine-grained-tool-streaming": "the same tokens, sooner",
  "advanced-tool-use": "tools of the provider are refused by their type",
  "tool-examples": "the examples are in the body",
  "tool-search-tool": "its tool is refused by its type",
  "structured-outputs": "the schema is in the body",
  "search-results": "the results are in the body",
  pdfs: "documents of pages are refused",
  "files-api": "files are refused",
  skills: "`container` is refused",
  "code-execution": "its tool is refused by its type",
  "web-fetch": "its tool is refused by its type",
  "web-search": "its tool is refused by its type",
  "advisor-tool": "its tool is refused by its type",
  "mcp-client": "`mcp_servers` is refused",
  "context-management": "clearing makes input smaller, compaction is refused",
  compact: "compaction is refused",
  "model-context-window-exceeded": "only another reason to stop",
  "claude-code": "names the caller",
};

const DATE = /-(\d{8}|\d{4}-\d{2}-\d{2})$/;

/** The body's bound, unless the caller asks for a beta that it does not allow for. */
export function boundWithBetas(summary: BodySummary, header: string | readonly string[] | undefined): BodySummary {
  const named = [header ?? [], summary.betas].flat().flatMap((list) => list.split(","));
  const unknown = named
    .map((name) => name.trim())
    .find((name) => name !== "" && !Object.hasOwn(BOUNDED_BETAS, name.toLowerCase().replace(DATE, "")));
  if (unknown === undefined || summary.input.outcome === "unbounded") return summary;
  const field = `anthropic-beta: ${unknown.slice(0, 64)}`;
  const input: UnboundedInput = { outcome: "unbounded", reason: "unknown_beta", field, onePass: false };
  return { ...summary, input };
}
