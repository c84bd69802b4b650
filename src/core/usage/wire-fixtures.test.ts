import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { extractUsage, type UsageReading } from "./extract-usage.ts";
import { partitionUsage } from "./partition-usage.ts";
import { createStreamUsage, mayCarryUsage } from "./stream-usage.ts";
import type { Usage, UsageDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

const root = new URL("../../../test/fixtures/wire/", import.meta.url);
const folders = [
  "alibaba",
  "anthropic",
  "azure",
  "cerebras",
  "deepseek",
  "groq",
  "mistral",
  "moonshotai",
  "openai",
  "openai-compatible",
  "perplexity",
  "xai",
];
const files = folders.flatMap((folder) => readdirSync(new URL(`${folder}/`, root)).map((name) => `${folder}/${name}`));
const streams = files.filter((file) => file.endsWith(".chunks.txt") || file.endsWith(".sse"));
const answers = files.filter((file) => file.endsWith(".json"));

/** Recorded answers without usage: errors, a provider that sends none, and a last event that is no JSON. */
const WITHOUT_USAGE: Readonly<Record<string, UsageReading>> = {
  "openai/responses__openai-error.1.json": { outcome: "missing", reason: "provider_error", detail: "insufficient_quota" },
  "openai/responses__openai-error.1.chunks.txt": { outcome: "missing", reason: "provider_error", detail: "insufficient_quota" },
  "openai/responses__reasoning-model-temperature-error.json": {
    outcome: "missing",
    reason: "provider_error",
    detail: "invalid_request_error",
  },
  "openai-compatible/chat__anthropic-fallback-tool-call.sse": { outcome: "missing", reason: "no_usage" },
  "openai/responses__parallel-tool-call-wrapper.1.chunks.txt": { outcome: "missing", reason: "unfinished" },
};

function dialectOf(file: string): UsageDialect {
  const name = file.slice(file.indexOf("/") + 1);
  if (file.startsWith("anthropic/")) return "anthropic-messages";
  if (name.startsWith("embedding__")) return "openai-embeddings";
  const spoken = file.startsWith("azure/") ? !name.includes("deepseek") : name.startsWith("responses__");
  return spoken ? "openai-responses" : "openai-chat";
}

function eventsOf(file: string): string[] {
  const lines = readFileSync(new URL(file, root), "utf8").split("\n");
  const data = file.endsWith(".sse") ? lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)) : lines;
  return data.filter((line) => line.trim() !== "" && line.trim() !== "[DONE]");
}

/** An event that is no JSON says nothing. */
function parsed(event: string): unknown {
  try {
    return JSON.parse(event);
  } catch {
    return undefined;
  }
}

/** What the provider says the parts come to: the check that normalising lost and doubled nothing. */
function providerTotal(raw: Record<string, unknown>): number | undefined {
  if (typeof raw.total_tokens === "number") return raw.total_tokens;
  if (typeof raw.input_tokens !== "number" || typeof raw.output_tokens !== "number") return undefined;
  const cached = [raw.cache_creation_input_tokens, raw.cache_read_input_tokens].reduce((sum: number, count) => sum + Number(count ?? 0), 0);
  return raw.input_tokens + cached + raw.output_tokens;
}

function expectWholeParts(usage: Usage): void {
  const { output, outputAudio, outputImage, reasoning, citation, ...input } = partitionUsage(usage)!;
  expect(Object.values(input).reduce((sum, count) => sum + count, 0)).toBe(usage.inputTokens);
  expect(output + outputAudio + outputImage + reasoning + citation).toBe(usage.outputTokens);
  for (const count of [output, ...Object.values(input)]) expect(count).toBeGreaterThanOrEqual(0);
}

function lastUsage(events: readonly unknown[]): Record<string, unknown> {
  let merged: Record<string, unknown> = {};
  for (const event of events) {
    if (!isObject(event)) continue;
    const holder = isObject(event.response) ? event.response : isObject(event.message) ? event.message : event;
    if (isObject(holder.usage)) merged = event.type === "message_delta" ? { ...merged, ...holder.usage } : holder.usage;
  }
  return merged;
}

describe("recorded answers", () => {
  it("are there", () => expect([answers.length, streams.length]).toEqual([72, 63]));

  it.each(answers)("%s: usage is extracted and adds up to the provider's total", (file) => {
    const body = JSON.parse(readFileSync(new URL(file, root), "utf8"));
    const reading = extractUsage(dialectOf(file), body);
    if (WITHOUT_USAGE[file]) return expect(reading).toEqual(WITHOUT_USAGE[file]);
    if (reading.outcome !== "measured") throw new Error(`${reading.reason} ${reading.detail}`);
    expect(reading.usage.inputTokens + reading.usage.outputTokens).toBe(providerTotal(body.usage));
    expect(reading.model).toBeDefined();
    return expectWholeParts(reading.usage);
  });

  it.each(streams)("%s: usage is read from the stream, from few of its events, and is final at its end", (file) => {
    const dialect = dialectOf(file);
    const events = eventsOf(file);
    const all = createStreamUsage(dialect);
    const few = createStreamUsage(dialect);
    let read = 0;
    for (const event of events) {
      all.read(parsed(event));
      if (!mayCarryUsage(dialect, Buffer.from(event))) continue;
      few.read(parsed(event));
      read += 1;
    }
    const reading = few.reading();
    expect(few.finished).toBe(!(reading.outcome === "missing" && reading.reason === "unfinished"));
    if (WITHOUT_USAGE[file]) return expect(reading).toEqual(WITHOUT_USAGE[file]);
    if (reading.outcome !== "measured") throw new Error(`${reading.reason} ${reading.detail}`);
    const whole = all.reading();
    expect(whole).toMatchObject({ outcome: "measured", usage: reading.usage });
    expect(reading.usage.inputTokens + reading.usage.outputTokens).toBe(providerTotal(lastUsage(events.map(parsed))));
    expectWholeParts(reading.usage);
    // Perplexity sends usage with every chunk; everybody else at the start and at the end. Some recordings hold three answers in a row.
    return file.startsWith("perplexity/") ? undefined : expect(read).toBeLessThanOrEqual(9);
  });

  it.each(streams)("%s: nothing is measured of it before its last counts have come", (file) => {
    const dialect = dialectOf(file);
    const events = eventsOf(file);
    const stream = createStreamUsage(dialect);
    for (const event of events.slice(0, Math.floor(events.length / 4))) stream.read(parsed(event));
    if (!stream.finished) expect(stream.reading().outcome).toBe("missing");
  });
});

describe("answers of OpenAI's API description", () => {
  const examples: readonly { readonly path: string }[] = JSON.parse(
    readFileSync(new URL("openai-openapi-response-examples.json", root), "utf8"),
  );

  it("have usage in every chat completion and response that is whole", () => {
    let measured = 0;
    for (const example of examples) {
      const dialect = example.path === "/chat/completions" ? "openai-chat" : example.path === "/responses" ? "openai-responses" : undefined;
      const body = Object.values(example).find((value) => isObject(value) && isObject(value.usage));
      if (!dialect || !body) continue;
      expect(extractUsage(dialect, body)).toMatchObject({ outcome: "measured" });
      measured += 1;
    }
    expect(measured).toBeGreaterThan(8);
  });
});
