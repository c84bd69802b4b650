import { describe, expect, it } from "vitest";
import { boundInput } from "./input-bound.ts";
import type { CallDialect } from "./usage.ts";

const bytesOf = (body: unknown) => Buffer.byteLength(JSON.stringify(body));
const bound = (dialect: CallDialect, body: Record<string, unknown>) => boundInput(dialect, body, bytesOf(body));
const message = (...content: unknown[]) => ({ model: "m", messages: [{ role: "user", content }] });
const tokens = (dialect: CallDialect, body: Record<string, unknown>) => {
  const found = bound(dialect, body);
  return found.outcome === "bounded" ? found.inputTokens : found;
};
const BASE64 = "iVBORw0K".repeat(100_000);

describe("boundInput", () => {
  it("bounds text by its bytes, and a chat by what providers put before it", () => {
    const body = { model: "m", messages: [{ role: "user", content: "hällo" }] };
    expect(bound("openai-chat", body)).toEqual({
      ...{
        outcome: "bounded",
        inputTokens: bytesOf(body) + 1_000,
        takesAudio: false,
        givesAudio: false,
        mayUseImages: false,
        webSearches: 0,
      },
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
    expect(bound("openai-chat", body)).toMatchObject({ inputTokens: bytesOf(body) + 1_000, takesAudio: true, givesAudio: false });
    expect(bound("openai-chat", { ...message(), modalities: ["text", "audio"] })).toMatchObject({ takesAudio: false, givesAudio: true });
    const gemini = { ...message(), extra_body: { google: { response_modalities: ["AUDIO"] } } };
    expect(bound("openai-chat", gemini)).toMatchObject({ givesAudio: true });
    expect(bound("openai-chat", message({ input_audio: { data: "AAAA" } }))).toMatchObject({ takesAudio: true });
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

  it.each<[string, CallDialect, Record<string, unknown>]>([
    ["an earlier response", "openai-responses", { previous_response_id: "r" }],
    ["a conversation", "openai-responses", { conversation: { id: "c" } }],
    ["a stored prompt", "openai-responses", { prompt: { id: "p" } }],
    ["a reference to an item", "openai-responses", { input: [{ type: "item_reference", id: "i" }] }],
    ["Gemini's stored context", "openai-chat", { extra_body: { google: { cached_content: "cachedContents/1" } } }],
    ["Gemini's stored context at the top", "openai-chat", { cachedContent: "cachedContents/1" }],
    ["a film behind an image's name", "openai-chat", message({ type: "image_url", image_url: { url: "gs://a/b.mp4" } })],
    [
      "a document behind an image's name",
      "openai-chat",
      message({ type: "image_url", image_url: { url: "data:application/pdf;base64,x" } }),
    ],
    ["an address in place of audio", "openai-chat", message({ type: "input_audio", input_audio: { data: "https://a/b.mp3" } })],
    ["a video without a type", "openai-chat", message({ video_url: { url: "https://a/b" } })],
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

  it.each<[string, CallDialect, Record<string, unknown>]>([
    ["a search in a chat", "openai-chat", { web_search_options: {} }],
    ["xAI's live search", "openai-chat", { search_parameters: { mode: "auto" } }],
    ["a plugin of OpenRouter", "openai-chat", { plugins: [{ id: "web" }] }],
    ["DashScope's search", "openai-chat", { enable_search: true }],
    ["how DashScope searches", "openai-chat", { search_options: { forced_search: true } }],
    ["a search that is only switched on", "openai-chat", { web_search: true }],
    ["a search with settings of its own", "openai-chat", { web_search: {} }],
    ["Azure's search in one's own data", "openai-chat", { data_sources: [{ type: "azure_search" }] }],
    ["Gemini's search", "openai-chat", { tools: [{ google_search: {} }] }],
    ["Gemini's reading of addresses", "openai-chat", { tools: [{ url_context: {} }] }],
    ["Gemini's running of code", "openai-chat", { tools: [{ code_execution: {} }] }],
    ["a tool without a type", "openai-chat", { tools: [{ function: { name: "f" } }] }],
    ["a tool without a type, as Anthropic's are", "openai-responses", { tools: [{ name: "f", input_schema: {} }] }],
    ["a tool of Anthropic's shape without a schema", "anthropic-messages", { tools: [{ name: "web_search" }] }],
    ["a tool that is no object", "openai-chat", { tools: ["web_search"] }],
    ["a search beside a function", "openai-chat", { tools: [{ type: "function", function: { name: "f" }, googleSearch: {} }] }],
    ["a search within a namespace", "openai-responses", { tools: [{ type: "namespace", name: "n", tools: [{ type: "mcp" }] }] }],
    ["a search that a proxy lifts up", "openai-chat", { extra_body: { enable_search: true } }],
    ["a tool that a proxy lifts up", "openai-chat", { extra_body: { tools: [{ google_search: {} }] } }],
    ["other models to answer", "openai-chat", { models: ["a", "b"] }],
    ["another route", "openai-chat", { route: "fallback" }],
    ["a choice of sellers", "openai-chat", { provider: { order: ["dear"] } }],
    ["a stored choice of model", "anthropic-messages", { preset: "mine" }],
    ["other models for embeddings", "openai-embeddings", { models: ["a"] }],
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

  it.each<[string, Record<string, unknown>]>([
    ["an id alone", { id: "msg_1" }],
    ["an id and no type", { id: "msg_1", type: null }],
    ["a message without its content", { id: "msg_1", type: "message", role: "assistant", content: [] }],
    ["a message without a type or content", { id: "msg_1", role: "user", content: "" }],
    ["a call without its arguments", { id: "fc_1", type: "function_call" }],
    ["an image that is not there", { id: "ig_1", type: "image_generation_call", result: null }],
    ["code that was run", { id: "ci_1", type: "code_interpreter_call", code: "1", outputs: [{ type: "logs", logs: "1" }] }],
    ["a file search", { id: "fs_1", type: "file_search_call", queries: ["q"], results: null }],
    ["a web search", { type: "web_search_call", action: { type: "search" } }],
    ["hidden reasoning", { id: "rs_1", type: "reasoning", summary: [] }],
    ["hidden reasoning with a summary", { id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text: "short" }] }],
    ["hidden reasoning with an empty secret", { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "" }],
    ["a call of an MCP server", { id: "mcp_1", type: "mcp_call", output: "x" }],
    ["an item that nobody knows", { id: "x_1", type: "oracle", text: "x" }],
    ["an item whose type is no text", { id: "x_1", type: {} }],
  ])("does not bound a Responses input with %s, which the provider has kept", (_, item) => {
    const expected = { outcome: "unbounded", reason: "stored_context", field: "input.id", onePass: true };
    expect(bound("openai-responses", { model: "m", input: [{ role: "user", content: "hi" }, item] })).toEqual(expected);
    expect(bound("openai-responses", { model: "m", input: item })).toEqual(expected);
  });

  it("bounds the items that callers replay: messages, calls of their own tools and their results, encrypted reasoning, images", () => {
    const input = [
      { role: "user", content: "hi" },
      { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "gAAAAABo" },
      {
        id: "msg_1",
        type: "message",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "hi", annotations: [] }],
      },
      { id: "fc_1", type: "function_call", call_id: "call_1", name: "now", arguments: "" },
      { id: "fo_1", type: "function_call_output", call_id: "call_1", output: "" },
      { type: "function_call_output", call_id: "call_1", output: "12:00" },
      { id: "ct_1", type: "custom_tool_call", call_id: "call_2", name: "sql", input: "select 1" },
      { id: "ls_1", type: "local_shell_call", call_id: "call_3", action: { type: "exec", command: ["ls"] } },
    ];
    const body = { model: "m", input };
    expect(tokens("openai-responses", body)).toBe(bytesOf(body) + 1_000);
    const image = { model: "m", input: [{ id: "ig_1", type: "image_generation_call", result: BASE64 }] };
    expect(tokens("openai-responses", image)).toBe(bytesOf(image) - BASE64.length + 51_000);
  });

  it("takes what a caller's own words are called for words", () => {
    const own = { cached_content: "mine", modalities: ["audio"], file_id: "mine" };
    const body = {
      ...{ model: "m", metadata: own, response_format: { type: "json_schema", json_schema: { schema: { properties: own } } } },
      tools: [{ type: "function", function: { name: "f", parameters: { properties: own } } }],
      messages: [
        { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: JSON.stringify(own) } }] },
      ],
    };
    expect(bound("openai-chat", body)).toMatchObject({ outcome: "bounded", givesAudio: false });
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
