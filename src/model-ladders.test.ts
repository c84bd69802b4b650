import { expect, it } from "vitest";
import { parseConfig } from "./config/read-config.ts";
import { readPriceFiles } from "./config/read-price-files.ts";
import type { Problem } from "./contract/problem.ts";
import { createPriceBook } from "./core/pricing/price-book.ts";
import { callSettings, servedProvider } from "./from-config.ts";

const PROVIDERS = `
providers:
  - { name: openai, kind: openai, deferred_tier: flex }
  - { name: anthropic, kind: anthropic }
`;
const settingsOf = (text: string) => {
  const config = parseConfig(PROVIDERS + text, "ballast.yaml", { environment: () => undefined });
  const served = config.providers.map((provider) => servedProvider(provider, undefined));
  return { served, settings: callSettings(config, served, createPriceBook(readPriceFiles())) };
};
const refusalOf = (text: string) => {
  try {
    settingsOf(text);
  } catch (error) {
    const { code, details } = error as Problem;
    return {
      code,
      told: (details.problems as { setting: string; message: string }[]).map(({ setting, message }) => `${setting}: ${message}`),
    };
  }
  throw new Error("nothing was refused");
};

it("takes ladders with and without a medium model, the holdout and the deferred tier from the configuration", () => {
  const { served, settings } = settingsOf(`
model_sizes:
  - { small: gpt-4o-mini, medium: gpt-4.1, large: gpt-4o }
  - { small: claude-haiku-4-5, large: claude-opus-4-8, use_cases: [desk] }
controls: { holdout: 5% }
`);
  expect(settings.ladders).toEqual([
    { models: { small: "gpt-4o-mini", medium: "gpt-4.1", large: "gpt-4o" }, useCases: [] },
    { models: { small: "claude-haiku-4-5", large: "claude-opus-4-8" }, useCases: ["desk"] },
  ]);
  expect(settings.holdoutShare).toBe(0.05);
  expect(served.map(({ target }) => target.deferred)).toEqual([{ serviceTier: "flex", headersTimeoutMs: 900_000 }, undefined]);
});

it("holds 2 % out unless it is told otherwise, and nothing at 0", () => {
  expect(settingsOf("").settings.holdoutShare).toBe(0.02);
  expect(settingsOf("controls: { holdout: 0 }").settings.holdoutShare).toBe(0);
  expect(refusalOf("controls: { holdout: 6% }").told[0]).toContain("controls.holdout");
});

it("refuses to start with a ladder that could move nothing, and names each model at fault", () => {
  const { code, told } = refusalOf(
    "model_sizes:\n  - { small: llama-4, medium: gpt-4o-none, large: gpt-4o }\n  - { small: claude-haiku-4-5, large: gpt-4o }",
  );
  expect(code).toBe("config_invalid");
  expect(told).toEqual([
    "model_sizes[0].small: no provider or route serves `llama-4`",
    "model_sizes[0].medium: no price is known for `gpt-4o-none`",
    "model_sizes[1]: its models do not speak one dialect, so that no call can move between them",
  ]);
  expect(refusalOf("model_sizes: [{ small: gpt-4o, large: gpt-4o }]").told).toEqual([
    "model_sizes[0]: names a model twice; each size is another model",
  ]);
});
