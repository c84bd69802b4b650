import type { SimAnswer } from "./sim-answer.ts";
import { anthropicErrorJson } from "./sim-error-body.ts";
import { asciiJson } from "./sim-text.ts";
import type { SimWire } from "./sim-wire.ts";

/** POST /v1/messages */
export const messagesWire: SimWire = {
  whole(answer) {
    const block = answer.tool
      ? `{"type":"tool_use","id":"toolu_${answer.id}","name":${asciiJson(answer.tool.name)},"input":${answer.tool.argumentsJson}}`
      : `{"type":"text","text":"${answer.text.piece(0, answer.text.tokens)}"}`;
    return message(answer, `[${block}]`, `"${stopReason(answer)}"`, answer.outputTokens);
  },
  opening(answer) {
    const block = answer.tool
      ? `{"type":"tool_use","id":"toolu_${answer.id}","name":${asciiJson(answer.tool.name)},"input":{}}`
      : `{"type":"text","text":""}`;
    // As in recorded streams, the first event already counts one output token.
    return (
      event("message_start", `"message":${message(answer, "[]", "null", Math.min(1, answer.outputTokens))}`) +
      event("content_block_start", `"index":0,"content_block":${block}`) +
      `event: ping\ndata: {"type":"ping"}\n\n`
    );
  },
  delta(answer, from, to) {
    const piece = answer.text.piece(from, to);
    return event(
      "content_block_delta",
      `"index":0,"delta":${answer.tool ? `{"type":"input_json_delta","partial_json":"${piece}"}` : `{"type":"text_delta","text":"${piece}"}`}`,
    );
  },
  closing(answer) {
    const usage = usageJson(answer, answer.outputTokens, false);
    return (
      event("content_block_stop", `"index":0`) +
      event(
        "message_delta",
        `"delta":{"stop_reason":"${stopReason(answer)}","stop_sequence":null}${usage === "" ? "" : `,"usage":${usage}`}`,
      ) +
      `event: message_stop\ndata: {"type":"message_stop"}\n\n`
    );
  },
  streamError: (refusal, answer) => `event: error\ndata: ${anthropicErrorJson(refusal, `req_${answer.id}`)}\n\n`,
};

function event(type: string, members: string): string {
  return `event: ${type}\ndata: {"type":"${type}",${members}}\n\n`;
}

function message(answer: SimAnswer, content: string, stop: string, outputTokens: number): string {
  const usage = usageJson(answer, outputTokens, true);
  return (
    `{"model":${answer.modelJson},"id":"msg_${answer.id}","type":"message","role":"assistant","content":${content},` +
    `"stop_reason":${stop},"stop_sequence":null${usage === "" ? "" : `,"usage":${usage}`}}`
  );
}

/** `input_tokens` is what was neither read from nor written to the cache. */
function usageJson(answer: SimAnswer, outputTokens: number, first: boolean): string {
  if (answer.usage === "none") return "";
  if (answer.usage !== "counted") return answer.usage.literal;
  const counted =
    `"input_tokens":${answer.inputTokens - answer.cachedTokens - answer.cacheWriteTokens},` +
    `"cache_creation_input_tokens":${answer.cacheWriteTokens},"cache_read_input_tokens":${answer.cachedTokens},`;
  const ended = outputTokens === answer.outputTokens;
  const thinking = ended && answer.reasoningTokens > 0 ? `,"output_tokens_details":{"thinking_tokens":${answer.reasoningTokens}}` : "";
  if (!first) return `{${counted}"output_tokens":${outputTokens}${thinking}}`;
  return (
    `{${counted}"cache_creation":{"ephemeral_5m_input_tokens":${answer.cacheWriteTokens},"ephemeral_1h_input_tokens":0},` +
    `"output_tokens":${outputTokens}${thinking},"service_tier":"standard"}`
  );
}

function stopReason(answer: SimAnswer): string {
  return answer.cut ? "max_tokens" : answer.tool ? "tool_use" : "end_turn";
}
