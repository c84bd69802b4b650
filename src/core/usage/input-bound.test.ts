import { describe, expect, it } from "vitest";
import { boundInput } from "./input-bound.ts";
import type { UsageDialect } from "./usage.ts";

const bytesOf = (body: unknown) => Buffer.byteLength(JSON.stringify(body));
const bound = (dialect: UsageDialect, body: Record<string, unknown>) => boundInput(dialect, body, bytesOf(body));
const message = (...content: unknown[]) => ({ model: "m", messages: [{ role: "user", content }] });
const tokens = (dialect: UsageDialect, body: Record<string, unknown>) => {
  const found = bound(dialect, body);
  return found.outcome === "bounded" ? found.inputTokens : found;
};
const BASE64 = "iVBORw0K".repeat(100_000);

describe("boundInput", () => {
  it("bounds text by its bytes, and a chat by what providers put before it", () => {
    const body = { model: "m", messages: [{ role: "user", content: "hällo" }] };
    expect(bound("openai-chat", body)).toEqual({
      ...{ outcome: "bounded", inputTokens: bytesOf(body) + 1_000, mayUseAudio: false, mayUseImages: false, webSearches: 0 },
    });
    expect(tokens("openai-embeddings", { model: "m", input: ["a", "b"] })).toBe(bytesOf({ model: "m", input: ["a", "b"] }));
  });

  it("allows for the prompt that tools bring, one more for each tool of the provider's own", () => {
    const body = { ...message(), tools: [{ type: "function", function: { name: "f" } }] };
    expect(tokens("openai-chat", body)).toBe(bytesOf(body) + 2_000);
    const own = {
      ...message(),
      tools: [
        { name: "f", input_schema: {} },
        { type: "bash_20250124", name: "bash" },
      ],
    };
    expect(tokens("anthropic-messages", own)).toBe(bytesOf(own) + 3_000);
  });

  it("bounds an image by a number of tokens, however many bytes it has", () => {
    const chat = message({ type: "image_url", image_url: { url: `data:image/png;base64,${BASE64}` } });
    expect(tokens("openai-chat", chat)).toBe(bytesOf(chat) - BASE64.length + 51_000);
    const responses = {
      model: "m",
      input: [
        {
          role: "user",
          content: [
            { type: "input_image", image_url: "https://a/b.png" },
            { type: "input_image", file_id: "f" },
          ],
        },
      ],
    };
    expect(tokens("openai-responses", responses)).toBe(bytesOf(responses) + 101_000);
    const anthropic = message({ type: "tool_result", content: [{ type: "image", source: { type: "base64", data: BASE64 } }] });
    expect(tokens("anthropic-messages", anthropic)).toBe(bytesOf(anthropic) - BASE64.length + 11_000);
    expect(bound("anthropic-messages", anthropic)).toMatchObject({ mayUseImages: true });
  });

  it("counts text that only pretends to be an image", () => {
    const body = message({ type: "image_url", image_url: { url: `data:image/png,${"tell me more ".repeat(100)}` } });
    expect(tokens("openai-chat", body)).toBe(bytesOf(body) + 51_000);
  });

  it("bounds audio by its bytes, and expects it where it is asked for", () => {
    const body = message({ type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } });
    expect(bound("openai-chat", body)).toMatchObject({ inputTokens: bytesOf(body) + 1_000, mayUseAudio: true });
    expect(bound("openai-chat", { ...message(), modalities: ["text", "audio"] })).toMatchObject({ mayUseAudio: true });
    expect(bound("openai-chat", { ...message(), modalities: ["image"] })).toMatchObject({ mayUseImages: true });
  });

  it("bounds a document of text, and what the caller's own tools say", () => {
    const text = message({ type: "document", source: { type: "text", data: "words" } });
    expect(bound("anthropic-messages", text)).toMatchObject({ outcome: "bounded" });
    const call = {
      model: "m",
      messages: [{ role: "assistant", content: [{ type: "tool_use", input: { type: "file", file_id: "mine" } }] }],
    };
    expect(bound("anthropic-messages", call)).toMatchObject({ outcome: "bounded" });
    const schema = {
      ...message(),
      tools: [{ type: "function", function: { name: "f", parameters: { properties: { file_id: { type: "string" } } } } }],
    };
    expect(bound("openai-chat", schema)).toMatchObject({ outcome: "bounded" });
  });

  it.each<[string, UsageDialect, Record<string, unknown>]>([
    ["an earlier response", "openai-responses", { previous_response_id: "r" }],
    ["a conversation", "openai-responses", { conversation: { id: "c" } }],
    ["a stored prompt", "openai-responses", { prompt: { id: "p" } }],
    ["a reference to an item", "openai-responses", { input: [{ type: "item_reference", id: "i" }] }],
    ["a file", "openai-responses", { input: [{ role: "user", content: [{ type: "input_file", file_data: "x" }] }] }],
    ["a PDF in a chat", "openai-chat", message({ type: "file", file: { file_data: "x" } })],
    ["a video", "openai-chat", message({ type: "video_url", video_url: { url: "https://a/b" } })],
    ["an earlier spoken answer", "openai-chat", { messages: [{ role: "assistant", audio: { id: "a" } }] }],
    ["audio behind an address", "openai-chat", message({ type: "audio_url", audio_url: { url: "https://a/b" } })],
    ["a document of pages", "anthropic-messages", message({ type: "document", source: { type: "base64", data: "x" } })],
    ["a document behind an address", "anthropic-messages", message({ type: "document", source: { type: "url", url: "https://a/b" } })],
    ["an uploaded file", "anthropic-messages", message({ type: "tool_result", content: [{ type: "thing", file_id: "f" }] })],
  ])("does not bound %s, which the model reads once", (_, dialect, body) => {
    expect(bound(dialect, body)).toMatchObject({ outcome: "unbounded", onePass: true });
  });

  it.each<[string, UsageDialect, Record<string, unknown>]>([
    ["a search in a chat", "openai-chat", { web_search_options: {} }],
    ["xAI's live search", "openai-chat", { search_parameters: { mode: "auto" } }],
    ["a plugin of OpenRouter", "openai-chat", { plugins: [{ id: "web" }] }],
    ["a model that searches by itself", "openai-chat", { model: "gpt-4o-search-preview" }],
    ["a tool of Groq", "openai-chat", { tools: [{ type: "browser_search" }] }],
    ["a web search", "openai-responses", { tools: [{ type: "web_search_preview" }] }],
    ["a file search", "openai-responses", { tools: [{ type: "file_search" }] }],
    ["a code interpreter", "openai-responses", { tools: [{ type: "code_interpreter" }] }],
    ["an MCP server", "openai-responses", { tools: [{ type: "mcp" }] }],
    ["a hosted shell", "openai-responses", { tools: [{ type: "shell", environment: { type: "container_auto" } }] }],
    ["a tool that nobody knows", "openai-responses", { tools: [{ type: "oracle" }] }],
    ["Anthropic's web search", "anthropic-messages", { tools: [{ type: "web_search_20250305" }] }],
    ["Anthropic's web fetch", "anthropic-messages", { tools: [{ type: "web_fetch_20250910" }] }],
    ["Anthropic's code execution", "anthropic-messages", { tools: [{ type: "code_execution_20250825" }] }],
    ["Anthropic's MCP servers", "anthropic-messages", { mcp_servers: [{ url: "https://a" }] }],
    ["a container", "anthropic-messages", { container: "c" }],
    ["a fallback to another model", "anthropic-messages", { fallbacks: [{ model: "x" }] }],
    ["compaction", "anthropic-messages", { context_management: { edits: [{ type: "compact_20260112" }] } }],
  ])("does not bound %s, for which a model may read many times", (_, dialect, body) => {
    expect(bound(dialect, body)).toMatchObject({ outcome: "unbounded", onePass: false });
  });

  it("takes null, false and empty lists for absent", () => {
    const body = { input: "hi", previous_response_id: null, conversation: null, prompt: null, tools: [], mcp_servers: [] };
    expect(bound("openai-responses", body)).toMatchObject({ outcome: "bounded" });
    expect(bound("anthropic-messages", { ...message(), mcp_servers: [] })).toMatchObject({ outcome: "bounded" });
  });

  it("gives up on a body of ten thousand levels, without a stack of them", () => {
    let nested: unknown = "x";
    for (let level = 0; level < 10_000; level++) nested = [nested];
    expect(boundInput("openai-chat", { messages: nested }, 20_000)).toMatchObject({ outcome: "unbounded", reason: "nesting" });
  });

  it("reads a hundred thousand parts in linear time", () => {
    const body = message(...Array.from({ length: 100_000 }, () => ({ type: "text", text: "x" })));
    const started = performance.now();
    boundInput("openai-chat", body, 1);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
