import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UnitPrice } from "../core/unit-cost/unit-price.ts";
import { chatBody, type GatewayKit, openGatewayKit } from "./gateway-test-kit.ts";

let kit: GatewayKit;
let secret: string;

const price = (more: Pick<UnitPrice, "measure" | "picoUsd"> & Partial<UnitPrice>): UnitPrice => ({
  upToK: null,
  useCase: null,
  validFrom: 0,
  ...more,
});

beforeAll(async () => {
  const unitPrices = [
    price({ measure: "retrieval_queries", picoUsd: 400_000_000n, upToK: 5 }),
    price({ measure: "retrieval_queries", picoUsd: 900_000_000n, upToK: 10 }),
    price({ measure: "hitl_minutes", picoUsd: 750_000_000_000n }),
  ];
  kit = await openGatewayKit({ settings: { unitPrices } });
  secret = (await kit.key()).secret;
});
afterAll(() => kit.close());

function call(headers: Record<string, string>, body = chatBody({ out: 10 })) {
  const all = { authorization: `Bearer ${secret}`, "content-type": "application/json", ...headers };
  return fetch(`${kit.url}/v1/chat/completions`, { method: "POST", headers: all, body });
}

async function traceAfter(headers: Record<string, string>, body?: string) {
  const before = (await kit.traces()).length;
  const answer = await call(headers, body);
  await answer.text();
  const traces = await kit.settled(before + 1);
  return { status: answer.status, trace: traces.at(-1)! };
}

describe("what callers say by header was done for a call", () => {
  it("stands in its trace with the price of that k, and as unpriced with the reason where there is none", async () => {
    const { status, trace } = await traceAfter({
      "x-ballast-session": "chat 7",
      "x-ballast-experiment": "shorter",
      "x-ballast-depth-k": "4",
      "x-ballast-retrieval-queries": "3",
      "x-ballast-rerank-candidates": "20",
      "x-ballast-vector-writes": "0",
      "x-ballast-hitl-minutes": "1.5",
    });
    expect(status).toBe(200);
    expect(trace).toMatchObject({ depth_k: 4, rerank_n: 20, session_id: "chat 7", experiment_id: "shorter" });
    const priced = { cost_basis: "priced", reason: "" };
    expect(trace.parts).toEqual([
      {
        ...priced,
        measure: "retrieval_queries",
        quantity: "3",
        depth_k: 4,
        cost_usd: "0.0012",
        price_id: "unit/retrieval_queries@k5@start",
      },
      {
        measure: "rerank_candidates",
        quantity: "20",
        depth_k: null,
        cost_usd: null,
        cost_basis: "unpriced",
        price_id: "",
        reason: "no_price",
      },
      { ...priced, measure: "hitl_minutes", quantity: "1.5", depth_k: null, cost_usd: "1.125", price_id: "unit/hitl_minutes@start" },
    ]);
  });

  it("is not sent on", async () => {
    const seen: string[] = [];
    const send = kit.gateway.connections.send.bind(kit.gateway.connections);
    kit.gateway.connections.send = (target, path, headers, body, listener) => {
      seen.push(...headers);
      return send(target, path, headers, body, listener);
    };
    await traceAfter({ "x-ballast-retrieval-queries": "3", "x-ballast-session": "s" });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((word) => word.startsWith("x-ballast"))).toEqual([]);
    kit.gateway.connections.send = send;
  });

  it.each([
    ["x-ballast-depth-k", "-1"],
    ["x-ballast-depth-k", "4.5"],
    ["x-ballast-retrieval-queries", "three"],
    ["x-ballast-rerank-candidates", ""],
    ["x-ballast-vector-reads", "10000000000"],
    ["x-ballast-hitl-minutes", "1.2345678"],
    ["x-ballast-hitl-minutes", "1e3"],
    ["x-ballast-session", "a\tb"],
    ["x-ballast-experiment", "<script>"],
  ])("is refused before anything is sent when %s is %j", async (header, value) => {
    const sent = kit.gateway.connections.send;
    kit.gateway.connections.send = () => {
      throw new Error("sent");
    };
    const answer = await call({ [header]: value });
    kit.gateway.connections.send = sent;
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain(header);
    expect(text).toMatch(/invalid_request|invalid_scope/);
  });

  it("counts once where a call is repeated by its Idempotency-Key", async () => {
    const headers = { "x-ballast-retrieval-queries": "2", "idempotency-key": "again" };
    const first = await traceAfter(headers);
    const second = await traceAfter(headers);
    expect([first.trace.parts?.length, second.trace.outcome, second.trace.parts]).toEqual([1, "replayed", undefined]);
  });

  it("counts where the call itself was refused: it was done before", async () => {
    const { status, trace } = await traceAfter({ "x-ballast-retrieval-queries": "2" }, chatBody({}, { model: "no-such-model" }));
    expect([status, trace.outcome, trace.parts?.length]).toEqual([404, "rejected", 1]);
  });
});
