import type { SimAnswer } from "./sim-answer.ts";
import { openAiErrorJson } from "./sim-error-body.ts";
import { chatUsageMember } from "./sim-openai-usage.ts";
import { asciiJson } from "./sim-text.ts";
import type { SimWire } from "./sim-wire.ts";

/** POST /v1/chat/completions */
export const chatWire: SimWire = {
  whole(answer) {
    const content = answer.tool
      ? `null,"tool_calls":[{"id":"call_${answer.id}","type":"function","function":{"name":${asciiJson(answer.tool.name)},"arguments":"${answer.text.piece(0, answer.text.tokens)}"}}]`
      : `"${answer.text.piece(0, answer.text.tokens)}"`;
    let choices = "";
    for (let index = 0; index < answer.call.choices; index++) {
      choices +=
        `${index === 0 ? "" : ","}{"index":${index},"message":{"role":"assistant","content":${content},"refusal":null,"annotations":[]},` +
        `"logprobs":null,"finish_reason":"${finishReason(answer)}"}`;
    }
    return `{${head(answer, "chat.completion")},"choices":[${choices}]${chatUsageMember(answer)},${TAIL}}`;
  },
  opening(answer) {
    const delta = answer.tool
      ? `"content":null,"tool_calls":[{"index":0,"id":"call_${answer.id}","type":"function","function":{"name":${asciiJson(answer.tool.name)},"arguments":""}}]`
      : `"content":""`;
    return chunks(answer, `{"role":"assistant",${delta},"refusal":null}`, "null");
  },
  delta(answer, from, to) {
    const piece = answer.text.piece(from, to);
    return chunks(
      answer,
      answer.tool ? `{"tool_calls":[{"index":0,"function":{"arguments":"${piece}"}}]}` : `{"content":"${piece}"}`,
      "null",
    );
  },
  closing(answer) {
    const last = chunks(answer, "{}", `"${finishReason(answer)}"`);
    const usage = chatUsageMember(answer);
    const counted =
      answer.call.includeUsage && usage !== "" ? `data: {${head(answer, "chat.completion.chunk")},${TAIL},"choices":[]${usage}}\n\n` : "";
    return `${last}${counted}data: [DONE]\n\n`;
  },
  streamError(refusal) {
    return `data: ${openAiErrorJson(refusal)}\n\n`;
  },
};

const TAIL = `"service_tier":"default","system_fingerprint":"fp_ba11a57000"`;

function head(answer: SimAnswer, object: string): string {
  return `"id":"chatcmpl-${answer.id}","object":"${object}","created":${answer.createdS},"model":${answer.modelJson}`;
}

/** One chunk for each choice. */
function chunks(answer: SimAnswer, delta: string, finish: string): string {
  const start = `data: {${head(answer, "chat.completion.chunk")},${TAIL},"choices":[{"index":`;
  const end = `,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]${answer.call.includeUsage ? `,"usage":null` : ""}}\n\n`;
  let frames = "";
  for (let index = 0; index < answer.call.choices; index++) frames += start + index + end;
  return frames;
}

function finishReason(answer: SimAnswer): string {
  return answer.cut ? "length" : answer.tool ? "tool_calls" : "stop";
}
