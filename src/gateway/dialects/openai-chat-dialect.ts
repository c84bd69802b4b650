import { type Dialect, member, textBytes } from "./dialect.ts";
import { openaiErrorBody } from "./openai-errors.ts";
import { chatTemplate } from "./template-answer.ts";

export const openaiChatDialect: Dialect = {
  path: "/v1/chat/completions",
  provider: "openai",
  usage: "openai-chat",
  operation: "chat",
  limitOutput(tokens, provider, has) {
    const present = ["max_tokens", "max_completion_tokens"].filter(has);
    // OpenAI refuses both at once; who knows only max_tokens passes over the other, and writes as long as it likes.
    const own = present.length === 0 || provider.maxTokensField === "max_tokens" ? [provider.maxTokensField] : [];
    return [...new Set([...present, ...own])].map((key) => ({ key, value: String(tokens) }));
  },
  askForUsage({ stream, streamOptions }) {
    if (!stream) return undefined;
    const options = typeof streamOptions === "object" && streamOptions !== null ? streamOptions : {};
    if (member(options, "include_usage") === true) return undefined;
    return { key: "stream_options", value: JSON.stringify({ ...options, include_usage: true }) };
  },
  isLast: (data) => data === "[DONE]",
  isUsageOnly: (payload) => {
    const choices = member(payload, "choices");
    const usage = member(payload, "usage");
    return Array.isArray(choices) && choices.length === 0 && typeof usage === "object" && usage !== null;
  },
  producedBytes(payload) {
    const choices = member(payload, "choices");
    if (!Array.isArray(choices)) return 0;
    return choices.reduce((sum: number, choice) => sum + textBytes(member(choice, "delta") ?? member(choice, "message")), 0);
  },
  isFailure: (payload) => member(payload, "error") !== undefined && member(payload, "error") !== null,
  templateAnswer: chatTemplate,
  errorBody: openaiErrorBody,
  errorEvent: (problem, details) => `data: ${openaiErrorBody(problem, details)}\n\n`,
};
