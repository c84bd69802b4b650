import type { SimAnswer } from "./sim-answer.ts";
import { openAiErrorJson } from "./sim-error-body.ts";
import { chatUsageMember } from "./sim-openai-usage.ts";
import type { SimWire } from "./sim-wire.ts";

/** POST /v1/completions, the old text completions. */
export const completionWire: SimWire = {
  whole(answer) {
    const text = answer.text.piece(0, answer.text.tokens);
    let choices = "";
    for (let index = 0; index < answer.call.choices; index++)
      choices += (index === 0 ? "" : ",") + choice(index, text, finishReason(answer));
    return `{${head(answer)},"choices":[${choices}]${chatUsageMember(answer)}}`;
  },
  opening: () => "",
  delta: (answer, from, to) => chunks(answer, answer.text.piece(from, to), "null"),
  closing(answer) {
    const usage = chatUsageMember(answer);
    const counted = answer.call.includeUsage && usage !== "" ? `data: {${head(answer)},"choices":[]${usage}}\n\n` : "";
    return `${chunks(answer, "", finishReason(answer))}${counted}data: [DONE]\n\n`;
  },
  streamError: (refusal) => `data: ${openAiErrorJson(refusal)}\n\n`,
};

function head(answer: SimAnswer): string {
  return `"id":"cmpl-${answer.id}","object":"text_completion","created":${answer.createdS},"model":${answer.modelJson}`;
}

function choice(index: number, text: string, finish: string): string {
  return `{"text":"${text}","index":${index},"logprobs":null,"finish_reason":${finish}}`;
}

function chunks(answer: SimAnswer, text: string, finish: string): string {
  let frames = "";
  for (let index = 0; index < answer.call.choices; index++) {
    frames += `data: {${head(answer)},"choices":[${choice(index, text, finish)}]${answer.call.includeUsage ? `,"usage":null` : ""}}\n\n`;
  }
  return frames;
}

function finishReason(answer: SimAnswer): string {
  return answer.cut ? `"length"` : `"stop"`;
}
