import { describe, expect, it } from "vitest";
import type { LeverStates } from "./lever-state.ts";
import { leversInForce, NO_LEVERS } from "./levers-in-force.ts";

const at = (levers: Record<string, number>) => ({
  levers: Object.fromEntries(Object.entries(levers).map(([id, value]) => [id, { value, before: value, failures: 0 }])) as LeverStates,
});
const call = { useCase: "copilot", provider: "openai", models: ["gpt-4o"] };

describe("the levers in force for a call", () => {
  it("are those of its use case, its provider and its model, the cheapest value of each", () => {
    const states = new Map([
      ["use_case:copilot", at({ small_model_share: 25, response_cap_tokens: 700 })],
      ["provider:openai", at({ small_model_share: 50 })],
      ["model:gpt-4o", at({ response_cap_tokens: 350 })],
      ["use_case:another", at({ cache_only: 1 })],
    ]);
    expect(leversInForce(states, call)).toEqual({ small_model_share: 50, response_cap_tokens: 350 });
    expect(leversInForce(states, { ...call, useCase: undefined })).toEqual({ small_model_share: 50, response_cap_tokens: 350 });
  });

  it("leave out what stands at off, and are none where nothing is turned", () => {
    expect(leversInForce(new Map([["use_case:copilot", at({ small_model_share: 0 })]]), call)).toBe(NO_LEVERS);
    expect(leversInForce(new Map(), call)).toBe(NO_LEVERS);
  });
});
