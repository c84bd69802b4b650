import { PromptReader } from "./prompt-reader.ts";
import type { SimCall, SimTool } from "./sim-call.ts";
import { SimRefusal } from "./sim-refusal.ts";

type Body = Readonly<Record<string, unknown>>;

/** @throws SimRefusal */
export function readMessagesCall(body: Body): SimCall {
  return readMessages(body, "messages");
}

/** @throws SimRefusal */
export function readCountTokensCall(body: Body): SimCall {
  return readMessages(body, "count_tokens");
}

function readMessages(body: Body, endpoint: "messages" | "count_tokens"): SimCall {
  const model = body.model;
  if (model === undefined) throw new SimRefusal(400, "model: Field required");
  if (typeof model !== "string") throw new SimRefusal(400, "model: Input should be a valid string");
  if (model === "") throw new SimRefusal(400, "model: String should have at least 1 character");
  const maxOutputTokens = endpoint === "messages" ? maxTokensOf(body.max_tokens) : undefined;
  const messages = body.messages;
  if (messages === undefined) throw new SimRefusal(400, "messages: Field required");
  if (!Array.isArray(messages)) throw new SimRefusal(400, "messages: Input should be a valid array");
  if (messages.length === 0) throw new SimRefusal(400, "messages: at least one message is required");
  const prompt = new PromptReader();
  prompt.addContent(body.system, false);
  for (const [at, message] of messages.entries()) {
    if (message?.role !== "user" && message?.role !== "assistant") {
      throw new SimRefusal(400, `messages.${at}.role: Input should be 'user' or 'assistant'`);
    }
    if (message.content === undefined) throw new SimRefusal(400, `messages.${at}.content: Field required`);
    prompt.addContent(message.content, message.role === "user");
  }
  prompt.addTools(body.tools);
  const stream = body.stream ?? false;
  if (typeof stream !== "boolean") throw new SimRefusal(400, "stream: Input should be a valid boolean");
  return {
    endpoint,
    model,
    stream: stream && endpoint === "messages",
    includeUsage: true,
    choices: 1,
    promptTokens: prompt.tokens,
    maxOutputTokens,
    directive: prompt.directive,
    tool: forcedTool(body, prompt.directive?.tool),
    embedding: undefined,
    echo: undefined,
  };
}

function maxTokensOf(value: unknown): number {
  if (value === undefined) throw new SimRefusal(400, "max_tokens: Field required");
  if (typeof value !== "number" || !Number.isInteger(value)) throw new SimRefusal(400, "max_tokens: Input should be a valid integer");
  if (value < 1) throw new SimRefusal(400, "max_tokens: Input should be greater than or equal to 1");
  return value;
}

function forcedTool(body: Body, directed: string | undefined): SimTool | undefined {
  const listed = Array.isArray(body.tools) ? (body.tools as { name?: unknown; input_schema?: unknown }[]) : [];
  const tools = listed.flatMap((tool) => (typeof tool?.name === "string" ? [{ name: tool.name, schema: tool.input_schema }] : []));
  const choice = body.tool_choice as { type?: string; name?: string } | undefined;
  if (choice !== undefined && tools.length === 0) {
    throw new SimRefusal(400, "tool_choice: tool_choice may only be specified while providing tools");
  }
  if (directed !== undefined) return tools.find((tool) => tool.name === directed) ?? { name: directed, schema: undefined };
  if (choice?.type === "any") return tools[0];
  if (choice?.type !== "tool") return undefined;
  const tool = tools.find((one) => one.name === choice.name);
  if (!tool) throw new SimRefusal(400, `Tool '${choice.name}' not found in provided tools`);
  return tool;
}
