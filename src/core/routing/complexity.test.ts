import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { viewPrompt } from "../prompt/prompt-view.ts";
import { COMPLEXITY_FEATURES, heuristicComplexity, promptFacts } from "./complexity.ts";

const ask = (content: string, more: object = {}) =>
  heuristicComplexity(promptFacts(viewPrompt("openai-chat", { messages: [{ role: "user", content }], ...more })!));

describe("the complexity of a call", () => {
  it("is between 0 and 1, and the same each time, for any prompt", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), fc.nat(50), fc.boolean(), (text, tools, structured) => {
        const more = {
          tools: Array.from({ length: tools }, () => ({})),
          ...(structured ? { response_format: { type: "json_object" } } : {}),
        };
        const complexity = ask(text, more);
        expect(complexity).toBeGreaterThanOrEqual(0);
        expect(complexity).toBeLessThanOrEqual(1);
        expect(ask(text, more)).toBe(complexity);
      }),
      { seed: 41 },
    );
  });

  it("is low for small talk and a simple question, and high for a hard one", () => {
    expect(ask("What is the capital of France?")).toBeLessThan(0.2);
    expect(ask("Translate to French: good morning")).toBeLessThan(0.2);
    const hard =
      "Prove that the algorithm is optimal and explain why. Compare it step by step with:\n```python\ndef f(n): return n ** 2\n```\n1. derive the equation\n2. calculate the probability\n3. justify both";
    expect(ask(hard)).toBeGreaterThan(0.7);
  });

  it("rises with tools, a form of the answer, turns, length and other languages", () => {
    const simple = ask("Tell me about your day");
    expect(ask("Tell me about your day", { tools: [{}, {}, {}] })).toBeGreaterThan(simple);
    expect(ask("Tell me about your day", { response_format: { type: "json_schema" } })).toBeGreaterThan(simple);
    expect(ask("Tell me about your day. ".repeat(100))).toBeGreaterThan(simple);
    expect(ask("Расскажи мне о своём дне, пожалуйста")).toBeGreaterThan(simple);
    const turns = Array.from({ length: 6 }, () => ({ role: "user", content: "Tell me about your day" }));
    expect(heuristicComplexity(promptFacts(viewPrompt("openai-chat", { messages: turns })!))).toBeGreaterThan(simple);
  });

  it("reads the same prompt the same in each dialect", () => {
    const text = "Explain why 17 + 4 = 21, step by step.";
    const inParts = [{ role: "user", content: [{ type: "text", text }] }];
    expect(heuristicComplexity(promptFacts(viewPrompt("anthropic-messages", { messages: inParts })!))).toBe(ask(text));
    expect(heuristicComplexity(promptFacts(viewPrompt("openai-responses", { input: text })!))).toBe(ask(text));
  });

  it("has weights between 0 and 1, each with its meaning", () => {
    for (const { weight, meaning } of Object.values(COMPLEXITY_FEATURES)) {
      expect(weight).toBeGreaterThan(0);
      expect(weight).toBeLessThan(1);
      expect(meaning).toMatch(/\.$/);
    }
  });
});
