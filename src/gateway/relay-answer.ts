import type { ServerResponse } from "node:http";
import { extractUsage, type UsageReading } from "../core/usage/extract-usage.ts";
import { createStreamUsage } from "../core/usage/stream-usage.ts";
import { findJsonMembers } from "../std/json-members.ts";
import { SseFrames } from "../std/sse-frames.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { AnswerHead, AttemptFailure } from "./send-attempt.ts";

/** How the provider's side of an answer ended. */
export type RelayEnd = "complete" | "provider_failure" | "lost" | "timeout" | "cut" | "malformed" | "too_large";

export interface RelayReport {
  readonly end: RelayEnd;
  readonly head: AnswerHead;
  readonly streamed: boolean;
  readonly reading: UsageReading;
  /** Bytes of generated text that were seen: a bound of the visible output tokens. */
  readonly producedBytes: number;
  /** Steady milliseconds at the first piece. */
  readonly firstPieceAt: number | null;
  /** What the caller gets to see of the answer, when it is to be kept; undefined when it was too large. */
  readonly kept: Buffer | undefined;
}

/**
 * One answer on its way from provider to caller. What the caller would take for the end, the last event of a stream or the whole of a
 * plain answer, is kept back until the call is booked: `release` sends it. A caller who has read the end can rely on the booking.
 */
export interface Relay {
  onPiece(piece: Buffer): void;
  onEnd(): void;
  onFailure(failure: AttemptFailure): void;
  /** @param lastWords sent in place of the end of a stream that has none */
  release(headers: Readonly<Record<string, string>>, lastWords?: string): void;
}

export interface RelayOptions {
  readonly dialect: Dialect;
  readonly head: AnswerHead;
  readonly response: ServerResponse;
  /** The provider's headers for the caller. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Our own, for a stream's head; those of a plain answer come with `release`. */
  readonly ownHeaders: () => Readonly<Record<string, string>>;
  /** The event with the usage was asked for by us: the caller must not see it. */
  readonly hideUsageEvent: boolean;
  readonly maxBytes: number;
  readonly keepBytes: number;
  readonly now: () => number;
  /** Stops the provider; onFailure follows. */
  readonly cut: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Told the bytes produced so far while nobody reads any more; answers whether to read on. */
  readonly readOn: (producedBytes: number) => boolean;
  readonly done: (report: RelayReport) => void;
}

const UNFINISHED: UsageReading = { outcome: "missing", reason: "unfinished" };
const JSON_TYPE = /\bjson\b/i;

export function relayAnswer(options: RelayOptions): Relay {
  const type = String(options.head.headers["content-type"] ?? "");
  return type.includes("text/event-stream") ? relayStream(options) : relayWhole(options, JSON_TYPE.test(type) || type === "");
}

function relayWhole(options: RelayOptions, isJson: boolean): Relay {
  const pieces: Buffer[] = [];
  let size = 0;
  let firstPieceAt: number | null = null;
  let tooLarge = false;
  let body: Buffer = Buffer.alloc(0);
  const finish = (end: RelayEnd, reading: UsageReading, producedBytes: number) => {
    const { head, done } = options;
    done({ end, head, streamed: false, reading, producedBytes, firstPieceAt, kept: size <= options.keepBytes ? body : undefined });
  };
  return {
    onPiece(piece) {
      firstPieceAt ??= options.now();
      size += piece.length;
      if (size > options.maxBytes && !tooLarge) {
        tooLarge = true;
        options.cut();
      }
      if (!tooLarge) pieces.push(piece);
    },
    onEnd() {
      body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      const payload = isJson ? readAnswer(body, options.dialect) : undefined;
      if (payload === undefined) finish("malformed", UNFINISHED, 0);
      else finish("complete", extractUsage(options.dialect.usage, payload), body.length);
    },
    onFailure(failure) {
      finish(tooLarge ? "too_large" : endOf(failure), UNFINISHED, size);
    },
    release(headers) {
      const { response } = options;
      if (response.destroyed || response.headersSent) return;
      response.writeHead(options.head.status, { ...options.headers, ...headers, "content-length": body.length });
      response.end(body);
    },
  };
}

function relayStream(options: RelayOptions): Relay {
  const { dialect, response } = options;
  const frames = new SseFrames(options.maxBytes);
  const usage = createStreamUsage(dialect.usage);
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let producedBytes = 0;
  let firstPieceAt: number | null = null;
  let failed = false;
  let sawLast = false;
  let tooLarge = false;
  let tail: Buffer[] = [];
  let over = false;

  response.writeHead(options.head.status, { ...options.headers, ...options.ownHeaders() });
  response.flushHeaders();
  response.on("drain", options.resume);

  const pass = (bytes: Buffer) => {
    if (keptBytes <= options.keepBytes) kept.push(bytes);
    keptBytes += bytes.length;
    // Everything from the last event on waits for `release`.
    if (sawLast) tail.push(bytes);
    else if (!response.destroyed && !response.write(bytes)) options.pause();
  };
  const finish = (end: RelayEnd) => {
    if (over) return;
    over = true;
    response.removeListener("drain", options.resume);
    const whole = keptBytes <= options.keepBytes ? Buffer.concat(kept) : undefined;
    const reading = usage.reading();
    options.done({ end, head: options.head, streamed: true, reading, producedBytes, firstPieceAt, kept: whole });
  };
  return {
    onPiece(piece) {
      firstPieceAt ??= options.now();
      let events: ReturnType<SseFrames["push"]>;
      try {
        events = frames.push(piece);
      } catch {
        tooLarge = true;
        options.cut();
        return;
      }
      let run: Buffer[] = [];
      for (const event of events) {
        const payload = event.data === "" || event.data === "[DONE]" ? undefined : parseJson(event.data);
        if (payload !== undefined) {
          usage.read(payload);
          producedBytes += dialect.producedBytes(payload);
          if (dialect.isFailure(payload)) failed = true;
          if (options.hideUsageEvent && dialect.isUsageOnly(payload)) continue;
        }
        if (!sawLast && dialect.isLast(event.data, payload)) {
          if (run.length > 0) pass(run.length === 1 ? run[0]! : Buffer.concat(run));
          run = [];
          sawLast = true;
        }
        run.push(event.bytes);
      }
      if (run.length > 0) pass(run.length === 1 ? run[0]! : Buffer.concat(run));
      if (response.destroyed && !options.readOn(producedBytes)) options.cut();
    },
    onEnd() {
      if (frames.rest.length > 0) pass(frames.rest);
      if (failed) finish("provider_failure");
      else if (sawLast || usage.finished) finish("complete");
      else finish("lost");
    },
    onFailure(failure) {
      if (sawLast && !failed) finish("complete");
      else finish(tooLarge ? "too_large" : failed ? "provider_failure" : endOf(failure));
    },
    release(_headers, lastWords) {
      if (response.destroyed) return;
      for (const bytes of tail) response.write(bytes);
      tail = [];
      if (lastWords !== undefined) response.write(lastWords);
      response.end();
    },
  };
}

/** Above this the vectors of an embeddings answer are passed by, not parsed: they are most of it and say nothing about usage. */
const LARGE_ANSWER_BYTES = 128 * 1024;

function readAnswer(body: Buffer, dialect: Dialect): unknown {
  if (dialect.usage !== "openai-embeddings" || body.length <= LARGE_ANSWER_BYTES) return parseJson(body.toString("utf8"));
  const found = findJsonMembers(body);
  if (
    !found ||
    !body
      .toString("latin1", body.length - 8)
      .trimEnd()
      .endsWith("}")
  )
    return undefined;
  const answer: Record<string, unknown> = {};
  for (const [key, { valueStart, valueEnd }] of found.members) {
    if (key !== "data") answer[key] = parseJson(body.toString("utf8", valueStart, valueEnd));
  }
  return answer;
}

function endOf(failure: AttemptFailure): RelayEnd {
  if (failure.kind === "cut") return "cut";
  return failure.kind === "timeout" ? "timeout" : "lost";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
