import { PromptReader } from "./prompt-reader.ts";
import type { SimCall, SimTool } from "./sim-call.ts";
import { takeDirectives } from "./sim-directive.ts";
import { SimRefusal } from "./sim-refusal.ts";

type Body = Readonly<Record<string, unknown>>;

const NOTHING = { includeUsage: true, choices: 1, tool: undefined, embedding: undefined, echo: undefined } as const;

/** @throws SimRefusal */
export function readChatCall(body: Body): SimCall {
  const model = modelOf(body);
  const messages = required(body, "messages");
  if (!Array.isArray(messages)) throw wrongType("messages", "an array of objects", messages);
  if (messages.length === 0) throw emptyArray("messages");
  const prompt = new PromptReader();
  for (const [at, message] of messages.entries()) {
    if (typeof message?.role !== "string") throw missing(`messages[${at}].role`);
    prompt.addContent(message.content, message.role === "user");
  }
  prompt.addTools(body.tools);
  if (given(body.max_tokens) && given(body.max_completion_tokens)) {
    throw new SimRefusal(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", {
      param: "max_tokens",
      code: "invalid_parameter_combination",
    });
  }
  const stream = streamOf(body);
  return {
    ...NOTHING,
    endpoint: "chat",
    model,
    stream,
    includeUsage: includesUsage(body, stream),
    choices: integer(body, "n", 1, 128) ?? 1,
    promptTokens: prompt.tokens,
    directive: prompt.directive,
    maxOutputTokens: integer(body, "max_completion_tokens", 1) ?? integer(body, "max_tokens", 1),
    tool: forcedTool(body, prompt.directive?.tool),
  };
}

/** The old text completions. @throws SimRefusal */
export function readCompletionCall(body: Body): SimCall {
  const model = modelOf(body);
  const prompts = severalInputs(required(body, "prompt"), "prompt");
  const prompt = new PromptReader();
  for (const one of prompts) addInput(prompt, one);
  const stream = streamOf(body);
  return {
    ...NOTHING,
    endpoint: "completions",
    model,
    stream,
    includeUsage: includesUsage(body, stream),
    choices: (integer(body, "n", 1, 128) ?? 1) * prompts.length,
    promptTokens: prompt.tokens,
    directive: prompt.directive,
    // The real endpoint's default: https://platform.openai.com/docs/api-reference/completions/create
    maxOutputTokens: integer(body, "max_tokens", 0) ?? 16,
  };
}

/** @throws SimRefusal */
export function readResponsesCall(body: Body): SimCall {
  const model = modelOf(body);
  const input = required(body, "input");
  const prompt = new PromptReader();
  prompt.addContent(body.instructions, false);
  if (typeof input === "string") prompt.addText(input, true);
  else if (Array.isArray(input)) for (const item of input) prompt.addPart(item, item?.role === "user");
  else throw wrongType("input", "a string or an array", input);
  prompt.addTools(body.tools);
  return {
    ...NOTHING,
    endpoint: "responses",
    model,
    stream: streamOf(body),
    promptTokens: prompt.tokens,
    directive: prompt.directive,
    // 16 is the least that the real endpoint accepts.
    maxOutputTokens: integer(body, "max_output_tokens", 16),
    tool: forcedTool(body, prompt.directive?.tool),
    echo: body,
  };
}

/** @throws SimRefusal */
export function readEmbeddingsCall(body: Body): SimCall {
  const model = modelOf(body);
  const inputs = severalInputs(required(body, "input"), "input");
  const prompt = new PromptReader();
  for (const input of inputs) addInput(prompt, input);
  const format = body.encoding_format ?? "float";
  if (format !== "float" && format !== "base64") throw wrongType("encoding_format", "'float' or 'base64'", format);
  return {
    ...NOTHING,
    endpoint: "embeddings",
    model,
    stream: false,
    promptTokens: prompt.tokens,
    directive: prompt.directive,
    maxOutputTokens: 0,
    embedding: {
      inputs: inputs.map((input) => (typeof input === "string" ? takeDirectives(input).text : input)),
      base64: format === "base64",
      dimensions: integer(body, "dimensions", 1, 3072) ?? (model.includes("3-large") ? 3072 : 1536),
    },
  };
}

function addInput(prompt: PromptReader, input: string | readonly number[]): void {
  if (typeof input === "string") prompt.addText(input, true);
  else prompt.tokens += input.length;
}

/** One text, several texts, one list of token numbers, or several of those. */
function severalInputs(value: unknown, field: string): readonly (string | readonly number[])[] {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) throw wrongType(field, "a string or an array", value);
  if (value.length === 0) throw emptyArray(field);
  if (value.every((item) => typeof item === "number")) return [value];
  for (const item of value) if (typeof item !== "string" && !Array.isArray(item)) throw wrongType(field, "an array of strings", item);
  return value;
}

function forcedTool(body: Body, directed: string | undefined): SimTool | undefined {
  const tools = (Array.isArray(body.tools) ? body.tools : []).map(toolOf).filter((tool) => tool !== undefined);
  const choice = body.tool_choice as { name?: string; function?: { name?: string } } | string | null | undefined;
  if (given(choice) && tools.length === 0 && choice !== "none" && choice !== "auto") {
    throw new SimRefusal(400, "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", {
      param: "tool_choice",
    });
  }
  if (directed !== undefined) return tools.find((tool) => tool.name === directed) ?? { name: directed, schema: undefined };
  if (choice === "required") return tools[0];
  if (typeof choice !== "object" || choice === null) return undefined;
  const name = choice.function?.name ?? choice.name;
  const tool = tools.find((one) => one.name === name);
  if (!tool) throw new SimRefusal(400, `Tool choice '${name}' not found in 'tools' parameter.`, { param: "tool_choice" });
  return tool;
}

function toolOf(
  tool: { name?: string; parameters?: unknown; function?: { name?: string; parameters?: unknown } } | null,
): SimTool | undefined {
  const named = tool?.function ?? tool;
  return typeof named?.name === "string" ? { name: named.name, schema: named.parameters } : undefined;
}

function includesUsage(body: Body, stream: boolean): boolean {
  const asked = body.stream_options as { include_usage?: boolean } | null | undefined;
  if (given(asked) && !stream) {
    throw new SimRefusal(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", { param: "stream_options" });
  }
  return asked?.include_usage === true;
}

function streamOf(body: Body): boolean {
  const stream = body.stream ?? false;
  if (typeof stream !== "boolean") throw wrongType("stream", "a boolean", stream);
  return stream;
}

function modelOf(body: Body): string {
  const model = body.model;
  if (model === undefined || model === null || model === "") throw new SimRefusal(400, "you must provide a model parameter");
  if (typeof model !== "string") throw wrongType("model", "a string", model);
  return model;
}

function required(body: Body, field: string): unknown {
  if (!given(body[field])) throw missing(field);
  return body[field];
}

function integer(body: Body, field: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = body[field];
  if (!given(value)) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrongType(field, "an integer", value);
  if (value < least) {
    throw new SimRefusal(400, `Invalid '${field}': integer below minimum value. Expected a value >= ${least}, but got ${value} instead.`, {
      param: field,
      code: "integer_below_min_value",
    });
  }
  if (value > most) {
    throw new SimRefusal(400, `Invalid '${field}': integer above maximum value. Expected a value <= ${most}, but got ${value} instead.`, {
      param: field,
      code: "integer_above_max_value",
    });
  }
  return value;
}

function given<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

function missing(field: string): SimRefusal {
  return new SimRefusal(400, `Missing required parameter: '${field}'.`, { param: field, code: "missing_required_parameter" });
}

function emptyArray(field: string): SimRefusal {
  return new SimRefusal(400, `Invalid '${field}': empty array. Expected an array with minimum length 1, but got an empty array instead.`, {
    param: field,
    code: "empty_array",
  });
}

function wrongType(field: string, expected: string, value: unknown): SimRefusal {
  const found = Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
  return new SimRefusal(400, `Invalid type for '${field}': expected ${expected}, but got ${found} instead.`, {
    param: field,
    code: "invalid_type",
  });
}
