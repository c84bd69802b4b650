import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractUsage } from "../../src/core/usage/extract-usage.ts";
import { createStreamUsage } from "../../src/core/usage/stream-usage.ts";
import type { UsageDialect } from "../../src/core/usage/usage.ts";
import { type GatewayKit, openGatewayKit } from "../../src/gateway/gateway-test-kit.ts";

/*
 * Recorded answers of providers (test/fixtures/wire) as upstream. The official SDKs call it once directly and once through Ballast,
 * changed in base URL and key only: both must see the same, and the usage that Ballast books must be the provider's.
 */
const root = new URL("../fixtures/wire/", import.meta.url);
const files = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "LICENSES")
  .flatMap(({ name }) => readdirSync(new URL(`${name}/`, root)).map((file) => `${name}/${file}`))
  .filter((file) => !file.includes("completion__openai-completion") && !/error/.test(file));
const streams = files.filter((file) => file.endsWith(".chunks.txt") || file.endsWith(".sse"));
const answers = files.filter((file) => file.endsWith(".json"));

function dialectOf(file: string): UsageDialect {
  const name = file.slice(file.indexOf("/") + 1);
  if (file.startsWith("anthropic/")) return "anthropic-messages";
  if (name.startsWith("embedding__")) return "openai-embeddings";
  return (file.startsWith("azure/") ? !name.includes("deepseek") : name.startsWith("responses__")) ? "openai-responses" : "openai-chat";
}

function framed(file: string): string {
  const text = readFileSync(new URL(file, root), "utf8");
  if (file.endsWith(".sse")) return text;
  const events = text.split("\n").filter((line) => line.trim() !== "");
  const named = (line: string) => {
    const type = /"type"\s*:\s*"([^"]+)"/.exec(line)?.[1];
    return dialectOf(file) === "openai-chat" || !type ? "" : `event: ${type}\n`;
  };
  const end = dialectOf(file) === "openai-chat" ? "data: [DONE]\n\n" : "";
  return events.map((line) => `${named(line)}data: ${line}\n\n`).join("") + end;
}

let upstream: Server;
let upstreamUrl: string;
let kit: GatewayKit;
let secret: string;
let current = "";

beforeAll(async () => {
  upstream = createServer((request, response) => {
    request.resume().on("end", () => {
      const stream = current.endsWith(".txt") || current.endsWith(".sse");
      const body = stream ? framed(current) : readFileSync(new URL(current, root));
      response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
      if (!stream) return response.end(body);
      // In odd pieces, as networks deliver.
      const bytes = Buffer.from(body);
      for (let at = 0; at < bytes.length; at += 777) response.write(bytes.subarray(at, at + 777));
      return response.end();
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  kit = await openGatewayKit({ upstreamUrl, limitUsd: "100000", settings: { unboundedInput: "hold_context_window" } });
  secret = (await kit.key()).secret;
});
afterAll(async () => {
  await kit.close();
  upstream.closeAllConnections();
  upstream.close();
});

/** What an SDK's user gets, from whichever address. */
async function seen(base: string, key: string, file: string): Promise<unknown> {
  const stream = file.endsWith(".txt") || file.endsWith(".sse");
  const openai = new OpenAI({ baseURL: `${base}/v1`, apiKey: key, maxRetries: 0 });
  const anthropic = new Anthropic({ baseURL: base, apiKey: key, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "x".repeat(4000) }];
  const collect = async (events: AsyncIterable<unknown>) => {
    const all: unknown[] = [];
    try {
      for await (const event of events) all.push(event);
    } catch (error) {
      all.push(`threw ${(error as Error).name}`);
    }
    return all;
  };
  switch (dialectOf(file)) {
    case "openai-chat": {
      const call = { model: "gpt-4o-mini", messages, max_tokens: 100_000 };
      // The caller asks for usage itself, so that nothing has to be hidden from it.
      if (stream)
        return await collect(await openai.chat.completions.create({ ...call, stream: true, stream_options: { include_usage: true } }));
      return await openai.chat.completions.create(call);
    }
    case "openai-responses": {
      const call = { model: "gpt-4o-mini", input: "x".repeat(4000), max_output_tokens: 100_000 };
      return stream ? await collect(await openai.responses.create({ ...call, stream: true })) : await openai.responses.create(call);
    }
    case "openai-embeddings":
      return await openai.embeddings.create({ model: "text-embedding-3-small", input: "hello", encoding_format: "float" });
    case "anthropic-messages": {
      const call = { model: "claude-haiku-4-5", max_tokens: 8000, messages };
      return stream ? await collect(await anthropic.messages.create({ ...call, stream: true })) : await anthropic.messages.create(call);
    }
    default:
      throw new Error(file);
  }
}

function usageOf(file: string) {
  const dialect = dialectOf(file);
  if (file.endsWith(".json")) return extractUsage(dialect, JSON.parse(readFileSync(new URL(file, root), "utf8")));
  const usage = createStreamUsage(dialect);
  for (const line of framed(file).split("\n")) {
    if (!line.startsWith("data: {")) continue;
    try {
      usage.read(JSON.parse(line.slice(6)));
    } catch {
      // Two recorded events are no JSON; an SDK stops there, and usage ignores them.
    }
  }
  return usage.reading();
}

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner) => (key === "_request_id" ? undefined : inner)) ?? "null");

describe.each([
  ["whole answers", answers],
  ["streams", streams],
] as const)("recorded %s", (_kind, recorded) => {
  it.each(recorded)("%s", async (file) => {
    current = file;
    const direct = plain(await seen(upstreamUrl, "direct", file));
    const before = (await kit.traces()).length;
    const through = plain(await seen(kit.url, secret, file));
    expect(through).toEqual(direct);
    const trace = (await kit.settled(before + 1)).at(-1)!;
    const reading = usageOf(file);
    if (reading.outcome === "measured") {
      expect(trace.prompt_tokens ?? 0).toBe(reading.usage.inputTokens);
      expect(trace.gen_tokens ?? 0).toBe(reading.usage.outputTokens);
      expect(trace.cache_read_tokens ?? 0).toBe(reading.usage.cacheReadTokens);
      expect(["measured", "unpriced"]).toContain(trace.cost_basis);
    } else {
      expect(["estimated", "in_doubt"]).toContain(trace.cost_basis);
    }
  });
});

describe("a caller who did not ask for usage", () => {
  it("does not see the event that Ballast asked for", async () => {
    current = "openai/chat__openai-text.chunks.txt";
    const openai = new OpenAI({ baseURL: `${kit.url}/v1`, apiKey: secret, maxRetries: 0 });
    const stream = await openai.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: "hi" }],
      stream: true,
    });
    for await (const chunk of stream) expect(chunk.choices.length).toBeGreaterThan(0);
    expect((await kit.settled(1)).at(-1)!.cost_basis).toBe("measured");
  });
});
