import { expect, it } from "vitest";
import { NO_UNIT_COST_SETTINGS } from "../core/unit-cost/unit-cost-settings.ts";
import { NOON, testApi } from "./api-test-kit.ts";

const price = { upToK: null, useCase: null, validFrom: 0 } as const;
const unitCosts = {
  ...NO_UNIT_COST_SETTINGS,
  prices: [
    { ...price, measure: "retrieval_queries", picoUsd: 400_000_000n, upToK: 5 },
    { ...price, measure: "vector_writes", picoUsd: 2_000_000n },
  ],
} as const;

type Value = string | number;
const attributes = (values: Record<string, Value>) =>
  Object.entries(values).map(([key, value]) => {
    return {
      key,
      value:
        typeof value === "string" ? { stringValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value },
    };
  });
const aSpan = (name: string, values: Record<string, Value>, more: object = {}) => {
  const spanId = name === "" ? "" : Buffer.from(name).toString("hex").padStart(16, "0");
  const times = { startTimeUnixNano: `${NOON - 1000}000000`, endTimeUnixNano: `${NOON}000000` };
  return { traceId: "5b8efff798038103d269b633813fc60c", spanId, name: "s", kind: 3, ...times, attributes: attributes(values), ...more };
};
const request = (spans: object[], resource: Record<string, Value> = { "ballast.tenant": "acme", "service.name": "search" }) => ({
  resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans: [{ scope: { name: "x" }, spans }], schemaUrl: "" }],
});

it("takes what spans say in our attributes and in those of OpenTelemetry, priced, with the scope of span and resource", async () => {
  const api = await testApi({ unitCosts });
  const spans = [
    aSpan("a", {
      "gen_ai.operation.name": "retrieval",
      "gen_ai.request.top_k": 4,
      "ballast.use_case": "desk",
      "gen_ai.conversation.id": "c-1",
    }),
    aSpan("b", { "db.system.name": "qdrant", "db.operation.name": "upsert", "db.operation.batch.size": 50 }),
    aSpan("c", { "ballast.hitl.minutes": 1.5, "ballast.vector.writes": "3", "ballast.tenant": "globex" }),
    aSpan("d", { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10 }),
    aSpan("e", { "db.system.name": "postgresql", "db.operation.name": "SELECT" }),
  ];
  const { status, body } = await api.ask("POST", "/v1/traces", { body: request(spans) });
  expect([status, body]).toEqual([200, {}]);
  const told = api.store.facts.map((fact) => JSON.parse(fact));
  expect(told.map(({ tenant, measure, quantity, cost_usd, reason }) => [tenant, measure, quantity, cost_usd, reason])).toEqual([
    ["acme", "retrieval_queries", "1", "0.0004", ""],
    ["acme", "vector_writes", "50", "0.0001", ""],
    ["globex", "vector_writes", "3", "0.000006", ""],
    ["globex", "hitl_minutes", "1.5", null, "no_price"],
  ]);
  expect(told[0]).toMatchObject({ use_case_id: "desk", session_id: "c-1", service: "search", depth_k: 4, ts: "2025-11-15T12:00:00.000Z" });
});

it("takes ids in upper and lower case for the same, and of one span in a request the first", async () => {
  const api = await testApi({ unitCosts });
  const [first, again] = ["0A1B2C3D4E5F6071", "0a1b2c3d4e5f6071"].map((spanId, index) =>
    aSpan("a", { "ballast.vector.reads": 2 + index }, { spanId }),
  );
  await api.ask("POST", "/v1/traces", { body: request([first!, again!]) });
  expect(api.store.facts.map((fact) => JSON.parse(fact).quantity)).toEqual(["2"]);
});

it("gives a span that is sent again the same facts", async () => {
  const api = await testApi({ unitCosts });
  const spans = request([aSpan("a", { "ballast.vector.reads": 2, "ballast.rerank.candidates": 9 })]);
  await api.ask("POST", "/v1/traces", { body: spans });
  await api.ask("POST", "/v1/traces", { body: spans });
  const ids = api.store.facts.map((fact) => JSON.parse(fact).fact_id);
  expect([ids.length, new Set(ids).size]).toEqual([4, 2]);
});

it.each([
  ["nobody's", aSpan("a", { "ballast.vector.reads": 1 }), { "service.name": "x" }, "neither ballast.tenant"],
  ["a quantity that is none", aSpan("a", { "ballast.vector.reads": "many" }), undefined, "vector_reads is not a number"],
  ["a quantity below zero", aSpan("a", { "ballast.vector.reads": "-1" }), undefined, "vector_reads is not a number"],
  [
    "a time to come",
    aSpan("a", { "ballast.vector.reads": 1 }, { endTimeUnixNano: `${NOON + 86_400_000}000000` }),
    undefined,
    "no time until now",
  ],
  ["no ids", aSpan("", { "ballast.vector.reads": 1 }), undefined, "has no ids"],
  ["an id of zeros", aSpan("a", { "ballast.vector.reads": 1 }, { spanId: "0".repeat(16) }), undefined, "has no ids"],
  ["an id that is not hex", aSpan("a", { "ballast.vector.reads": 1 }, { traceId: "z".repeat(32) }), undefined, "has no ids"],
  ["a cost that nothing has", aSpan("a", { "ballast.vector.writes": 1_000_000_000_000 }), undefined, "would cost 2000000 USD"],
  ["a value that is no scope", aSpan("a", { "ballast.vector.reads": 1, "ballast.team": "<b>" }), undefined, "ballast.team has a character"],
])("rejects a span with %s, says why, and takes the others", async (_, span, resource, why) => {
  const api = await testApi({ unitCosts });
  const fine = aSpan("fine", { "ballast.vector.reads": 1, "ballast.tenant": "acme" });
  const { status, body } = await api.ask("POST", "/v1/traces", { body: request([span, fine], resource) });
  expect([status, body.partialSuccess.rejectedSpans, api.store.facts.length]).toEqual([200, 1, 1]);
  expect(body.partialSuccess.errorMessage).toContain(why);
});

it("takes any shape of a request without breaking", async () => {
  const api = await testApi({ unitCosts });
  const odd = { resourceSpans: [{}, { scopeSpans: 5 }, { scopeSpans: [null, { spans: [null, 7, { attributes: [null, { key: 1 }] }] }] }] };
  expect((await api.ask("POST", "/v1/traces", { body: odd })).status).toBe(200);
  expect((await api.ask("POST", "/v1/traces", { body: {} })).status).toBe(400);
});

it("takes spans of a virtual key for its own tenant and what else it fixes, and rejects those of others", async () => {
  const api = await testApi({ unitCosts, openReads: false });
  const body = { name: "app", scope: { tenant: "acme", use_case: "desk", service: "web" } };
  const { secret } = (await api.ask("POST", "/api/v1/keys", { body })).body;
  const spans = [
    aSpan("own", { "ballast.vector.reads": 1 }),
    aSpan("foreign", { "ballast.vector.reads": 1, "ballast.tenant": "globex" }),
    aSpan("elsewhere", { "ballast.vector.reads": 1, "ballast.use_case": "search" }),
  ];
  const sent = await api.ask("POST", "/v1/traces", { body: request(spans, { "service.name": "search" }), token: secret });
  expect(sent.body.partialSuccess).toMatchObject({
    rejectedSpans: 2,
    errorMessage: expect.stringContaining("ballast.tenant is not the key's"),
  });
  const kept = api.store.facts.map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(kept.map(({ tenant, use_case_id, service }) => [tenant, use_case_id, service])).toEqual([["acme", "desk", "web"]]);
  expect((await api.ask("POST", "/v1/traces", { body: request(spans), token: null })).body.code).toBe("key_missing");
});
