import { createConnection } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatBody, type GatewayKit, openGatewayKit } from "./gateway-test-kit.ts";

/* What callers send wrongly, by accident or on purpose: each gets a clear error in its own dialect with a stable code, and nothing is booked. */
let kit: GatewayKit;
let secret: string;

beforeAll(async () => {
  kit = await openGatewayKit({ settings: { maxBodyBytes: 200_000 }, requestTimeoutMs: 700 });
  secret = (await kit.key()).secret;
});
afterAll(() => kit.close());

function call(body: string | Uint8Array, headers: Record<string, string> = {}, path = "/v1/chat/completions") {
  const all = { authorization: `Bearer ${secret}`, "content-type": "application/json", ...headers };
  return fetch(kit.url + path, { method: "POST", headers: all, body: body as string });
}

/** Sends bytes as they are and reads until the server closes. */
function raw(bytes: string | Buffer, thenWaitMs = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(kit.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (piece) => {
      answer += piece.toString();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? undefined : reject(error),
    );
    socket.write(bytes);
    if (thenWaitMs) setTimeout(() => socket.destroy(), thenWaitMs);
  });
}

const deep = "[".repeat(100_000) + "]".repeat(100_000);
const huge = chatBody({}, { padding: "x".repeat(300_000) });

describe.each([
  ["no body", "", 400, "invalid_json"],
  ["malformed JSON", '{"model": "gpt-4o-mini", ', 400, "invalid_json"],
  ["JSON that is no object", "[1, 2]", 400, "invalid_json"],
  ["a bare string", '"hello"', 400, "invalid_json"],
  ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400, "invalid_json"],
  ["no model", '{"messages": []}', 400, "invalid_request"],
  ["a model that is no name", '{"model": 5, "messages": []}', 400, "invalid_request"],
  ["stream that is neither true nor false", chatBody({}, { stream: "yes" }), 400, "invalid_request"],
  ["negative max_tokens", chatBody({}, { max_tokens: -1 }), 400, "invalid_request"],
  ["max_tokens in parts", chatBody({}, { max_tokens: 1.5 }), 400, "invalid_request"],
  ["max_tokens as text", chatBody({}, { max_tokens: "100" }), 400, "invalid_request"],
  ["max_tokens beyond all bounds", chatBody().replace('"max_tokens":200', '"max_tokens":1e400'), 400, "invalid_request"],
  ["a thousand million choices", chatBody({}, { n: 1_000_000_000 }), 400, "invalid_request"],
  ["the same member twice", chatBody().replace('"max_tokens":200', '"max_tokens":1,"max_tokens":100000'), 400, "invalid_request"],
  [
    "a member twice through an escape",
    chatBody().replace('"max_tokens":200', '"max_tokens":1,"max\\u005ftokens":100000'),
    400,
    "invalid_request",
  ],
  [
    "a member twice, deep inside",
    chatBody({}, { tools: [{ type: "function", function: { name: "f" } }] }).replace(
      '"type":"function"',
      '"type":"web_search","type":"function"',
    ),
    400,
    "invalid_request",
  ],
  ["a limit in capitals", chatBody({}, { MAX_TOKENS: 100_000 }), 400, "invalid_request"],
  ["a limit with a Kelvin sign", chatBody({}, { "max_to\u212aens": 100_000 }), 400, "invalid_request"],
  ["a call in the background", chatBody({}, { background: true }), 400, "invalid_request"],
  ["a model that nobody serves", chatBody({}, { model: "no-such-model" }), 404, "model_not_routed"],
  ["a model without a price", chatBody({}, { model: "gpt-unknown-9" }), 402, "model_not_priced"],
  ["input that its size does not bound", chatBody({}, { web_search_options: {} }), 400, "input_not_bounded"],
  ["nesting without end", chatBody().replace('"max_tokens":200', `"max_tokens":200,"deep":${deep}`), 413, "body_too_large"],
  ["a huge body", huge, 413, "body_too_large"],
] as const)("%s", (_what, body, status, code) => {
  it(`is answered ${status} ${code}`, async () => {
    const answer = await call(body as string);
    expect(answer.status).toBe(status);
    const said = (await answer.json()) as { error: { code: string; message: string } };
    expect(said.error.code).toBe(code);
    expect(said.error.message.length).toBeGreaterThan(20);
    expect(answer.headers.get("x-ballast-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("who calls", () => {
  it("without a key is answered 401 key_missing", async () => {
    const answer = await fetch(`${kit.url}/v1/chat/completions`, { method: "POST", body: chatBody() });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([401, "key_missing"]);
  });

  it.each([
    ["unknown", "sk-ballast-nonsense", "key_unknown"],
    ["empty", "", "key_missing"],
  ])("with an %s key is answered 401", async (_what, key, code) => {
    const answer = await call(chatBody(), { authorization: `Bearer ${key}` });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([401, code]);
  });

  it("with two different keys is answered 401 keys_differ, with the same one twice it is served", async () => {
    const other = await kit.key({ tenant: "other" });
    for (const apiKey of [other.secret, "sk-ballast-nonsense"]) {
      const answer = await call(chatBody(), { "x-api-key": apiKey });
      expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([401, "keys_differ"]);
    }
    expect((await call(chatBody({ out: 5 }), { "x-api-key": secret })).status).toBe(200);
    expect((await call(chatBody({ out: 5 }), { "x-api-key": "" })).status).toBe(200);
  });

  it("with a revoked key is answered 401 key_revoked, from the moment of the revocation", async () => {
    const made = await kit.key();
    expect((await call(chatBody(), { authorization: `Bearer ${made.secret}` })).status).toBe(200);
    await kit.keys.revoke(made.key.id, "test", "lost");
    const answer = await call(chatBody(), { authorization: `Bearer ${made.secret}` });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([401, "key_revoked"]);
  });

  it("with an expired key is answered 401 key_expired", async () => {
    const made = await kit.key({ tenant: "acme" }, { expiresAt: Date.now() - 1 });
    const answer = await call(chatBody(), { authorization: `Bearer ${made.secret}` });
    expect(((await answer.json()) as { error: { code: string } }).error.code).toBe("key_expired");
  });

  it("may name another tenant only when the key allows it", async () => {
    const answer = await call(chatBody(), { "x-ballast-tenant": "other" });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([403, "scope_not_allowed"]);
    const made = await kit.key({ tenant: "acme" }, { mayName: ["tenant"] });
    const allowed = await call(chatBody(), { authorization: `Bearer ${made.secret}`, "x-ballast-tenant": "other" });
    expect(allowed.status).toBe(200);
    expect((await kit.account("tenant=other")).spentNano).toBeGreaterThan(0n);
  });

  it("with a scope value that cannot be used is answered 400 invalid_scope", async () => {
    const made = await kit.key({ tenant: "acme" }, { mayName: ["feature"] });
    const answer = await call(chatBody(), { authorization: `Bearer ${made.secret}`, "x-ballast-feature": "<script>" });
    expect(((await answer.json()) as { error: { code: string } }).error.code).toBe("invalid_scope");
  });

  it("for a model that the key does not allow is answered 403 model_not_allowed", async () => {
    const made = await kit.key({ tenant: "acme" }, { models: ["gpt-4.1*"] });
    const answer = await call(chatBody(), { authorization: `Bearer ${made.secret}` });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([403, "model_not_allowed"]);
  });

  it("gets errors in Anthropic's shape at Anthropic's address", async () => {
    const answer = await call("{", {}, "/v1/messages");
    expect(await answer.json()).toMatchObject({ type: "error", error: { type: "invalid_request_error", code: "invalid_json" } });
  });

  it.each(["/v1/messages/count_tokens", "/v1/messages/batches", "/v1/messages/batches/b/results?x=1"])(
    "gets 404 in Anthropic's shape at %s",
    async (path) => {
      const answer = await call("{}", {}, path);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ type: "error", error: { type: "not_found_error", code: "route_not_found" } });
    },
  );

  it.each(["/v1/completions", "/v1/files", "/v1/audio/speech", "/v1/messagesfrom"])("gets 404 in OpenAI's shape at %s", async (path) => {
    const answer = await call("{}", {}, path);
    const said = (await answer.json()) as Record<string, unknown>;
    expect([answer.status, said.type, (said.error as { code: string }).code]).toEqual([404, undefined, "route_not_found"]);
  });

  it("is told why, where providers have the address", async () => {
    const said = (await (await call("{}", {}, "/v1/batches/b_1")).json()) as { error: { message: string } };
    expect(said.error.message).toMatch(/^A batch is billed when it ends/);
  });

  it("gets 405 in Anthropic's shape at Anthropic's address", async () => {
    const answer = await fetch(`${kit.url}/v1/messages`, { headers: { "x-api-key": secret } });
    expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([405, "error"]);
  });
});

describe("the connection", () => {
  it("with a header bomb is answered 431 headers_too_large", async () => {
    const answer = await raw(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-bomb: ${"a".repeat(100_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 .*"code":"headers_too_large"/s);
  });

  it("with bytes that are no HTTP is answered 400 not_http", async () => {
    expect(await raw("\x16\x03\x01\x02\x00 hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 .*"code":"not_http"/s);
  });

  it("whose body comes too slowly is answered 408 body_too_slow", async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: 1000\r\n\r\n{"model`;
    expect(await raw(head)).toMatch(/^HTTP\/1\.1 408 .*"code":"body_too_slow"/s);
  });

  it("that ends before its body is whole books nothing and harms nobody", async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: 1000\r\n\r\n{"model`;
    await raw(head, 50);
    expect((await call(chatBody())).status).toBe(200);
  });

  it.each([
    ["a body in another encoding", { "content-encoding": "gzip" }],
    ["a body of another type", { "content-type": "text/plain" }],
  ])("with %s is answered 415", async (_what, headers) => {
    const answer = await call(chatBody(), headers);
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([415, "unsupported_media_type"]);
  });

  it("to an address that does not exist is answered 404, to one with another method 405", async () => {
    expect((await call("{}", {}, "/v1/batches")).status).toBe(404);
    const answer = await fetch(`${kit.url}/v1/chat/completions`, { headers: { authorization: `Bearer ${secret}` } });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("Idempotency-Key", () => {
  it("for another request is answered 422 idempotency_key_reused", async () => {
    await call(chatBody({ out: 5 }), { "idempotency-key": "reused" });
    const answer = await call(chatBody({ out: 6 }), { "idempotency-key": "reused" });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([422, "idempotency_key_reused"]);
  });

  it("of a call that is still running is answered 409 idempotency_in_progress", async () => {
    const slow = call(chatBody({ out: 5, ttft_ms: 300 }), { "idempotency-key": "running" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = await call(chatBody({ out: 5, ttft_ms: 300 }), { "idempotency-key": "running" });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([409, "idempotency_in_progress"]);
    expect((await slow).status).toBe(200);
  });

  it("of a call that may have been billed is answered 409 idempotency_in_doubt, and not sent again", async () => {
    await call(chatBody({ drop_after: 0 }), { "idempotency-key": "doubtful" });
    const before = kit.sim.stats().requests;
    const answer = await call(chatBody({ drop_after: 0 }), { "idempotency-key": "doubtful" });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([409, "idempotency_in_doubt"]);
    expect(kit.sim.stats().requests).toBe(before);
  });

  it("of a call that the provider refused is free for the next try", async () => {
    const failing = { status: 400, fail_times: 1, id: "refused once" };
    expect((await call(chatBody({ out: 5, ...failing }), { "idempotency-key": "again" })).status).toBe(400);
    expect((await call(chatBody({ out: 5, ...failing }), { "idempotency-key": "again" })).status).toBe(200);
  });

  it("of a call that was refused is free for the next try", async () => {
    await call(chatBody({}, { model: "no-such-model" }), { "idempotency-key": "free" });
    expect((await call(chatBody({ out: 5 }), { "idempotency-key": "free" })).status).toBe(200);
  });
});

describe("a full disk", () => {
  it("gives the answer that was paid for, lets no further call through, and goes on when there is room", async () => {
    const full = await openGatewayKit({ maxPages: 110 });
    try {
      const made = await full.key();
      const send = () =>
        fetch(`${full.url}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${made.secret}`, "content-type": "application/json" },
          body: chatBody({ out: 5 }),
        });
      let refused = await send();
      let answered = 0;
      for (; answered < 600 && refused.status === 200; answered++) refused = await send();
      expect(answered).toBeGreaterThan(0);
      expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([503, "store_unavailable"]);
      const before = (await full.account()).spentNano;
      await full.store.ackOutbox((await full.store.readOutbox("request_trace", 100_000)).map((row) => row.seq));
      await full.settled(1);
      expect((await full.account()).spentNano).toBeGreaterThan(before);
      expect((await send()).status).toBe(200);
      // Every call that was answered is booked, the last ones too.
      expect((await full.account()).spentNano).toBe(BigInt(answered + 1) * 3_600n);
      expect((await full.store.verify()).findings).toEqual([]);
    } finally {
      await full.close();
    }
  });
});

describe("after all of this", () => {
  it("the books agree and no secret was logged", async () => {
    await kit.settled(1);
    expect((await kit.store.verify()).findings).toEqual([]);
    const said = JSON.stringify([kit.log, await kit.traces()]);
    expect(said).not.toContain(secret);
    expect(said).not.toContain("upstream-secret");
  });
});
