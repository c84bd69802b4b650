import type { SimCall } from "./sim-call.ts";
import type { SimDirective } from "./sim-directive.ts";
import type { SimOptions } from "./sim-options.ts";
import { drawFrom } from "./sim-random.ts";
import { asciiJson, framedText, generatedText, literalText, type SimText } from "./sim-text.ts";
import { sampleArguments } from "./sim-tool-arguments.ts";
import { countWords } from "./sim-words.ts";

/** What goes wrong with an answer. Token counts are of what one choice has produced by then. */
export type SimFault =
  | { readonly kind: "status"; readonly status: number; readonly retryAfterS: number | undefined }
  | { readonly kind: "drop" | "stall" | "error"; readonly afterTokens: number }
  | { readonly kind: "malformed" | "hang" };

/** One answer, decided before its first byte is sent. */
export interface SimAnswer {
  readonly call: SimCall;
  /** The model's name as JSON. */
  readonly modelJson: string;
  /** Unique; each wire puts its own prefix before it. */
  readonly id: string;
  readonly createdS: number;
  /** All prompt tokens, those read from or written to the cache included. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  /** Of one choice, reasoning included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Without reasoning: `outputTokens - reasoningTokens` tokens. Of a tool call, the text of its arguments. */
  readonly text: SimText;
  readonly tool: SimToolCall | undefined;
  /** The token limit of the request ended it. */
  readonly cut: boolean;
  /** What the answer says about usage: as counted, nothing, or this JSON. */
  readonly usage: "counted" | "none" | { readonly literal: string };
  readonly ttftMs: number;
  /** 0: no pacing. */
  readonly tokensPerS: number;
  readonly fault: SimFault | undefined;
}

export interface SimToolCall {
  readonly name: string;
  /** The arguments as JSON; an empty object when the answer was cut before they were whole. */
  readonly argumentsJson: string;
}

export interface AnswerNumbers {
  readonly id: string;
  readonly createdS: number;
  /** Which request this is since the start, from 1. */
  readonly requestNumber: number;
  /** Whether the directive's fail_times still covers this attempt. */
  readonly failing: boolean;
}

/** Decides the answer to a call: the directive first, then the options, then the defaults. */
export function planAnswer(call: SimCall, options: SimOptions, draw: () => number, numbers: AnswerNumbers): SimAnswer {
  const directive = call.directive ?? {};
  const fault = faultOf(directive, options, draw, numbers.failing);
  const ttftMs = directive.ttft_ms ?? drawFrom(options.ttftMs ?? 0, draw);
  const tokensPerS = directive.tokens_per_s ?? drawFrom(options.tokensPerS ?? 0, draw);
  const output = outputOf(call, options, draw, (options.seed ?? 1) + numbers.requestNumber * 61);
  const inputTokens = directive.in ?? call.promptTokens;
  const cachedTokens = Math.min(inputTokens, directive.cached ?? Math.floor(inputTokens * (options.cacheReadShare ?? 0)));
  return {
    call,
    modelJson: asciiJson(call.model),
    id: numbers.id,
    createdS: numbers.createdS,
    inputTokens,
    cachedTokens,
    cacheWriteTokens: Math.min(inputTokens - cachedTokens, directive.cache_write ?? 0),
    ...output,
    usage: directive.no_usage ? "none" : directive.usage ? { literal: asciiJson(directive.usage) } : "counted",
    ttftMs,
    tokensPerS,
    fault: fault === "drop_half_way" ? { kind: "drop", afterTokens: Math.floor(output.outputTokens / 2) } : fault,
  };
}

type Output = Pick<SimAnswer, "outputTokens" | "reasoningTokens" | "text" | "tool" | "cut">;

function outputOf(call: SimCall, options: SimOptions, draw: () => number, start: number): Output {
  const { out, text, reasoning = 0 } = call.directive ?? {};
  const drawn = () => Math.max(1, Math.round(drawFrom(options.outputTokens ?? Math.max(50, options.streamChunks ?? 0), draw)));
  const asked = text === undefined ? (out ?? drawn()) : countWords(text) + reasoning;
  // A call of a tool says at least one token: its arguments.
  const wanted = call.tool ? Math.max(1, asked) : asked;
  const outputTokens = Math.min(wanted, call.maxOutputTokens ?? Infinity);
  const cut = wanted > outputTokens && call.endpoint !== "embeddings";
  const reasoningTokens = Math.min(reasoning, call.tool ? outputTokens - 1 : outputTokens);
  const visible = outputTokens - reasoningTokens;
  const said = text === undefined ? generatedText(visible, start) : literalText(text, visible);
  return { outputTokens, reasoningTokens, cut, ...(call.tool ? calledTool(call.tool, said, cut) : { text: said, tool: undefined }) };
}

function calledTool(tool: { name: string; schema: unknown }, said: SimText, cut: boolean): { text: SimText; tool: SimToolCall } {
  const sample = sampleArguments(tool.schema);
  const words = sample.takesWords ? said : { tokens: said.tokens, piece: () => "" };
  return {
    text: framedText(sample.before, words, cut ? "" : sample.after),
    tool: {
      name: tool.name,
      argumentsJson: cut ? "{}" : asciiJson(JSON.parse(sample.before + words.piece(0, words.tokens) + sample.after)),
    },
  };
}

function faultOf(
  directive: SimDirective,
  options: SimOptions,
  draw: () => number,
  failing: boolean,
): SimFault | "drop_half_way" | undefined {
  if (directive.fail_times !== undefined && !failing) return undefined;
  const { status, retry_after: retryAfterS, drop_after: drop, stall_after: stall, error_after: error } = directive;
  if (status !== undefined) return { kind: "status", status, retryAfterS };
  if (directive.hang) return { kind: "hang" };
  if (drop !== undefined) return { kind: "drop", afterTokens: drop };
  if (stall !== undefined) return { kind: "stall", afterTokens: stall };
  if (error !== undefined) return { kind: "error", afterTokens: error };
  if (directive.malformed) return { kind: "malformed" };
  if (directive.fail_times !== undefined) return { kind: "status", status: 500, retryAfterS };
  return drawnFault(options, draw);
}

function drawnFault(options: SimOptions, draw: () => number): SimFault | "drop_half_way" | undefined {
  if (options.errorRates === undefined && options.dropRate === undefined) return undefined;
  let left = draw();
  for (const [status, share] of Object.entries(options.errorRates ?? {})) {
    if (left < share) {
      const busy = status === "429" || status === "503" || status === "529";
      return { kind: "status", status: Number(status), retryAfterS: busy ? options.retryAfterS : undefined };
    }
    left -= share;
  }
  return left < (options.dropRate ?? 0) ? "drop_half_way" : undefined;
}

/** How long one choice takes to say this many tokens: the first at once, then at the answer's speed. */
export function generationMs(tokens: number, tokensPerS: number): number {
  return tokensPerS > 0 ? (Math.max(0, tokens - 1) * 1000) / tokensPerS : 0;
}

/** How many tokens of an answer are there, so long after its request. */
export function tokensBy(answer: SimAnswer, elapsedMs: number): number {
  if (elapsedMs < answer.ttftMs) return 0;
  if (answer.tokensPerS === 0) return answer.outputTokens;
  return Math.min(answer.outputTokens, 1 + Math.floor(((elapsedMs - answer.ttftMs) * answer.tokensPerS) / 1000));
}
