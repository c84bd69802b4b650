import type { SimAnswer } from "./sim-answer.ts";

/** The member `"usage":{...}` with its comma, as chat and text completions say it; empty where the directive leaves it out. */
export function chatUsageMember(answer: SimAnswer): string {
  if (answer.usage === "none") return "";
  return `,"usage":${answer.usage === "counted" ? chatUsage(answer) : answer.usage.literal}`;
}

function chatUsage(answer: SimAnswer): string {
  const output = answer.outputTokens * answer.call.choices;
  return (
    `{"prompt_tokens":${answer.inputTokens},"completion_tokens":${output},"total_tokens":${answer.inputTokens + output},` +
    `"prompt_tokens_details":{"cached_tokens":${answer.cachedTokens},"audio_tokens":0},` +
    `"completion_tokens_details":{"reasoning_tokens":${answer.reasoningTokens * answer.call.choices},"audio_tokens":0,` +
    `"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`
  );
}

/** As the Responses API says it, or "null". */
export function responsesUsage(answer: SimAnswer): string {
  if (answer.usage === "none") return "null";
  if (answer.usage !== "counted") return answer.usage.literal;
  return (
    `{"input_tokens":${answer.inputTokens},"input_tokens_details":{"cached_tokens":${answer.cachedTokens}},` +
    `"output_tokens":${answer.outputTokens},"output_tokens_details":{"reasoning_tokens":${answer.reasoningTokens}},` +
    `"total_tokens":${answer.inputTokens + answer.outputTokens}}`
  );
}
