import { MODEL } from "./bench-server.ts";

/** A chat request of so many bytes, whose answer may have so many tokens. */
export function chatBody(bytes: number, maxTokens: number, stream = false): string {
  const body = (content: string) =>
    JSON.stringify({ model: MODEL, max_tokens: maxTokens, ...(stream ? { stream } : {}), messages: [{ role: "user", content }] });
  return body("words and ".repeat(Math.ceil(bytes / 10)).slice(0, bytes - body("").length));
}
