import { anthropicMessagesDialect } from "./anthropic-messages-dialect.ts";
import type { Dialect } from "./dialect.ts";
import { openaiChatDialect } from "./openai-chat-dialect.ts";
import { openaiEmbeddingsDialect } from "./openai-embeddings-dialect.ts";
import { openaiResponsesDialect } from "./openai-responses-dialect.ts";

export const DIALECTS: readonly Dialect[] = [openaiChatDialect, openaiResponsesDialect, openaiEmbeddingsDialect, anthropicMessagesDialect];
