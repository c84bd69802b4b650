import { describe, expect, it } from "vitest";
import type { LeverStates } from "../core/levers/lever-state.ts";
import { LeverBoard } from "../data/store/lever-board.ts";
import { ADMIN_TOKEN, NOON, testApi } from "./api-test-kit.ts";

const FLAGS = "/ofrep/v1/evaluate/flags";

/** A board on which these levers of the use case stand as given. */
function boardWith(levers: Record<string, number>, subject = "use_case:copilot") {
  const board = new LeverBoard();
  turn(board, levers, subject);
  return board;
}

function turn(board: LeverBoard, levers: Record<string, number>, subject = "use_case:copilot") {
  const states = Object.fromEntries(Object.entries(levers).map(([id, value]) => [id, { value, before: value, failures: 0 }]));
  board.renew([{ subject, revision: (board.get(subject)?.revision ?? 0) + 1, state: { levers: states as LeverStates, reached: [] } }]);
}

const copilot = { context: { targetingKey: "copilot" } };

describe("evaluating one flag", () => {
  it("answers the lever's value, and none while it is off", async () => {
    const { ask } = await testApi({ levers: boardWith({ depth_k: 4 }) });
    const on = await ask("POST", `${FLAGS}/depth_k`, { body: copilot, token: null });
    expect(on.body).toEqual({ key: "depth_k", value: 4, reason: "TARGETING_MATCH", variant: "4", metadata: { lever: "depth_k" } });
    const off = await ask("POST", `${FLAGS}/rerank_candidates`, { body: copilot, token: null });
    expect(off.body).toEqual({ key: "rerank_candidates", reason: "DISABLED", variant: "off", metadata: { lever: "rerank_candidates" } });
    const another = await ask("POST", `${FLAGS}/depth_k`, { body: { context: { targetingKey: "search" } }, token: null });
    expect(another.body).not.toHaveProperty("value");
  });

  it("takes the levers of provider and model too, and an own value that a cap must not raise", async () => {
    const { ask } = await testApi({ levers: boardWith({ depth_k: 12 }, "model:gpt-4o") });
    const valueFor = async (context: object) => (await ask("POST", `${FLAGS}/depth_k`, { body: { context } })).body.value;
    expect(await valueFor({ use_case: "copilot", model: "gpt-4o" })).toBe(12);
    expect(await valueFor({ use_case: "copilot", model: "gpt-4o", depth_k: 8 })).toBeUndefined();
    expect(await valueFor({ use_case: "copilot", model: "gpt-4o", depth_k: 20 })).toBe(12);
  });

  it("knows features by the names that policies freeze, and is told of a misspelt lever", async () => {
    const { ask } = await testApi({ levers: boardWith({ "feature_freeze/large_model": 1 }) });
    expect((await ask("POST", `${FLAGS}/large_model`, { body: copilot })).body.value).toBe(false);
    expect((await ask("POST", `${FLAGS}/image_search`, { body: copilot })).body).not.toHaveProperty("value");
    const misspelt = await ask("POST", `${FLAGS}/dept_k`, { body: copilot });
    expect(misspelt.status).toBe(404);
    expect(misspelt.body).toEqual({
      key: "dept_k",
      errorCode: "FLAG_NOT_FOUND",
      errorDetails: "There is no flag dept_k. Did you mean depth_k?",
    });
    expect((await ask("POST", `${FLAGS}/two%20words`, { body: copilot })).body.errorCode).toBe("FLAG_NOT_FOUND");
    expect((await ask("POST", `${FLAGS}/${"a".repeat(5000)}`, { body: copilot })).status).toBe(400);
  });

  it("refuses in the words of the protocol", async () => {
    const { ask } = await testApi();
    const errorOf = async (body: unknown) => {
      const { status, body: told } = await ask("POST", `${FLAGS}/depth_k`, { body });
      return [status, told.key, told.errorCode];
    };
    expect(await errorOf({})).toEqual([400, "depth_k", "TARGETING_KEY_MISSING"]);
    expect(await errorOf({ context: { targetingKey: "" } })).toEqual([400, "depth_k", "TARGETING_KEY_MISSING"]);
    expect(await errorOf({ context: { use_case: 5 } })).toEqual([400, "depth_k", "INVALID_CONTEXT"]);
    expect(await errorOf({ context: "copilot" })).toEqual([400, "depth_k", "INVALID_CONTEXT"]);
    expect(await errorOf("{ nothing")).toEqual([400, "depth_k", "PARSE_ERROR"]);
  });
});

describe("evaluating all flags", () => {
  it("answers 304 to the tag of the same answer, and another tag when a lever or the context is another", async () => {
    const levers = boardWith({ depth_k: 4 });
    const { ask } = await testApi({ levers });
    const first = await ask("POST", FLAGS, { body: copilot });
    expect(first.body.flags.find(({ key }: { key: string }) => key === "depth_k").value).toBe(4);
    const etag = String(first.headers.etag);
    const again = (tag: string, body: object = copilot) => ask("POST", FLAGS, { body, headers: { "if-none-match": tag } });
    expect(await again(etag)).toMatchObject({ status: 304, text: "", headers: { etag } });
    expect((await again(`"other", W/${etag}`)).status).toBe(304);
    expect((await again(etag, { context: { targetingKey: "search" } })).status).toBe(200);
    turn(levers, { depth_k: 6 });
    expect((await again(etag)).status).toBe(200);
  });

  it("lists features once they were frozen, and lets them be used again afterwards", async () => {
    const levers = boardWith({ "feature_freeze/large_model": 1 });
    const { ask } = await testApi({ levers });
    const largeModel = async () =>
      (await ask("POST", FLAGS, { body: copilot })).body.flags.find((flag: { key: string }) => flag.key === "large_model");
    expect((await largeModel()).value).toBe(false);
    turn(levers, { "feature_freeze/large_model": 0 });
    expect(await largeModel()).toMatchObject({ reason: "DISABLED" });
  });
});

describe("who may ask for flags", () => {
  const closed = async () => {
    const api = await testApi({ openReads: false, levers: boardWith({ depth_k: 4 }) });
    const key = async (more: object = {}) =>
      (await api.ask("POST", "/api/v1/keys", { body: { name: "app", scope: { tenant: "acme" }, ...more } })).body;
    return { ...api, key };
  };

  it("is a virtual key or the admin where reads are not open", async () => {
    const { ask, key } = await closed();
    const { secret, key: made } = await key();
    expect((await ask("POST", FLAGS, { body: copilot, token: null })).body.code).toBe("key_missing");
    expect((await ask("POST", FLAGS, { body: copilot, token: "sk-ballast-guessed" })).body.code).toBe("key_unknown");
    expect((await ask("POST", FLAGS, { body: copilot, token: ADMIN_TOKEN })).status).toBe(200);
    expect((await ask("POST", FLAGS, { body: copilot, token: secret })).status).toBe(200);
    expect((await ask("POST", FLAGS, { body: copilot, token: null, headers: { "x-api-key": secret } })).status).toBe(200);
    await ask("POST", `/api/v1/keys/${made.id}/revoke`, { body: {} });
    expect((await ask("POST", FLAGS, { body: copilot, token: secret })).body.code).toBe("key_revoked");
    const expired = await key({ expires_at: new Date(NOON + 1).toISOString() });
    expect(expired.secret).toMatch(/^sk-/);
  });

  it("gets the use case of the key, and no other one unless the key may name it", async () => {
    const { ask, key } = await closed();
    const { secret } = await key({ scope: { tenant: "acme", use_case: "copilot" } });
    const depthK = `${FLAGS}/depth_k`;
    expect((await ask("POST", depthK, { body: { context: { targetingKey: "user 77" } }, token: secret })).body.value).toBe(4);
    expect((await ask("POST", depthK, { body: { context: { use_case: "search" } }, token: secret })).body.errorCode).toBe(
      "INVALID_CONTEXT",
    );
    const free = await key({ scope: { tenant: "acme", use_case: "search" }, may_name: ["use_case"] });
    expect((await ask("POST", depthK, { body: { context: { use_case: "copilot" } }, token: free.secret })).body.value).toBe(4);
  });

  it("hears of changes with the ticket of the answer only, for as long as its key holds", async () => {
    const { ask, key } = await closed();
    const { secret, key: made } = await key();
    const streamOf = async (token: string) => (await ask("POST", FLAGS, { body: copilot, token })).body.eventStreams[0].endpoint.requestUri;
    const address: string = await streamOf(secret);
    const refused = async (url: string) => (await ask("GET", url, { token: null })).body.code;
    expect(await refused("/ofrep/v1/events?use_case=copilot")).toBe("ticket_invalid");
    expect(await refused(address.replace(/ticket=[^&]+/, `ticket=${made.id}.forged`))).toBe("ticket_invalid");
    expect(await refused((await streamOf(ADMIN_TOKEN)).replace("ticket=admin", `ticket=${made.id}`))).toBe("ticket_invalid");
    await ask("POST", `/api/v1/keys/${made.id}/revoke`, { body: {} });
    expect(await refused(address)).toBe("key_revoked");
  });
});
