import type { CallDialect } from "../usage/usage.ts";

/** A request body by its top-level members, as they are written. */
export interface WrittenRequest {
  readonly dialect: CallDialect;
  readonly names: readonly string[];
  /** A member's JSON text. */
  readonly text: (name: string) => string;
}

/** Members that shape an answer from the request alone. With any other, an answer may depend on something that we do not see. */
const SHAPING: ReadonlySet<string> = new Set(
  `model messages input system instructions max_tokens max_completion_tokens max_output_tokens temperature top_p top_k min_p stream stream_options stop
   stop_sequences seed n frequency_penalty presence_penalty repetition_penalty logit_bias logprobs top_logprobs response_format text reasoning
   reasoning_effort thinking verbosity user metadata safety_identifier prompt_cache_key prompt_cache_retention service_tier store truncation include
   encoding_format dimensions anthropic_beta modalities output_config`
    .trim()
    .split(/\s+/),
);
const WITH_TOOLS: ReadonlySet<string> = new Set(["tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"]);

/** Whether the same request may be given the same answer: nothing in it is looked up, run or remembered by the provider. */
export function mayRepeat({ names, text }: WrittenRequest): boolean {
  return names.every((name) => {
    if (name === "tools") return isCallersTools(parsed(text(name)));
    // References to what a provider keeps, files by id or address among them, stand inside messages; their content may change.
    return SHAPING.has(name) || WITH_TOOLS.has(name);
  });
}

/** Tools that the caller runs: a provider's own search, files or code give another answer tomorrow. */
function isCallersTools(tools: unknown): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.every((tool) => {
    if (typeof tool !== "object" || tool === null) return false;
    const { type, input_schema } = tool as { type?: unknown; input_schema?: unknown };
    return type === "function" || type === "custom" || (type === undefined && input_schema !== undefined);
  });
}

/** A request as its last question and all the rest. */
export interface SplitRequest {
  readonly question: string;
  /** Everything else, as text: equal only where all of it is. */
  readonly rest: string;
}

/** @returns undefined where the request is no text that ends with a person's question: with tools, images or anything else in it */
export function splitRequest({ dialect, names, text }: WrittenRequest): SplitRequest | undefined {
  const inputName = dialect === "openai-responses" ? "input" : "messages";
  if (dialect === "openai-embeddings" || !names.includes(inputName)) return undefined;
  if (names.some((name) => !SHAPING.has(name) || name === "modalities")) return undefined;
  const input = parsed(text(inputName));
  const turns = typeof input === "string" && inputName === "input" ? [{ role: "user", content: input }] : input;
  if (!Array.isArray(turns) || turns.length === 0 || !turns.every(isTextTurn)) return undefined;
  const last = turns.at(-1) as { role: unknown; content: unknown };
  if (last.role !== "user") return undefined;
  const question = questionOf(last.content);
  if (question === undefined) return undefined;
  // Cut out in its place: what else the last turn says, such as where its prefix is cached, stays.
  const emptied = typeof last.content === "string" ? "" : [{ ...(last.content as object[])[0], text: "" }];
  const others = names.filter((name) => name !== inputName).map((name) => [name, text(name)]);
  const rest = JSON.stringify([others, typeof input === "string", [...turns.slice(0, -1), { ...last, content: emptied }]]);
  return { question, rest };
}

function questionOf(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  return Array.isArray(content) && content.length === 1 ? (content[0] as { text: string }).text : undefined;
}

const TEXT_PARTS = new Set(["text", "input_text", "output_text"]);
const ROLES = new Set(["system", "developer", "user", "assistant"]);

function isTextTurn(turn: unknown): boolean {
  if (typeof turn !== "object" || turn === null) return false;
  const { role, content, ...others } = turn as { role?: unknown; content?: unknown };
  if (!ROLES.has(role as string) || Object.keys(others).some((name) => !["name", "type", "id", "status", "refusal"].includes(name)))
    return false;
  if (typeof content === "string") return true;
  return (
    Array.isArray(content) &&
    content.every((part) => typeof part === "object" && part !== null && TEXT_PARTS.has(part.type) && typeof part.text === "string")
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
