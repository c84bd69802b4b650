import { describe, expect, it } from "vitest";
import { NO_UNIT_COST_SETTINGS } from "../core/unit-cost/unit-cost-settings.ts";
import { ADMIN_TOKEN, testApi } from "./api-test-kit.ts";
import { readSpansRequest, writeSpansAnswer } from "./otlp-protobuf.ts";

/** As the exporter of OpenTelemetry for Python 1.45.2 sent it over HTTP (opentelemetry-exporter-otlp-proto-http): three spans with an event each. */
const RECORDED = Buffer.from(
  "CsEHCjQKGAoOYmFsbGFzdC50ZW5hbnQSBgoEYWNtZQoYCgxzZXJ2aWNlLm5hbWUSCAoGc2VhcmNoEogHCg4KB2V4YW1wbGUSAzEuMBK8AgoQ6KZl/HjLX+qi" +
    "s/f/JgxbOBIIm59HzjkZRqMqCHJldHJpZXZlMAE5ALaFTVUseBhBAIAgiVUseBhKJAoVZ2VuX2FpLm9wZXJhdGlvbi5uYW1lEgsKCXJldHJpZXZhbEoaChRn" +
    "ZW5fYWkucmVxdWVzdC50b3BfaxICGARKGgoQYmFsbGFzdC51c2VfY2FzZRIGCgRkZXNrSh8KFmdlbl9haS5jb252ZXJzYXRpb24uaWQSBQoDYy0xWnkJAIAg" +
    "iVUseBgSGGdlbl9haS5ldmFsdWF0aW9uLnJlc3VsdBooChZnZW5fYWkuZXZhbHVhdGlvbi5uYW1lEg4KDGdyb3VuZGVkbmVzcxoqCh1nZW5fYWkuZXZhbHVh" +
    "dGlvbi5zY29yZS52YWx1ZRIJIQAAAAAAABJAegCFAQABAAASlQIKEIK3vQ0llOAz7qBREL3BhW0SCNA0bcGEwwGDKgZ1cHNlcnQwATkAtoVNVSx4GEEAgCCJ" +
    "VSx4GEoaCg5kYi5zeXN0ZW0ubmFtZRIICgZxZHJhbnRKHQoRZGIub3BlcmF0aW9uLm5hbWUSCAoGdXBzZXJ0Sh0KF2RiLm9wZXJhdGlvbi5iYXRjaC5zaXpl" +
    "EgIYMlp5CQCAIIlVLHgYEhhnZW5fYWkuZXZhbHVhdGlvbi5yZXN1bHQaKAoWZ2VuX2FpLmV2YWx1YXRpb24ubmFtZRIOCgxncm91bmRlZG5lc3MaKgodZ2Vu" +
    "X2FpLmV2YWx1YXRpb24uc2NvcmUudmFsdWUSCSEAAAAAAAASQHoAhQEAAQAAEp4CChBWpbjl6TBM8emQGnDKsjdcEggDEoRQNqeeuyoGcmV2aWV3MAE5ALaF" +
    "TVUseBhBAIAgiVUseBhKIQoUYmFsbGFzdC5oaXRsLm1pbnV0ZXMSCSEAAAAAAAD4P0ocChViYWxsYXN0LnZlY3Rvci53cml0ZXMSAwoBM0oKCgRmbGFnEgIQ" +
    "AUoUCgRsaXN0EgwqCgoDCgFhCgMKAWJaeQkAgCCJVSx4GBIYZ2VuX2FpLmV2YWx1YXRpb24ucmVzdWx0GigKFmdlbl9haS5ldmFsdWF0aW9uLm5hbWUSDgoM" +
    "Z3JvdW5kZWRuZXNzGioKHWdlbl9haS5ldmFsdWF0aW9uLnNjb3JlLnZhbHVlEgkhAAAAAAAAEkB6AIUBAAEAAA==",
  "base64",
);

type Json = { readonly [name: string]: never };

describe("OTLP in protobuf", () => {
  it("is read into what the same request is in JSON", () => {
    const { resourceSpans } = readSpansRequest(RECORDED) as { resourceSpans: readonly Json[] };
    expect(resourceSpans).toHaveLength(1);
    const [{ resource, scopeSpans }] = resourceSpans as unknown as [{ resource: Json; scopeSpans: { spans: Json[] }[] }];
    expect(resource).toEqual({
      attributes: [
        { key: "ballast.tenant", value: { stringValue: "acme" } },
        { key: "service.name", value: { stringValue: "search" } },
      ],
    });
    const spans = scopeSpans[0]!.spans;
    expect(spans.map(({ name }) => name)).toEqual(["retrieve", "upsert", "review"]);
    expect(spans[0]).toMatchObject({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      endTimeUnixNano: "1763208000000000000",
      attributes: [
        { key: "gen_ai.operation.name", value: { stringValue: "retrieval" } },
        { key: "gen_ai.request.top_k", value: { intValue: "4" } },
        { key: "ballast.use_case", value: { stringValue: "desk" } },
        { key: "gen_ai.conversation.id", value: { stringValue: "c-1" } },
      ],
      events: [{ name: "gen_ai.evaluation.result", timeUnixNano: "1763208000000000000" }],
    });
    expect((spans[2] as unknown as { attributes: Json[] }).attributes.slice(0, 3)).toEqual([
      { key: "ballast.hitl.minutes", value: { doubleValue: 1.5 } },
      { key: "ballast.vector.writes", value: { stringValue: "3" } },
      { key: "flag", value: { boolValue: true } },
    ]);
  });

  it("is taken by the endpoint of spans, each once, and answered in protobuf; elsewhere it is no body", async () => {
    const api = await testApi({ unitCosts: NO_UNIT_COST_SETTINGS });
    const headers = { "content-type": "application/x-protobuf", authorization: `Bearer ${ADMIN_TOKEN}` };
    const send = (url: string, payload: Buffer) => api.app.inject({ method: "POST", url, headers, payload });
    const answer = await send("/v1/traces", RECORDED);
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "application/x-protobuf"]);
    // Its evaluations have scores and do not say on which scale; what its spans used is taken all the same.
    expect(answer.rawPayload.toString()).toContain("ballast.evaluation.scale");
    expect(api.store.ratings).toEqual([]);
    const told = api.store.facts.map((fact) => JSON.parse(fact));
    expect(
      told.map(({ tenant, service, use_case_id, measure, quantity, depth_k }) => [
        tenant,
        service,
        use_case_id,
        measure,
        quantity,
        depth_k,
      ]),
    ).toEqual([
      ["acme", "search", "desk", "retrieval_queries", "1", 4],
      ["acme", "search", "", "vector_writes", "50", null],
      ["acme", "search", "", "vector_writes", "3", null],
      ["acme", "search", "", "hitl_minutes", "1.5", null],
    ]);
    expect((await send("/v1/traces", RECORDED.subarray(0, 100))).json()).toMatchObject({ code: "invalid_protobuf" });
    expect((await send("/api/v1/events", RECORDED)).json()).toMatchObject({ code: "unsupported_media_type" });
  });

  it("is refused with where reading stopped when it is cut off anywhere, or is read as a shorter message where one ends", () => {
    let refused = 0;
    for (let length = 1; length < RECORDED.length; length++) {
      try {
        readSpansRequest(RECORDED.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid_protobuf", details: { offset: expect.any(Number) } });
        refused += 1;
      }
    }
    expect(refused).toBe(RECORDED.length - 1);
  });

  it("never ends otherwise than read or refused, whatever byte is another", () => {
    for (let at = 0; at < RECORDED.length; at++) {
      const broken = Buffer.from(RECORDED);
      broken[at] = broken[at]! ^ 0xff;
      try {
        readSpansRequest(broken);
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid_protobuf" });
      }
    }
  });

  it("is answered with what was rejected, and with nothing when all was taken", () => {
    expect(writeSpansAnswer({})).toHaveLength(0);
    // Field 1, 7 bytes: field 1 = 2, field 2 = "why".
    expect([...writeSpansAnswer({ partialSuccess: { rejectedSpans: 2, errorMessage: "why" } })]).toEqual([
      10, 7, 8, 2, 18, 3, 119, 104, 121,
    ]);
  });
});
