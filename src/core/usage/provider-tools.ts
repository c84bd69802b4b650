import { isGiven } from "./unbounded-fields.ts";
import type { CallDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/** Tools that the caller runs: their result comes with the next request, and is bounded there. */
const CALLER_TOOLS = /^(function|custom|local_shell|apply_patch|computer|computer_use_preview|(bash|text_editor|computer|memory)_\d+)$/;
const SERVER_TOOLS =
  /^(web_search|web_fetch|file_search|code_interpreter|code_execution|mcp|image_generation|shell|tool_search|advisor|browser|openrouter|x_search|collections_search)/;
/** Gemini names a tool by its only member, and providers in front of it pass such a member on whatever stands beside it. */
const SERVER_TOOL_MEMBER =
  /^(google_?search|google_?search_?retrieval|enterprise_?web_?search|google_?maps|url_?context|code_?execution|file_?search|web_?search|retrieval|mcp_?servers|computer_?use)$/i;

/** The first tool that is not known to be run by the caller; undefined when all are. */
export function providerTool(dialect: CallDialect, body: Readonly<Record<string, unknown>>): "server_tool" | "unknown_tool" | undefined {
  const extra = isObject(body.extra_body) ? body.extra_body.tools : undefined;
  const waiting: unknown[] = [body.tools, extra].filter(isGiven).flat();
  for (let tool = waiting.pop(); tool !== undefined; tool = waiting.pop()) {
    if (!isObject(tool)) return "unknown_tool";
    if (Object.keys(tool).some((member) => SERVER_TOOL_MEMBER.test(member) && isGiven(tool[member]))) return "server_tool";
    const type = tool.type ?? undefined;
    if (type === undefined) {
      // Anthropic's tools of the caller need no type; elsewhere a tool without one is the provider's.
      const named = typeof tool.name === "string" && isObject(tool.input_schema);
      if (dialect === "anthropic-messages" && named) continue;
      return "unknown_tool";
    }
    if (typeof type !== "string") return "unknown_tool";
    if (type === "namespace" && Array.isArray(tool.tools)) waiting.push(...tool.tools);
    else if (!CALLER_TOOLS.test(type) && !(type === "shell" && !isGiven(tool.environment)))
      return SERVER_TOOLS.test(type) ? "server_tool" : "unknown_tool";
  }
  return undefined;
}
