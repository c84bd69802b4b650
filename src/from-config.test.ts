import { describe, expect, it } from "vitest";
import { parseConfig } from "./config/read-config.ts";
import { defaultBudgetOf, placesOf, servedProvider } from "./from-config.ts";
import { createRouteTable } from "./gateway/route-table.ts";

const config = parseConfig(
  [
    "default_budget: { limit_usd: 12.5, on_short: fit }",
    "providers:",
    "  - { name: openai-eu, kind: openai, api_key: k }",
    "  - { name: claude, kind: anthropic, api_key: k, headers: { X-Api-Key: other } }",
    "  - { name: house, kind: openai-compatible, base_url: 'http://127.0.0.1:1/v1', models: [tiny] }",
    "routes:",
    "  - { model: best, targets: [{ provider: openai-eu, model: gpt-4o }, { provider: claude, model: claude-sonnet-4-5 }] }",
  ].join("\n"),
  "(test)",
  { environment: () => undefined },
);
const providers = config.providers.map((provider) => servedProvider(provider, undefined));
const routes = createRouteTable(providers, config.routes, () => []);

describe("the configuration as values", () => {
  it("gives a provider its key in the header of its dialect, and lets a header of the file go before it", () => {
    expect(providers.map(({ target }) => target.headers)).toEqual([{ authorization: "Bearer k" }, { "x-api-key": "other" }, {}]);
  });

  it("reads the default budget exactly, and null as none", () => {
    expect(defaultBudgetOf(config)).toMatchObject({ limitNano: 12_500_000_000n, onShort: "fit", window: "month" });
    expect(defaultBudgetOf({ ...config, default_budget: null })).toBeNull();
  });

  it("knows where calls of a model may go, in either dialect, each place once", () => {
    expect(placesOf("best", routes)).toEqual([
      { provider: "openai-eu", model: "gpt-4o", priceList: "openai" },
      { provider: "claude", model: "claude-sonnet-4-5", priceList: "anthropic" },
    ]);
    expect(placesOf("house/any", routes)).toEqual([{ provider: "house", model: "any", priceList: "house" }]);
    expect(placesOf("claude-opus-4-1", routes).map(({ provider }) => provider)).toEqual(["claude"]);
    expect(placesOf("nobody-knows", routes)).toEqual([]);
  });
});
