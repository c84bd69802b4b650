import type { SimDirective } from "./sim-directive.ts";

export type SimEndpoint = "chat" | "completions" | "responses" | "embeddings" | "messages" | "count_tokens";

/** A request that has passed the checks, reduced to what its answer depends on. */
export interface SimCall {
  readonly endpoint: SimEndpoint;
  readonly model: string;
  readonly stream: boolean;
  /** Whether a stream ends with its usage: asked for in chat, always so elsewhere. */
  readonly includeUsage: boolean;
  readonly choices: number;
  readonly promptTokens: number;
  readonly maxOutputTokens: number | undefined;
  readonly directive: SimDirective | undefined;
  /** The tool that the answer has to call. */
  readonly tool: SimTool | undefined;
  readonly embedding: EmbeddingRequest | undefined;
  /** What a Responses answer repeats of its request. */
  readonly echo: Readonly<Record<string, unknown>> | undefined;
}

export interface SimTool {
  readonly name: string;
  /** JSON Schema of its arguments. */
  readonly schema: unknown;
}

export interface EmbeddingRequest {
  readonly inputs: readonly (string | readonly number[])[];
  readonly base64: boolean;
  readonly dimensions: number;
}
