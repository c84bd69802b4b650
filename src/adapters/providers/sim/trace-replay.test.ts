import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { startSim } from "./sim-server.ts";
import { promptOfTokens, readTraceCsv, replayPrompt } from "./trace-replay.ts";

const sample = readFileSync(new URL("../../../../samples/azure-llm-2023-conv.csv", import.meta.url), "utf8");
const sim = await startSim();
afterAll(() => sim.close());

async function usageOf(content: string): Promise<unknown> {
  const answer = await fetch(`${sim.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }] }),
  });
  const { usage } = (await answer.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
  return [usage.prompt_tokens, usage.completion_tokens];
}

describe("reading a trace", () => {
  it("reads the sample that ships with the product", () => {
    const calls = readTraceCsv(sample);
    expect(calls).toHaveLength(600);
    expect(calls[0]).toEqual({ atMs: 0, inputTokens: 374, outputTokens: 44 });
    expect(calls[1]).toEqual({ atMs: 4315, inputTokens: 396, outputTokens: 109 });
    expect(calls.every((call, at) => at === 0 || call.atMs >= calls[at - 1]!.atMs)).toBe(true);
  });

  it("takes carriage returns, a byte order mark, other columns and zones, and sorts by time", () => {
    const text = "\uFEFFGeneratedTokens,x,TIMESTAMP,ContextTokens\r\n5,-,2024-05-10 00:00:01.5+00:00,7\r\n0,-,2024-05-10T00:00:00Z,9\r\n";
    expect(readTraceCsv(text)).toEqual([
      { atMs: 0, inputTokens: 9, outputTokens: 0 },
      { atMs: 1500, inputTokens: 7, outputTokens: 5 },
    ]);
  });

  it.each([
    ["TIME,ContextTokens,GeneratedTokens\n", "Line 1 of the trace has no column TIMESTAMP"],
    ["2023-11-16 18:15:46.68,1,2\n2023-11-16 18:15:46.68,1\n", "Line 3 of the trace has 2 cells"],
    ["2023-11-16 18:15:46.68,1,2\n\n2023-13-16 18:15:46,1,2\n", "Line 4 of the trace has TIMESTAMP"],
    ["2023-11-16 18:15:46.68,1.5,2\n", 'Line 2 of the trace has ContextTokens "1.5"'],
    ["2023-11-16 18:15:46.68,1,\n", 'Line 2 of the trace has GeneratedTokens ""'],
  ])("%j is refused: %s", (rows, message) => {
    const text = rows.startsWith("TIME,") ? rows : `TIMESTAMP,ContextTokens,GeneratedTokens\n${rows}`;
    expect(() => readTraceCsv(text)).toThrow(message);
  });
});

describe("replaying a trace", () => {
  it("makes text of exactly so many tokens, the same each time, some five bytes each", () => {
    for (const tokens of [0, 1, 2, 5, 100, 8191, 8192, 20_001]) {
      const text = promptOfTokens(tokens);
      expect(text.split(" ").filter((word) => word !== "")).toHaveLength(tokens);
      expect(promptOfTokens(tokens)).toBe(text);
      if (tokens >= 100) expect(text.length / tokens).toBeCloseTo(5, 0);
    }
    expect(promptOfTokens(50, 3)).not.toBe(promptOfTokens(50));
  });

  it.each([0, 1, 2, 3, 4, 5, 17])(
    "a prompt of %i tokens is counted as that, and answered with what the trace says",
    async (inputTokens) => {
      for (const outputTokens of [0, 1, 33]) {
        expect(await usageOf(replayPrompt({ atMs: 12_345, inputTokens, outputTokens }))).toEqual([inputTokens, outputTokens]);
      }
    },
  );

  it("replays the sample to the last token", async () => {
    sim.reset();
    const calls = readTraceCsv(sample);
    for (const call of calls) await usageOf(replayPrompt(call));
    const billed = sim.stats().billed.map(({ inputTokens, outputTokens }) => ({ inputTokens, outputTokens }));
    expect(billed).toEqual(calls.map(({ inputTokens, outputTokens }) => ({ inputTokens, outputTokens })));
  });
});
