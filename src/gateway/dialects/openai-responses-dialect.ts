import { type Dialect, member, textBytes } from "./dialect.ts";
import { openaiErrorBody } from "./openai-errors.ts";
import { responsesTemplate } from "./template-answer.ts";

const LAST = new Set(["response.completed", "response.incomplete", "response.failed"]);

export const openaiResponsesDialect: Dialect = {
  path: "/v1/responses",
  provider: "openai",
  usage: "openai-responses",
  operation: "responses",
  limitOutput: (tokens) => [{ key: "max_output_tokens", value: String(tokens) }],
  askForUsage: () => undefined,
  isLast: (_data, payload) => LAST.has(String(member(payload, "type"))),
  isUsageOnly: () => false,
  producedBytes(payload) {
    const type = String(member(payload, "type"));
    return type.endsWith(".delta") ? textBytes(member(payload, "delta")) : textBytes(member(member(payload, "response"), "output"));
  },
  isFailure: (payload) => ["error", "response.failed"].includes(String(member(payload, "type"))),
  templateAnswer: responsesTemplate,
  errorBody: openaiErrorBody,
  errorEvent: (problem, details) => {
    const event = { type: "error", code: problem.code, message: `${problem.message} ${problem.remedy}`, param: null, ballast: details };
    return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
  },
};
