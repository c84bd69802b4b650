import { extractUsage } from "./extract-usage.ts";
import type { StreamUsage } from "./stream-usage.ts";
import { whileUnfinished } from "./unfinished-usage.ts";
import type { UsageDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

/*
 * Streams of endpoints that are none of the gateway's: their recorded events are reported or explained afterwards.
 */

type Fields = Record<string, unknown>;

/**
 * Most of them tell their usage once, in an event that ends them.
 * @param lastOf the answer that an event amounts to, when it is that event
 */
function lastEventStream(dialect: UsageDialect, lastOf: (event: Fields) => unknown): StreamUsage {
  let last: unknown;
  let error: unknown;
  return {
    read(event) {
      if (!isObject(event)) return;
      const told = lastOf(event);
      if (told !== undefined) last = told;
      if (isObject(event.error)) error = event.error;
    },
    reading: () => whileUnfinished(extractUsage(dialect, last), last !== undefined, error),
    get finished() {
      return last !== undefined;
    },
  };
}

/** Gemini: every chunk is an answer of its own with counts that replace those before; each candidate ends with a reason. */
export function generateContentStream(): StreamUsage {
  const open = new Set<unknown>();
  const ended = new Set<unknown>();
  let answer: Fields = {};
  let error: unknown;
  const stream = {
    read(event: unknown) {
      if (!isObject(event)) return;
      if (isObject(event.error)) error = event.error;
      const candidates = Array.isArray(event.candidates) ? event.candidates.filter(isObject) : [];
      for (const { index = 0, finishReason } of candidates) {
        if (typeof finishReason === "string" && finishReason !== "") {
          ended.add(index);
          open.delete(index);
        } else if (!ended.has(index)) open.add(index);
      }
      // A prompt that was blocked has no candidate, and counts.
      if (isObject(event.promptFeedback) && event.promptFeedback.blockReason !== undefined) ended.add("prompt");
      const { candidates: _, usageMetadata, ...head } = event;
      answer = { ...answer, ...head };
      if (isObject(usageMetadata)) answer.usageMetadata = usageMetadata;
      if (candidates.some(({ groundingMetadata }) => groundingMetadata !== undefined)) answer.candidates = candidates;
    },
    reading: () => whileUnfinished(extractUsage("google-generate-content", answer), stream.finished, error),
    get finished() {
      return ended.size > 0 && open.size === 0;
    },
  };
  return stream;
}

export function interactionsStream(): StreamUsage {
  return lastEventStream("google-interactions", ({ event_type, interaction }) =>
    event_type === "interaction.completed" || event_type === "interaction.complete" ? interaction : undefined,
  );
}

/** The event "metadata" has the usage; "messageStop" comes before it, or was recorded after it. */
export function converseStream(): StreamUsage {
  return lastEventStream("bedrock-converse", ({ metadata }) => (isObject(metadata) && isObject(metadata.usage) ? metadata : undefined));
}

/** Whatever a model's own events are, the last one has Bedrock's counts beside them. */
export function invokeModelStream(): StreamUsage {
  return lastEventStream("bedrock-invoke-model", (event) => (isObject(event["amazon-bedrock-invocationMetrics"]) ? event : undefined));
}

/** Version 2 ends with "message-end", version 1 with "stream-end". */
export function cohereStream(): StreamUsage {
  return lastEventStream("cohere", ({ type, event_type, delta, response }) => {
    if (type === "message-end") return delta;
    return event_type === "stream-end" ? response : undefined;
  });
}

const LAST_MEDIA_EVENTS: ReadonlySet<unknown> = new Set([
  ...["transcript.text.done", "image_generation.completed", "image_edit.completed", "response.done"],
]);

/** Transcripts, images and turns of a realtime session, each with an event of its own for the end. */
export function mediaStream(dialect: "openai-transcriptions" | "openai-images" | "openai-realtime"): StreamUsage {
  return lastEventStream(dialect, (event) => (LAST_MEDIA_EVENTS.has(event.type) ? event : undefined));
}
