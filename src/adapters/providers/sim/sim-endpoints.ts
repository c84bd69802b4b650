import { chatWire } from "./chat-wire.ts";
import { completionWire } from "./completion-wire.ts";
import { embeddingsWire } from "./embeddings-wire.ts";
import { messagesWire } from "./messages-wire.ts";
import { readCountTokensCall, readMessagesCall } from "./read-anthropic-call.ts";
import { readChatCall, readCompletionCall, readEmbeddingsCall, readResponsesCall } from "./read-openai-call.ts";
import { responsesWire } from "./responses-wire.ts";
import type { SimCall, SimEndpoint } from "./sim-call.ts";
import type { SimWire } from "./sim-wire.ts";

export type SimDialect = "openai" | "anthropic";

export interface SimDoor {
  readonly endpoint: SimEndpoint;
  readonly dialect: SimDialect;
  /** @throws SimRefusal */
  readonly read: (body: Readonly<Record<string, unknown>>) => SimCall;
  /** undefined: the answer is the number of tokens in the request. */
  readonly wire: SimWire | undefined;
}

/** Every address that takes a POST. */
export const SIM_DOORS: ReadonlyMap<string, SimDoor> = new Map<string, SimDoor>([
  ["/v1/chat/completions", { endpoint: "chat", dialect: "openai", read: readChatCall, wire: chatWire }],
  ["/v1/completions", { endpoint: "completions", dialect: "openai", read: readCompletionCall, wire: completionWire }],
  ["/v1/responses", { endpoint: "responses", dialect: "openai", read: readResponsesCall, wire: responsesWire }],
  ["/v1/embeddings", { endpoint: "embeddings", dialect: "openai", read: readEmbeddingsCall, wire: embeddingsWire }],
  ["/v1/messages", { endpoint: "messages", dialect: "anthropic", read: readMessagesCall, wire: messagesWire }],
  ["/v1/messages/count_tokens", { endpoint: "count_tokens", dialect: "anthropic", read: readCountTokensCall, wire: undefined }],
]);
