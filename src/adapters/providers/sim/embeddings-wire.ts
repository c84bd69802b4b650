import { InvariantError } from "../../../core/invariant.ts";
import type { SimAnswer } from "./sim-answer.ts";
import type { EmbeddingRequest } from "./sim-call.ts";
import type { SimWire } from "./sim-wire.ts";

/** Dimensions that one word touches. */
const PER_WORD = 8;

/** POST /v1/embeddings; has no streams. */
export const embeddingsWire: SimWire = {
  whole(answer) {
    const request = answer.call.embedding!;
    const data = request.inputs.map((input, index) => `{"object":"embedding","index":${index},"embedding":${vectorJson(input, request)}}`);
    return `{"object":"list","data":[${data.join(",")}],"model":${answer.modelJson}${usageMember(answer)}}`;
  },
  opening: noStream,
  delta: noStream,
  closing: noStream,
  streamError: noStream,
};

function noStream(): string {
  throw new InvariantError("embeddings are not streamed");
}

function usageMember(answer: SimAnswer): string {
  if (answer.usage === "none") return "";
  return `,"usage":${answer.usage === "counted" ? `{"prompt_tokens":${answer.inputTokens},"total_tokens":${answer.inputTokens}}` : answer.usage.literal}`;
}

function vectorJson(input: string | readonly number[], request: EmbeddingRequest): string {
  const vector = embed(input, request.dimensions);
  return request.base64 ? `"${Buffer.from(vector.buffer).toString("base64")}"` : `[${vector.join(",")}]`;
}

/**
 * A unit vector made of the words: the same text always has the same one, and texts that share words are near each other, which is all
 * that a semantic cache or a vector store needs from a stand-in.
 */
export function embed(input: string | readonly number[], dimensions: number): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(dimensions);
  const words = typeof input === "string" ? (input.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) : input;
  for (const word of words) {
    let hash = hashOf(String(word));
    for (let turn = 0; turn < PER_WORD; turn++) {
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + turn;
      const at = (hash >>> 1) % dimensions;
      vector[at]! += hash & 1 ? 1 : -1;
    }
  }
  let squares = 0;
  for (const part of vector) squares += part * part;
  const length = Math.sqrt(squares);
  if (length === 0) vector[0] = 1;
  else for (let at = 0; at < dimensions; at++) vector[at]! /= length;
  return vector;
}

/** FNV-1a over UTF-16 units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash;
}
