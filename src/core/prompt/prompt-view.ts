import type { CallDialect } from "../usage/usage.ts";
import { isObject } from "../usage/usage-fields.ts";

/** Where a value stands in a body: names of members and places in lists. */
export type JsonPath = readonly (string | number)[];

export interface PromptText {
  readonly path: JsonPath;
  readonly text: string;
}

/** One message of the conversation. */
export interface PromptTurn {
  readonly path: JsonPath;
  readonly role: "user" | "assistant" | "other";
  readonly texts: readonly PromptText[];
  /** Its content is a list of parts, and not one text. */
  readonly inParts: boolean;
  /** Nothing but text: no tool's result, image, file or sound. */
  readonly plain: boolean;
  /** It bears a mark up to which the provider caches (Anthropic's cache_control). */
  readonly marked: boolean;
}

/** What a request says to the model. */
export interface PromptView {
  readonly turns: readonly PromptTurn[];
  /** Characters of instructions and of everything that was said. */
  readonly characters: number;
  readonly images: number;
  readonly tools: number;
  /** The answer is to have a form: JSON, or a schema. */
  readonly structured: boolean;
  /** The whole prompt is cached as it stands (a mark on the request itself). */
  readonly cachedWhole: boolean;
}

const TURNS_IN: Readonly<Partial<Record<CallDialect, string>>> = {
  "openai-chat": "messages",
  "openai-responses": "input",
  "anthropic-messages": "messages",
};
const TEXT_PARTS: ReadonlySet<unknown> = new Set(["text", "input_text", "output_text"]);

/** @returns undefined where nothing is said to a model: embeddings */
export function viewPrompt(dialect: CallDialect, body: Readonly<Record<string, unknown>>): PromptView | undefined {
  const member = TURNS_IN[dialect];
  if (member === undefined) return undefined;
  const said = body[member];
  const turns = typeof said === "string" ? [wholeTurn(member, said)] : Array.isArray(said) ? turnsOf(member, said) : [];
  const spoken = turns.reduce((sum, { texts }) => sum + texts.reduce((of, { text }) => of + text.length, 0), 0);
  return {
    turns,
    characters: spoken + textLength(body.system) + textLength(body.instructions),
    images: Array.isArray(said) ? countImages(said) : 0,
    tools: [body.tools, body.functions].reduce((sum: number, list) => sum + (Array.isArray(list) ? list.length : 0), 0),
    structured: isStructured(body),
    cachedWhole: isObject(body.cache_control),
  };
}

function wholeTurn(member: string, text: string): PromptTurn {
  return { path: [], role: "user", texts: [{ path: [member], text }], inParts: false, plain: true, marked: false };
}

function turnsOf(member: string, messages: readonly unknown[]): PromptTurn[] {
  return messages.map((message, index) => {
    const path = [member, index];
    if (!isObject(message)) return { path, role: "other", texts: [], inParts: false, plain: false, marked: false };
    const role = message.role === "user" || message.role === "assistant" ? message.role : "other";
    const { content } = message;
    if (typeof content === "string") {
      return {
        path,
        role,
        texts: [{ path: [...path, "content"], text: content }],
        inParts: false,
        plain: !callsTools(message),
        marked: false,
      };
    }
    const parts: readonly unknown[] = Array.isArray(content) ? content : [];
    const texts = parts.flatMap((part, place) =>
      isObject(part) && TEXT_PARTS.has(part.type) && typeof part.text === "string"
        ? [{ path: [...path, "content", place, "text"], text: part.text }]
        : [],
    );
    const marked = isObject(message.cache_control) || parts.some((part) => isObject(part) && isObject(part.cache_control));
    const plain = parts.length > 0 && texts.length === parts.length && !callsTools(message);
    return { path, role, texts, inParts: true, plain, marked };
  });
}

function callsTools(message: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(message.tool_calls) || message.function_call !== undefined;
}

function textLength(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (!Array.isArray(value)) return 0;
  return value.reduce((sum: number, part) => sum + (isObject(part) && typeof part.text === "string" ? part.text.length : 0), 0);
}

const IMAGE_PARTS: ReadonlySet<unknown> = new Set(["image", "image_url", "input_image", "computer_screenshot"]);

function countImages(messages: readonly unknown[]): number {
  let count = 0;
  for (const message of messages) {
    const content = isObject(message) ? message.content : undefined;
    if (Array.isArray(content))
      for (const part of content) if (isObject(part) && (IMAGE_PARTS.has(part.type) || "image_url" in part)) count++;
  }
  return count;
}

/** Any form of the answer that is asked for by a member, but plain text. Errs towards yes. */
function isStructured(body: Readonly<Record<string, unknown>>): boolean {
  const { text } = body;
  const formats = [body.response_format, isObject(text) ? text.format : text, body.output_format, body.output_config];
  const asked = formats.some((format) => format !== undefined && format !== null && !(isObject(format) && format.type === "text"));
  return (
    asked ||
    ["guided_json", "guided_regex", "guided_choice", "guided_grammar", "grammar", "extra_body"].some(
      (name) => isObject(body[name]) || typeof body[name] === "string",
    )
  );
}
