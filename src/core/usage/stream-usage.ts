import { extractUsage, type UsageReading } from "./extract-usage.ts";
import {
  cohereStream,
  converseStream,
  generateContentStream,
  interactionsStream,
  invokeModelStream,
  mediaStream,
} from "./native-streams.ts";
import { chatUsageFields } from "./openai-usage.ts";
import { whileUnfinished } from "./unfinished-usage.ts";
import type { UsageDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/** Reads the usage of one streamed answer, event by event. */
export interface StreamUsage {
  /** @param event the parsed payload of one SSE event; anything that says nothing about usage changes nothing */
  read(event: unknown): void;
  /** Final counts once the stream is finished; before that "unfinished", with what had been counted so far. */
  reading(): UsageReading;
  /** Whether the dialect's own sign of the end was seen. */
  readonly finished: boolean;
}

export function createStreamUsage(dialect: UsageDialect): StreamUsage {
  switch (dialect) {
    case "openai-chat":
    case "openai-embeddings":
      return chatStream();
    case "openai-responses":
      return responsesStream();
    case "anthropic-messages":
      return anthropicStream();
    case "google-generate-content":
      return generateContentStream();
    case "google-interactions":
      return interactionsStream();
    case "bedrock-converse":
      return converseStream();
    case "bedrock-invoke-model":
      return invokeModelStream();
    case "cohere":
      return cohereStream();
    case "openai-transcriptions":
    case "openai-images":
    case "openai-realtime":
      return mediaStream(dialect);
    default:
      return dialect satisfies never;
  }
}

/** Usage comes in the last chunk, in one after it (without choices, or at OpenRouter with an empty one), or growing in every chunk: the last counts. */
function chatStream(): StreamUsage {
  const open = new Set<unknown>();
  const ended = new Set<unknown>();
  let usage: Record<string, unknown> | undefined;
  let head: Record<string, unknown> = {};
  let executedTools = false;
  let error: unknown;
  const stream = {
    read(event: unknown) {
      if (!isObject(event)) return;
      if (isObject(event.error)) error = event.error;
      const { id, model, service_tier } = event;
      head = { id: id ?? head.id, model: model ?? head.model, service_tier: service_tier ?? head.service_tier };
      const choices = Array.isArray(event.choices) ? event.choices.filter(isObject) : undefined;
      for (const choice of choices ?? []) {
        if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") {
          ended.add(choice.index);
          open.delete(choice.index);
        } else if (!ended.has(choice.index)) {
          open.add(choice.index);
        }
        if (isObject(choice.delta) && Array.isArray(choice.delta.executed_tools)) executedTools = true;
      }
      const fields = chatUsageFields(event);
      if (!fields) return;
      usage = fields;
      if (choices?.length === 0) {
        open.clear();
        ended.add(undefined);
      }
    },
    reading(): UsageReading {
      const tools = executedTools ? { choices: [{ delta: { executed_tools: [true] } }] } : {};
      return whileUnfinished(extractUsage("openai-chat", { ...head, ...tools, usage }), stream.finished, error);
    },
    get finished() {
      return ended.size > 0 && open.size === 0;
    },
  };
  return stream;
}

const LAST_RESPONSE_EVENTS: ReadonlySet<unknown> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
]);

/** The event that ends a response carries the whole of it. */
function responsesStream(): StreamUsage {
  let last: unknown;
  let error: unknown;
  return {
    read(event) {
      if (!isObject(event)) return;
      if (LAST_RESPONSE_EVENTS.has(event.type)) last = event.response;
      else if (event.type === "error") error = isObject(event.error) ? event.error : event;
    },
    reading: () => whileUnfinished(extractUsage("openai-responses", last), last !== undefined, error),
    get finished() {
      return last !== undefined;
    },
  };
}

/**
 * `message_start` has the input and a first output count, `message_delta` cumulative counts that replace them, field by field. A
 * second `message_start`, whether repeated or spliced in by a provider that began anew, starts the counts over.
 */
function anthropicStream(): StreamUsage {
  let message: Record<string, unknown> = {};
  let usage: Record<string, unknown> | undefined;
  let stopped = false;
  let counted = false;
  let error: unknown;
  return {
    read(event) {
      if (!isObject(event)) return;
      if (event.type === "message_start" && isObject(event.message)) {
        message = event.message;
        usage = isObject(message.usage) ? message.usage : undefined;
        stopped = false;
        counted = false;
      } else if (event.type === "message_delta") {
        if (isObject(event.usage)) {
          usage = withoutNulls(usage, event.usage);
          counted = true;
        }
        if (isObject(event.delta) && typeof event.delta.stop_reason === "string") stopped = true;
      } else if (event.type === "message_stop") {
        stopped = true;
      } else if (event.type === "error") {
        error = event.error ?? event;
      }
    },
    reading: () => whileUnfinished(extractUsage("anthropic-messages", { ...message, usage }), stopped && counted, error),
    get finished() {
      return stopped;
    },
  };
}

/** A delta's counts over those before. The split of cache writes by lifetime holds only as long as its total does. */
function withoutNulls(before: Record<string, unknown> | undefined, delta: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...before };
  for (const [field, value] of Object.entries(delta)) if (value !== null) merged[field] = value;
  const written = delta.cache_creation_input_tokens;
  if (isObject(delta.cache_creation) || typeof written !== "number" || written === before?.cache_creation_input_tokens) return merged;
  delete merged.cache_creation;
  return merged;
}

/**
 * Whether an event can matter to `StreamUsage`, without parsing it: almost none of a stream does. May say yes too often, never no to
 * an event that counts.
 * @param data the bytes of one event's data
 */
export function mayCarryUsage(dialect: UsageDialect, data: Uint8Array): boolean {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  switch (dialect) {
    case "openai-chat":
    case "openai-embeddings":
      return CHAT_MEMBERS.some((member) => hasValue(bytes, member));
    case "openai-responses":
      return RESPONSE_MARKS.some((mark) => bytes.includes(mark)) || hasValue(bytes, ERROR_MEMBER);
    case "anthropic-messages":
      return bytes.includes(ANTHROPIC_MARK) || hasValue(bytes, ERROR_MEMBER);
    // None of these passes through the gateway, where it would count.
    default:
      return true;
  }
}

const ERROR_MEMBER = Buffer.from('"error"');
const CHAT_MEMBERS = [Buffer.from('"usage"'), Buffer.from('"finish_reason"'), ERROR_MEMBER, Buffer.from('"executed_tools"')];
const RESPONSE_MARKS = ["completed", "incomplete", "failed", "cancelled"].map((end) => Buffer.from(`"response.${end}"`));
const ANTHROPIC_MARK = Buffer.from('"message_');

const COLON = 0x3a;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const NULL_START = 0x6e;

/** Whether the member occurs with a value other than null. The same text inside of a JSON string has its quotes escaped. */
function hasValue(bytes: Buffer, member: Buffer): boolean {
  for (let at = bytes.indexOf(member); at >= 0; at = bytes.indexOf(member, at + member.length)) {
    let next = at + member.length;
    while (SPACES.has(bytes[next])) next++;
    if (bytes[next] === COLON) next++;
    while (SPACES.has(bytes[next])) next++;
    if (bytes[next] !== NULL_START) return true;
  }
  return false;
}
