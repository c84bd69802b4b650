import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { extractUsage, type UsageReading } from "./extract-usage.ts";
import { partitionUsage } from "./partition-usage.ts";
import { createStreamUsage, mayCarryUsage } from "./stream-usage.ts";
import type { Usage, UsageDialect } from "./usage.ts";
import { isObject } from "./usage-fields.ts";

const root = new URL("../../../test/fixtures/wire/", import.meta.url);
const folders = [
  "alibaba",
  "amazon-bedrock",
  "anthropic",
  "azure",
  "cerebras",
  "cohere",
  "deepseek",
  "google",
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
  "google/google-429-retry-info.json": { outcome: "missing", reason: "provider_error" },
  // Bedrock tells no count of a reranking: it bills queries, which only the caller knows.
  "amazon-bedrock/reranking__amazon-bedrock-reranking.1.json": { outcome: "missing", reason: "no_usage" },
  // These three recordings stop before the event with the usage.
  "amazon-bedrock/amazon-bedrock-json-tool.1.chunks.txt": { outcome: "missing", reason: "unfinished" },
  "amazon-bedrock/amazon-bedrock-json-tool.3.chunks.txt": { outcome: "missing", reason: "unfinished" },
  "amazon-bedrock/amazon-bedrock-json-with-tool.1.chunks.txt": { outcome: "missing", reason: "unfinished" },
  "openai/responses__parallel-tool-call-wrapper.1.chunks.txt": { outcome: "missing", reason: "unfinished" },
};

function dialectOf(file: string): UsageDialect {
  const name = file.slice(file.indexOf("/") + 1);
  if (file.startsWith("anthropic/")) return "anthropic-messages";
  if (file.startsWith("amazon-bedrock/")) return "bedrock-converse";
  if (file.startsWith("cohere/")) return "cohere";
  if (file.startsWith("google/")) return name.startsWith("interactions__") ? "google-interactions" : "google-generate-content";
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

type Fields = Record<string, unknown>;

/** What the provider says the parts come to: the check that normalising lost and doubled nothing. */
function providerTotal(raw: Fields): number | undefined {
  for (const total of [raw.total_tokens, raw.totalTokens, raw.totalTokenCount]) if (typeof total === "number") return total;
  if (isObject(raw.billed_units)) return sumOf(raw.billed_units, ["input_tokens", "output_tokens"]);
  if (typeof raw.promptTokenCount === "number") return raw.promptTokenCount;
  if (typeof raw.input_tokens !== "number" || typeof raw.output_tokens !== "number") return undefined;
  return sumOf(raw, ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]);
}

function sumOf(raw: Fields, members: readonly string[]): number {
  return members.reduce((sum, member) => sum + Number(raw[member] ?? 0), 0);
}

/** The usage object of an answer, wherever its dialect keeps it. */
function usageIn(body: Fields): Fields {
  for (const holder of [body.usage, body.usageMetadata, body.meta, isObject(body.x_groq) ? body.x_groq.usage : undefined]) {
    if (isObject(holder)) return holder;
  }
  return {};
}

function expectWholeParts(usage: Usage): void {
  const { output, outputAudio, outputImage, outputVideo, reasoning, citation, ...input } = partitionUsage(usage)!;
  expect(Object.values(input).reduce((sum, count) => sum + count, 0)).toBe(usage.inputTokens);
  expect(output + outputAudio + outputImage + outputVideo + reasoning + citation).toBe(usage.outputTokens);
  for (const count of [output, ...Object.values(input)]) expect(count).toBeGreaterThanOrEqual(0);
}

/** What the answer says has a price, or nobody could book it: every count of it is known. */
function expectMeasured(reading: UsageReading): Usage {
  if (reading.outcome !== "measured") throw new Error(`${reading.reason} ${reading.detail}`);
  expect(reading.unknownCounts).toBeUndefined();
  expectWholeParts(reading.usage);
  return reading.usage;
}

function lastUsage(events: readonly unknown[]): Fields {
  let merged: Fields = {};
  for (const event of events) {
    if (!isObject(event)) continue;
    const holders = [event.response, event.message, event.delta, event.interaction, event.metadata, event].filter(isObject);
    const found = holders.map(usageIn).find((usage) => Object.keys(usage).length > 0);
    if (found && Object.keys(found).some((member) => member !== "trafficType")) {
      merged = event.type === "message_delta" ? { ...merged, ...found } : found;
    }
  }
  return merged;
}

describe("recorded answers", () => {
  it("are there", () => expect([answers.length, streams.length]).toEqual([97, 84]));

  it.each(answers)("%s: usage is extracted and adds up to the provider's total", (file) => {
    const body = JSON.parse(readFileSync(new URL(file, root), "utf8"));
    const reading = extractUsage(dialectOf(file), body);
    if (WITHOUT_USAGE[file]) return expect(reading).toEqual(WITHOUT_USAGE[file]);
    const usage = expectMeasured(reading);
    expect(usage.inputTokens + usage.outputTokens).toBe(providerTotal(usageIn(body)));
    // Bedrock and Cohere do not say which model answered.
    if (!/^(amazon-bedrock|cohere)\//.test(file)) expect(reading).toMatchObject({ model: expect.any(String) });
    return undefined;
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
    const usage = expectMeasured(reading);
    const whole = all.reading();
    expect(whole).toMatchObject({ outcome: "measured", usage });
    expect(usage.inputTokens + usage.outputTokens).toBe(providerTotal(lastUsage(events.map(parsed))));
    // Perplexity sends usage with every chunk; everybody else at the start and at the end. Some recordings hold three answers in a row.
    return /^(perplexity|google|amazon-bedrock|cohere)\//.test(file) ? undefined : expect(read).toBeLessThanOrEqual(9);
  });

  it.each(streams)("%s: nothing is measured of it before its last counts have come", (file) => {
    const dialect = dialectOf(file);
    const events = eventsOf(file);
    const stream = createStreamUsage(dialect);
    for (const event of events.slice(0, Math.floor(events.length / 4))) stream.read(parsed(event));
    if (!stream.finished) expect(stream.reading().outcome).toBe("missing");
  });
});

interface Cassette {
  readonly name: string;
  readonly provider: string;
  readonly dialect: UsageDialect;
  readonly body?: Fields;
  readonly events?: readonly unknown[];
}

/** Recorded answers of real providers, 49 whole and 54 streamed, see the README there. */
const cassettes: readonly Cassette[] = gunzipSync(readFileSync(new URL("pydantic-ai-cassettes.jsonl.gz", root)))
  .toString("utf8")
  .split("\n")
  .map((line) => JSON.parse(line));

/** A stream that Groq ended with an error, and without usage. */
const ENDED_IN_AN_ERROR = "test_groq__test_tool_use_failed_error_streaming.0";

describe("answers recorded by pydantic-ai", () => {
  it("are there", () => expect(cassettes.length).toBe(103));

  it.each(cassettes)("$name: usage is read whole and adds up to the provider's total", ({ name, dialect, body, events = [] }) => {
    const stream = createStreamUsage(dialect);
    for (const event of events) stream.read(event);
    const reading = body ? extractUsage(dialect, body) : stream.reading();
    if (name === ENDED_IN_AN_ERROR) return expect(reading).toMatchObject({ outcome: "missing", detail: "tool_use_failed" });
    const usage = expectMeasured(reading);
    const total = providerTotal(body ? usageIn(body) : lastUsage(events));
    return expect(usage.inputTokens + usage.outputTokens).toBe(total);
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
