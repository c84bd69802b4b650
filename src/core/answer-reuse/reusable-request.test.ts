import { describe, expect, it } from "vitest";
import type { CallDialect } from "../usage/usage.ts";
import { mayRepeat, splitRequest } from "./reusable-request.ts";

function written(body: Record<string, unknown>, dialect: CallDialect = "openai-chat") {
  return { dialect, names: Object.keys(body), text: (name: string) => JSON.stringify(body[name]) };
}
const ASKED = {
  model: "m",
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Why?" },
  ],
};

describe("a request", () => {
  it("is its last question and all the rest", () => {
    const split = splitRequest(written(ASKED))!;
    expect(split.question).toBe("Why?");
    expect(split.rest).not.toContain("Why?");
    const other = { ...ASKED, messages: [ASKED.messages[0], { role: "user", content: "How?" }] };
    expect(splitRequest(written(other))).toEqual({ question: "How?", rest: split.rest });
  });

  it.each([
    ["another model", { ...ASKED, model: "n" }],
    ["another system prompt", { ...ASKED, messages: [{ role: "system", content: "Be long." }, ASKED.messages[1]] }],
    ["a parameter", { ...ASKED, temperature: 0 }],
    ["a stream", { ...ASKED, stream: true }],
    ["a name", { ...ASKED, messages: [ASKED.messages[0], { role: "user", name: "Al", content: "Why?" }] }],
    ["the text as a part", { ...ASKED, messages: [ASKED.messages[0], { role: "user", content: [{ type: "text", text: "Why?" }] }] }],
    [
      "a cache mark",
      {
        ...ASKED,
        messages: [ASKED.messages[0], { role: "user", content: [{ type: "text", text: "Why?", cache_control: { type: "ephemeral" } }] }],
      },
    ],
  ])("has another rest with %s", (_, body) => {
    const split = splitRequest(written(body));
    expect(split?.question).toBe("Why?");
    expect(split?.rest).not.toBe(splitRequest(written(ASKED))!.rest);
  });

  it.each([
    ["tools", { ...ASKED, tools: [] }],
    ["an image", { ...ASKED, messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] }],
    [
      "two parts",
      {
        ...ASKED,
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b" },
            ],
          },
        ],
      },
    ],
    ["an answer at its end", { ...ASKED, messages: [...ASKED.messages, { role: "assistant", content: "Because" }] }],
    ["a tool's result in it", { ...ASKED, messages: [{ role: "tool", content: "5", tool_call_id: "t" }, ASKED.messages[1]] }],
    ["tool calls in it", { ...ASKED, messages: [{ role: "assistant", content: "", tool_calls: [] }, ASKED.messages[1]] }],
    ["a member that nobody knows", { ...ASKED, mystery: 1 }],
    ["no messages", { model: "m" }],
  ])("is not split with %s", (_, body) => {
    expect(splitRequest(written(body))).toBeUndefined();
  });

  it("is split in every dialect that asks questions", () => {
    expect(splitRequest(written({ model: "m", input: "Why?" }, "openai-responses"))?.question).toBe("Why?");
    const items = { model: "m", input: [{ role: "user", content: [{ type: "input_text", text: "Why?" }] }] };
    expect(splitRequest(written(items, "openai-responses"))?.question).toBe("Why?");
    expect(splitRequest(written({ ...ASKED, system: "x" }, "anthropic-messages"))?.question).toBe("Why?");
    expect(splitRequest(written({ model: "m", input: "Why?" }, "openai-embeddings"))).toBeUndefined();
  });

  it("may be repeated with tools that its caller runs, and not with a provider's own, or with what a provider remembers", () => {
    expect(mayRepeat(written({ ...ASKED, tools: [{ type: "function" }, { input_schema: {} }] }))).toBe(true);
    for (const more of [
      { tools: [{ type: "web_search" }] },
      { tools: [{ type: "code_interpreter" }] },
      { tools: "all" },
      { previous_response_id: "r" },
      { conversation: "c" },
      { web_search_options: {} },
      { mcp_servers: [] },
    ]) {
      expect([more, mayRepeat(written({ ...ASKED, ...more }))]).toEqual([more, false]);
    }
  });
});
