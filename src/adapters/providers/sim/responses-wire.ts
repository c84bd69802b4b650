import type { SimAnswer } from "./sim-answer.ts";
import { responsesUsage } from "./sim-openai-usage.ts";
import { asciiJson } from "./sim-text.ts";
import type { SimWire } from "./sim-wire.ts";

/** Events before the first delta: created, in_progress, output_item.added, and for text content_part.added. */
const OPENING_TEXT = 4;
const OPENING_TOOL = 3;

/** POST /v1/responses */
export const responsesWire: SimWire = {
  whole: (answer) => response(answer, endStatus(answer), `[${item(answer, true)}]`),
  opening(answer) {
    const started = `"response":${response(answer, "in_progress", "[]")}`;
    const opened =
      event("response.created", 0, started) +
      event("response.in_progress", 1, started) +
      event("response.output_item.added", 2, `"output_index":0,"item":${item(answer, false)}`);
    return answer.tool ? opened : opened + event("response.content_part.added", 3, `${place(answer)},"part":${part("")}`);
  },
  delta(answer, from, to, index) {
    const piece = answer.text.piece(from, to);
    return answer.tool
      ? event(
          "response.function_call_arguments.delta",
          OPENING_TOOL + index,
          `"item_id":"fc_${answer.id}","output_index":0,"delta":"${piece}"`,
        )
      : event("response.output_text.delta", OPENING_TEXT + index, `${place(answer)},"delta":"${piece}","logprobs":[]`);
  },
  closing(answer, deltas) {
    const said = answer.text.piece(0, answer.text.tokens);
    const ended = endStatus(answer);
    let at = (answer.tool ? OPENING_TOOL : OPENING_TEXT) + deltas;
    const done = answer.tool
      ? event(
          "response.function_call_arguments.done",
          at++,
          `"item_id":"fc_${answer.id}","name":${asciiJson(answer.tool.name)},"output_index":0,"arguments":"${said}"`,
        )
      : event("response.output_text.done", at++, `${place(answer)},"text":"${said}","logprobs":[]`) +
        event("response.content_part.done", at++, `${place(answer)},"part":${part(said)}`);
    return (
      done +
      event("response.output_item.done", at++, `"output_index":0,"item":${item(answer, true)}`) +
      event(`response.${ended}`, at, `"response":${response(answer, ended, `[${item(answer, true)}]`)}`)
    );
  },
  streamError(refusal, answer, deltas) {
    const at = (answer.tool ? OPENING_TOOL : OPENING_TEXT) + deltas;
    return event("error", at, `"code":"server_error","message":${asciiJson(refusal.message)},"param":null`);
  },
};

function event(type: string, sequence: number, members: string): string {
  return `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequence},${members}}\n\n`;
}

function endStatus(answer: SimAnswer): "completed" | "incomplete" {
  return answer.cut ? "incomplete" : "completed";
}

function place(answer: SimAnswer): string {
  return `"item_id":"msg_${answer.id}","output_index":0,"content_index":0`;
}

function part(text: string): string {
  return `{"type":"output_text","annotations":[],"logprobs":[],"text":"${text}"}`;
}

function item(answer: SimAnswer, ended: boolean): string {
  const status = ended ? endStatus(answer) : "in_progress";
  const said = ended ? answer.text.piece(0, answer.text.tokens) : "";
  return answer.tool
    ? `{"id":"fc_${answer.id}","type":"function_call","status":"${status}","arguments":"${said}","call_id":"call_${answer.id}","name":${asciiJson(answer.tool.name)}}`
    : `{"id":"msg_${answer.id}","type":"message","status":"${status}","content":[${ended ? part(said) : ""}],"role":"assistant"}`;
}

function response(answer: SimAnswer, status: "in_progress" | "completed" | "incomplete", output: string): string {
  const echo = answer.call.echo ?? {};
  const said = (name: string, otherwise: string) => (echo[name] === undefined ? otherwise : asciiJson(echo[name]));
  return (
    `{"id":"resp_${answer.id}","object":"response","created_at":${answer.createdS},"status":"${status}","background":false,` +
    `"error":null,"incomplete_details":${status === "incomplete" ? `{"reason":"max_output_tokens"}` : "null"},` +
    `"instructions":${said("instructions", "null")},"max_output_tokens":${said("max_output_tokens", "null")},"max_tool_calls":null,` +
    `"model":${answer.modelJson},"output":${output},"parallel_tool_calls":${said("parallel_tool_calls", "true")},` +
    `"previous_response_id":${said("previous_response_id", "null")},"reasoning":${said("reasoning", `{"effort":null,"summary":null}`)},` +
    `"service_tier":"default","store":${said("store", "true")},"temperature":${said("temperature", "1")},` +
    `"text":${said("text", `{"format":{"type":"text"}}`)},"tool_choice":${said("tool_choice", `"auto"`)},"tools":${said("tools", "[]")},` +
    `"top_p":${said("top_p", "1")},"truncation":"disabled","usage":${status === "in_progress" ? "null" : responsesUsage(answer)},` +
    `"user":${said("user", "null")},"metadata":${said("metadata", "{}")}}`
  );
}
