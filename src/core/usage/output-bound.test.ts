import { describe, expect, it } from "vitest";
import { boundOutput } from "./output-bound.ts";

describe("boundOutput", () => {
  it("reads the field of each dialect", () => {
    expect(boundOutput("openai-chat", { max_tokens: 5 })).toEqual({
      outcome: "bounded",
      tokensPerChoice: 5,
      choices: 1,
      field: "max_tokens",
    });
    expect(boundOutput("openai-responses", { max_output_tokens: 6 })).toEqual({
      outcome: "bounded",
      tokensPerChoice: 6,
      choices: 1,
      field: "max_output_tokens",
    });
    expect(boundOutput("anthropic-messages", { max_tokens: 7 })).toEqual({
      outcome: "bounded",
      tokensPerChoice: 7,
      choices: 1,
      field: "max_tokens",
    });
    expect(boundOutput("openai-embeddings", {})).toEqual({ outcome: "bounded", tokensPerChoice: 0, choices: 1, field: "input" });
  });

  it("takes the larger of two fields, since providers differ in which one they heed", () => {
    expect(boundOutput("openai-chat", { max_tokens: 5, max_completion_tokens: 3 })).toMatchObject({
      tokensPerChoice: 5,
      field: "max_tokens",
    });
  });

  it("counts choices, those that are generated and thrown away included", () => {
    expect(boundOutput("openai-chat", { max_tokens: 5, n: 2 })).toMatchObject({ choices: 2 });
    expect(boundOutput("openai-chat", { n: 2, best_of: 4 })).toEqual({ outcome: "absent", choices: 4, predictionTokens: 0 });
  });

  it("adds a prediction, which is billed as output when it does not come true", () => {
    const prediction = { type: "content", content: "häuser" };
    expect(boundOutput("openai-chat", { max_tokens: 5, prediction })).toMatchObject({ tokensPerChoice: 12 });
    expect(
      boundOutput("openai-chat", {
        prediction: {
          content: [
            { type: "text", text: "ab" },
            { type: "text", text: "c" },
          ],
        },
      }),
    ).toMatchObject({ predictionTokens: 3 });
  });

  it("takes null for absent", () => {
    expect(boundOutput("openai-chat", { max_tokens: null, n: null })).toEqual({ outcome: "absent", choices: 1, predictionTokens: 0 });
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
