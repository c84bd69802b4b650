import type { Dialect } from "./dialect.ts";
import { openaiErrorBody } from "./openai-errors.ts";

export const openaiEmbeddingsDialect: Dialect = {
  path: "/v1/embeddings",
  provider: "openai",
  usage: "openai-embeddings",
  operation: "embeddings",
  limitOutput: () => [],
  askForUsage: () => undefined,
  isLast: () => false,
  isUsageOnly: () => false,
  producedBytes: () => 0,
  isFailure: () => false,
  errorBody: openaiErrorBody,
  errorEvent: (problem, details) => `data: ${openaiErrorBody(problem, details)}\n\n`,
};
