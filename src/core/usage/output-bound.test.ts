import { describe, expect, it } from "vitest";
import { boundOutput } from "./output-bound.ts";

const NOTHING_BEYOND = { tokens: 0, leastLimit: 0 };

describe("boundOutput", () => {
  it("reads the field of each dialect", () => {
    expect(boundOutput("openai-chat", { max_tokens: 5 })).toEqual({
      outcome: "bounded",
      tokensPerChoice: 5,
      field: "max_tokens",
      statedIn: ["max_tokens"],
      beyondLimit: NOTHING_BEYOND,
      choices: 1,
    });
    expect(boundOutput("openai-responses", { max_output_tokens: 6 })).toEqual({
      outcome: "bounded",
      tokensPerChoice: 6,
      field: "max_output_tokens",
      statedIn: ["max_output_tokens"],
      beyondLimit: NOTHING_BEYOND,
      choices: 1,
    });
    expect(boundOutput("anthropic-messages", { max_tokens: 7 })).toEqual({
      outcome: "bounded",
      tokensPerChoice: 7,
      field: "max_tokens",
      statedIn: ["max_tokens"],
      beyondLimit: NOTHING_BEYOND,
      choices: 1,
    });
    expect(boundOutput("openai-embeddings", {})).toEqual({
      ...{ outcome: "bounded", tokensPerChoice: 0, field: "input", statedIn: [], beyondLimit: NOTHING_BEYOND, choices: 1 },
    });
  });

  it("takes the larger of two fields, since providers differ in which one they heed", () => {
    expect(boundOutput("openai-chat", { max_tokens: 5, max_completion_tokens: 3 })).toMatchObject({
      tokensPerChoice: 5,
      field: "max_tokens",
    });
  });

  it("counts choices, those that are generated and thrown away included", () => {
    expect(boundOutput("openai-chat", { max_tokens: 5, n: 2 })).toMatchObject({ choices: 2 });
    expect(boundOutput("openai-chat", { n: 2, best_of: 4 })).toEqual({ outcome: "absent", choices: 4, beyondLimit: NOTHING_BEYOND });
  });

  it("adds a prediction, which is billed as output when it does not come true", () => {
    const prediction = { type: "content", content: "häuser" };
    expect(boundOutput("openai-chat", { max_tokens: 5, prediction })).toMatchObject({ tokensPerChoice: 5, beyondLimit: { tokens: 7 } });
    expect(
      boundOutput("openai-chat", {
        prediction: {
          content: [
            { type: "text", text: "ab" },
            { type: "text", text: "c" },
          ],
        },
      }),
    ).toMatchObject({ beyondLimit: { tokens: 3 } });
  });

  it.each<[string, Record<string, unknown>]>([
    ["DashScope's and SiliconFlow's", { enable_thinking: true, thinking_budget: 900 }],
    ["Z.ai's", { thinking: { type: "enabled", budget_tokens: 900 } }],
    ["OpenRouter's", { reasoning: { max_tokens: 900 } }],
    ["Gemini's", { extra_body: { google: { thinking_config: { thinking_budget: 900 } } } }],
    ["vLLM's", { chat_template_kwargs: { thinking_budget: 900 } }],
  ])("adds %s thinking budget, since not every provider counts thinking into its limit", (_, options) => {
    const beyondLimit = { tokens: 900, leastLimit: 0 };
    expect(boundOutput("openai-chat", { max_tokens: 5, ...options })).toMatchObject({ tokensPerChoice: 5, beyondLimit });
    expect(boundOutput("openai-chat", options)).toMatchObject({ outcome: "absent", beyondLimit });
  });

  it("leaves Anthropic's thinking inside of its limit, which then may not be lowered below it, unless it is larger", () => {
    const thinking = (budget_tokens: number) => ({ thinking: { type: "enabled", budget_tokens } });
    expect(boundOutput("anthropic-messages", { max_tokens: 2_000, ...thinking(1_500) })).toMatchObject({
      beyondLimit: { tokens: 0, leastLimit: 1_501 },
    });
    expect(boundOutput("anthropic-messages", { max_tokens: 2_000, ...thinking(8_000) })).toMatchObject({
      beyondLimit: { tokens: 8_000, leastLimit: 0 },
    });
  });

  it("takes Gemini's -1 for thinking inside of the limit, and no other number below zero", () => {
    const google = (thinking_budget: unknown) => ({ extra_body: { google: { thinking_config: { thinking_budget } } } });
    expect(boundOutput("openai-chat", { max_tokens: 5, ...google(-1) })).toMatchObject({ beyondLimit: NOTHING_BEYOND });
    expect(boundOutput("openai-chat", { max_tokens: 5, ...google(-2) })).toMatchObject({ outcome: "invalid", field: "thinking_budget" });
  });

  it("refuses thinking beside the limit that has no budget of its own", () => {
    for (const more of [
      { enable_thinking: true },
      { extra_body: { enable_thinking: true } },
      { enable_thinking: true, thinking_budget: 0 },
    ]) {
      expect(boundOutput("openai-chat", { max_tokens: 5, ...more })).toMatchObject({ outcome: "invalid", field: "enable_thinking" });
    }
    expect(boundOutput("openai-chat", { max_tokens: 5, enable_thinking: false })).toMatchObject({ outcome: "bounded" });
  });

  it("takes what a message or a tool calls a thinking budget for the caller's own words", () => {
    const body = { max_tokens: 5, messages: [{ thinking_budget: 9 }], tools: [{ budget_tokens: 9 }], metadata: { thinking_budget: 9 } };
    expect(boundOutput("openai-chat", body)).toMatchObject({ beyondLimit: NOTHING_BEYOND });
  });

  it("takes null for absent", () => {
    expect(boundOutput("openai-chat", { max_tokens: null, n: null })).toEqual({
      outcome: "absent",
      choices: 1,
      beyondLimit: NOTHING_BEYOND,
    });
  });

  it.each([
    ["max_tokens", -1],
    ["max_tokens", 1.5],
    ["max_tokens", "5"],
    ["max_tokens", 10_000_001],
    ["max_completion_tokens", Number.POSITIVE_INFINITY],
    ["n", 0],
    ["n", 2_000],
    ["best_of", true],
  ])("calls %s of %s invalid", (field, value) => {
    expect(boundOutput("openai-chat", { [field]: value })).toMatchObject({ outcome: "invalid", field });
  });
});
