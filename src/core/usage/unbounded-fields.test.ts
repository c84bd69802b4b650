import { expect, it } from "vitest";
import { boundInput } from "./input-bound.ts";
import { UNBOUNDED_FIELDS, unboundedModel } from "./unbounded-fields.ts";

it.each(
  UNBOUNDED_FIELDS.flatMap((entry) => (entry.dialects === "anywhere" ? [] : entry.dialects.map((dialect) => [entry, dialect] as const))),
)("refuses $field", ({ field, reason, onePass }, dialect) => {
  expect(boundInput(dialect, { model: "m", [field]: { id: "x" } }, 10)).toEqual({ outcome: "unbounded", reason, field, onePass });
  for (const absent of [null, false, []]) expect(boundInput(dialect, { model: "m", [field]: absent }, 10).outcome).toBe("bounded");
});

it("knows models that search, and names that leave the model or its seller to somebody else", () => {
  for (const name of ["gpt-4o-search-preview", "o3-deep-research", "sonar-deep-research", "openai/gpt-4o:online", "groq/compound-mini"]) {
    expect([name, unboundedModel(name)]).toEqual([name, "server_tool"]);
  }
  for (const name of [
    "openrouter/auto",
    "auto",
    "@preset/cheap",
    "openai/gpt-4o@preset/cheap",
    "model-router",
    "meta-llama/llama-3:nitro",
  ]) {
    expect([name, unboundedModel(name)]).toEqual([name, "other_model"]);
  }
  for (const name of ["gpt-4o", "sonar", "openai/gpt-4o", "meta-llama/llama-3:floor", "autoglm", "claude-sonnet-4-5"]) {
    expect([name, unboundedModel(name)]).toEqual([name, undefined]);
  }
});
