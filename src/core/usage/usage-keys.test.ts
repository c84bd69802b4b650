import { describe, expect, it } from "vitest";
import { extractUsage } from "./extract-usage.ts";
import { unknownCounts, usageKeys } from "./usage-keys.ts";

const keys = usageKeys(["tokens", "details.cached", "list.count", "cost"]);

describe("unknown counts", () => {
  it("are the numbers above zero at paths that nobody reads, in objects and lists alike", () => {
    const usage = { tokens: 5, foo_seconds: 2.5, details: { cached: 1, video_frames: 7 }, list: [{ count: 1, pages: 2 }, { pages: 3 }] };
    expect(unknownCounts("usage", usage, keys)).toEqual({ "usage.foo_seconds": 3, "usage.details.video_frames": 7, "usage.list.pages": 5 });
  });

  it("are none where all is known, zero, text or null, and of a member that is known as a whole nothing is", () => {
    const usage = { tokens: 5, foo: 0, tier: "flex", bar: null, flag: true, details: { x: 0 }, cost: { total: 3, parts: [{ a: 1 }] } };
    expect(unknownCounts("usage", usage, keys)).toBeUndefined();
  });

  it("are found under any name, and never more than can be told", () => {
    const named = JSON.parse('{"__proto__": {"deep": 1}, "constructor": 2, "toString": 3}');
    expect(unknownCounts("usage", named, keys)).toEqual({
      "usage.__proto__.deep": 1,
      "usage.constructor": 2,
      "usage.toString": 3,
    });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`unit_${index}_${"x".repeat(500)}`, 1]));
    const told = Object.keys(unknownCounts("usage", many, keys) ?? {});
    expect(told.length).toBe(8);
    expect(told.every((path) => path.length <= 120)).toBe(true);
  });

  it.each([
    [
      "openai-chat",
      { usage: { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: { pixels: 4 } } },
      "usage.prompt_tokens_details.pixels",
    ],
    ["openai-responses", { usage: { input_tokens: 1, output_tokens: 1, robot_seconds: 4 } }, "usage.robot_seconds"],
    ["openai-embeddings", { usage: { prompt_tokens: 1, pages: 4 } }, "usage.pages"],
    ["openai-transcriptions", { usage: { type: "duration", seconds: 3, speakers: 2 } }, "usage.speakers"],
    [
      "anthropic-messages",
      { usage: { input_tokens: 1, output_tokens: 1, server_tool_use: { browser_requests: 4 } } },
      "usage.server_tool_use.browser_requests",
    ],
    ["google-generate-content", { usageMetadata: { promptTokenCount: 1, robotTokenCount: 4 } }, "usageMetadata.robotTokenCount"],
    [
      "google-interactions",
      { usage: { total_input_tokens: 1, total_output_tokens: 1, total_robot_tokens: 4 } },
      "usage.total_robot_tokens",
    ],
    [
      "bedrock-converse",
      { usage: { inputTokens: 1, outputTokens: 1, serverToolUsage: { searches: 4 } } },
      "usage.serverToolUsage.searches",
    ],
    [
      "bedrock-invoke-model",
      { "amazon-bedrock-invocationMetrics": { inputTokenCount: 1, pages: 4 } },
      "amazon-bedrock-invocationMetrics.pages",
    ],
    ["cohere", { meta: { billed_units: { input_tokens: 1, pages: 4 } } }, "meta.billed_units.pages"],
  ] as const)("are told with the usage of %s", (dialect, body, path) => {
    const reading = extractUsage(dialect, body);
    expect(reading).toMatchObject({ outcome: "measured", unknownCounts: { [path]: expect.any(Number) } });
  });
});
