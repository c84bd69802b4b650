import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatBody, type GatewayKit, openGatewayKit } from "./gateway-test-kit.ts";

let kit: GatewayKit;
let secret: string;
beforeAll(async () => {
  kit = await openGatewayKit();
  secret = (await kit.key()).secret;
});
afterAll(() => kit.close());

describe("large bodies", () => {
  it("are read away from the event loop and pass unchanged", async () => {
    const words = "word ".repeat(300_000);
    const body = JSON.stringify({
      model: "gpt-4o-mini",
      max_tokens: 50,
      messages: [{ role: "user", content: `${words}[[sim {"out":5}]]` }],
    });
    const answer = await fetch(`${kit.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body,
    });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { usage: { prompt_tokens: number } }).usage.prompt_tokens).toBe(300_000);
  });

  it("that are wrong get the same clear error", async () => {
    const answer = await fetch(`${kit.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: chatBody({}, { padding: "x".repeat(300_000) }).slice(0, -1),
    });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([400, "invalid_json"]);
  });

  it("of embeddings come back whole and are booked by their usage", async () => {
    const openai = new OpenAI({ baseURL: `${kit.url}/v1`, apiKey: secret, maxRetries: 0 });
    const input = Array.from({ length: 60 }, (_, number) => `text number ${number}`);
    const answer = await openai.embeddings.create({ model: "text-embedding-3-small", input, encoding_format: "float" });
    expect(answer.data).toHaveLength(60);
    const trace = (await kit.settled(1)).at(-1)!;
    expect(trace).toMatchObject({
      operation: "embeddings",
      outcome: "complete",
      cost_basis: "measured",
      prompt_tokens: answer.usage.prompt_tokens,
      gen_tokens: 0,
    });
  });
});
