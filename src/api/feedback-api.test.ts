import { describe, expect, it } from "vitest";
import type { Rating } from "../contract/rating.ts";
import { ADMIN_TOKEN, NOON, testApi } from "./api-test-kit.ts";

const FEEDBACK = "/api/v1/feedback";
const aRating = { id: "r-1", use_case: "copilot", name: "groundedness", score: 4, source: "user" };

const MAY_NAME = { may_name: ["use_case"] };

async function apiWithKey(scope: object = { tenant: "acme" }, more: object = "use_case" in scope ? {} : MAY_NAME) {
  const api = await testApi();
  const { secret } = (await api.ask("POST", "/api/v1/keys", { body: { name: "app", scope, ...more } })).body;
  const post = (body: unknown, token: string | null = secret) => api.ask("POST", FEEDBACK, { body, token });
  const kept = () => api.store.ratings.map((text) => JSON.parse(text) as Rating);
  return { ...api, post, kept };
}

describe("feedback", () => {
  it("is kept for the tenant of the key, on one scale", async () => {
    const { post, kept } = await apiWithKey();
    expect((await post(aRating)).body).toEqual({ accepted: 1, ratings: [{ id: "r-1", score: 4 }] });
    const batch = [
      { ...aRating, id: "r-2", score: 0.8, scale: "0-1", source: "eval", at: "2025-11-15T11:00:00Z" },
      { ...aRating, id: "r-3", score: 2, source: "judge", trace_id: "call-7" },
    ];
    expect((await post({ ratings: batch })).body.ratings).toEqual([
      { id: "r-2", score: 4.2 },
      { id: "r-3", score: 2 },
    ]);
    expect(kept().map(({ tenant, use_case_id, score, source, trace_id }) => [tenant, use_case_id, score, source, trace_id])).toEqual([
      ["acme", "copilot", 4, "user", ""],
      ["acme", "copilot", 4.2, "eval", ""],
      ["acme", "copilot", 2, "judge", "call-7"],
    ]);
    expect(kept().map(({ ts }) => ts)).toEqual(["2025-11-15T12:00:00.000Z", "2025-11-15T11:00:00.000Z", "2025-11-15T12:00:00.000Z"]);
  });

  it("is the same rating under the same id, within a request and from request to request", async () => {
    const { post, kept } = await apiWithKey();
    await post({ ratings: [aRating, { ...aRating, score: 1 }] });
    await post({ ...aRating, score: 5 });
    const [first, again] = kept();
    expect(kept()).toHaveLength(2);
    expect(again!.rating_id).toBe(first!.rating_id);
    expect(first!.score).toBe(4);
  });

  it("is taken from keys and from the admin, who names the tenant, and from nobody else", async () => {
    const { post, kept } = await apiWithKey();
    expect((await post(aRating, null)).body.code).toBe("key_missing");
    expect((await post(aRating, "sk-ballast-guessed")).body.code).toBe("key_unknown");
    expect((await post(aRating, ADMIN_TOKEN)).body).toMatchObject({ code: "invalid_request", field: "/tenant" });
    expect((await post({ ...aRating, tenant: "globex" }, ADMIN_TOKEN)).status).toBe(200);
    expect(kept().map(({ tenant }) => tenant)).toEqual(["globex"]);
  });

  it("cannot be given for another tenant or use case than the key's", async () => {
    const { post, kept } = await apiWithKey({ tenant: "acme", use_case: "copilot" });
    expect((await post({ ...aRating, tenant: "globex" })).body).toMatchObject({ code: "scope_not_allowed", field: "/tenant" });
    const other = { ratings: [aRating, { ...aRating, id: "r-2", use_case: "search" }] };
    expect((await post(other)).body).toMatchObject({ code: "scope_not_allowed", field: "/ratings/1/use_case" });
    expect(kept()).toEqual([]);
    const { use_case: _, ...short } = aRating;
    expect((await post(short)).status).toBe(200);
    expect(kept()[0]!.use_case_id).toBe("copilot");
  });

  it("of a use case is only taken from keys whose calls may be of it: others rate calls", async () => {
    const { post, kept } = await apiWithKey({ tenant: "acme" }, {});
    expect((await post(aRating)).body).toMatchObject({ code: "scope_not_allowed", field: "/use_case" });
    expect((await post({ ...aRating, trace_id: "call-of-nobody" })).body).toMatchObject({ code: "scope_not_allowed", field: "/use_case" });
    const { use_case: _, ...ofCall } = { ...aRating, trace_id: "call-7" };
    expect((await post(ofCall)).status).toBe(200);
    expect(kept()).toMatchObject([{ use_case_id: "", trace_id: "call-7" }]);
  });

  it.each([
    [{ ...aRating, score: 6 }, "/score"],
    [{ ...aRating, score: 4, scale: "0-1" }, "/score"],
    [{ ...aRating, score: "4" }, "/score"],
    [{ ...aRating, name: "Groundedness" }, "/name"],
    [{ ...aRating, source: "myself" }, "/source"],
    [{ ...aRating, at: "2025-11-15T13:00:00Z" }, "/at"],
    [{ ...aRating, id: undefined }, "/id"],
    [{ ...aRating, use_case: undefined }, "/use_case"],
    [{ ...aRating, comment: "good" }, "/comment"],
    [{ ...aRating, ratings: [aRating] }, "/id"],
    [{ ratings: [] }, "/ratings"],
  ])("is refused as a whole when a field is wrong: %j", async (body, field) => {
    const { post, kept } = await apiWithKey();
    expect(await post(body)).toMatchObject({ status: 400, body: { code: "invalid_request", field } });
    expect(kept()).toEqual([]);
  });
});

describe("evaluations in spans", () => {
  type Value = string | number;
  const attributes = (values: Record<string, Value>) =>
    Object.entries(values).map(([key, value]) => ({
      key,
      value: typeof value === "string" ? { stringValue: value } : { doubleValue: value },
    }));
  const anEvent = (values: Record<string, Value>) => ({
    name: "gen_ai.evaluation.result",
    timeUnixNano: `${NOON - 60_000}000000`,
    attributes: attributes({ "gen_ai.evaluation.name": "Groundedness", ...values }),
  });
  const request = (events: object[], resource: Record<string, Value> = {}, own: Record<string, Value> = {}) => {
    const shared = { "ballast.tenant": "acme", "ballast.use_case": "copilot", ...resource };
    const times = { startTimeUnixNano: `${NOON - 1000}000000`, endTimeUnixNano: `${NOON}000000` };
    const span = { traceId: "5b8efff798038103d269b633813fc60c", spanId: "00000000000000aa", ...times, attributes: attributes(own), events };
    return { resourceSpans: [{ resource: { attributes: attributes(shared) }, scopeSpans: [{ spans: [span] }] }] };
  };
  const send = async (...given: Parameters<typeof request>) => {
    const api = await testApi();
    const { body } = await api.ask("POST", "/v1/traces", { body: request(...given) });
    return { body, kept: api.store.ratings.map((text) => JSON.parse(text) as Rating), facts: api.store.facts };
  };

  it("become ratings, by value with its scale or by label", async () => {
    const events = [
      anEvent({ "gen_ai.evaluation.score.value": 0.8 }),
      anEvent({ "gen_ai.evaluation.score.value": 2, "ballast.evaluation.scale": "1-5", "ballast.evaluation.source": "judge" }),
      anEvent({ "gen_ai.evaluation.score.label": "fail", "gen_ai.evaluation.explanation": "invented a figure" }),
    ];
    const { body, kept, facts } = await send(events, { "ballast.evaluation.scale": "0-1" }, { "ballast.trace_id": "call-7" });
    expect([body, facts]).toEqual([{}, []]);
    expect(kept.map(({ score, source }) => [score, source])).toEqual([
      [4.2, "eval"],
      [2, "judge"],
      [1, "eval"],
    ]);
    expect(kept[0]).toMatchObject({
      tenant: "acme",
      use_case_id: "copilot",
      trace_id: "call-7",
      name: "groundedness",
      ts: "2025-11-15T11:59:00.000Z",
    });
    expect(new Set(kept.map(({ rating_id }) => rating_id)).size).toBe(3);
    expect(JSON.stringify(kept)).not.toContain("invented");
  });

  it("are taken from a span's own attributes too, and are the same when they come again", async () => {
    const own = { "gen_ai.evaluation.name": "groundedness", "gen_ai.evaluation.score.value": 5, "ballast.evaluation.scale": "1-5" };
    const [first, again] = [await send([], {}, own), await send([], {}, own)];
    expect(first.kept).toMatchObject([{ score: 5, ts: "2025-11-15T12:00:00.000Z" }]);
    expect(again.kept).toEqual(first.kept);
  });

  it("are those of a key's own tenant and use case, and nobody's who sends no key, also where reads are open", async () => {
    const api = await testApi();
    const { secret } = (await api.ask("POST", "/api/v1/keys", { body: { name: "app", scope: { tenant: "acme", use_case: "copilot" } } }))
      .body;
    const pass = { "gen_ai.evaluation.score.label": "pass" };
    const unnamed = { "ballast.tenant": "", "ballast.use_case": "" };
    const post = async (token: string | null, ...given: Parameters<typeof request>) =>
      (await api.ask("POST", "/v1/traces", { body: request(...given), token })).body;
    expect(await post(null, [anEvent(pass)])).toMatchObject({
      partialSuccess: { rejectedSpans: 1, errorMessage: expect.stringContaining("with a virtual key or the admin token only") },
    });
    for (const field of ["ballast.tenant", "ballast.use_case"]) {
      const { errorMessage } = (await post(secret, [anEvent(pass)], { [field]: "other" })).partialSuccess;
      expect(errorMessage).toContain(`${field} is not the key's`);
    }
    expect(api.store.ratings).toEqual([]);
    expect(await post(secret, [anEvent(pass)], unnamed)).toEqual({});
    expect(JSON.parse(api.store.ratings[0]!)).toMatchObject({ tenant: "acme", use_case_id: "copilot", score: 5 });
  });

  it.each([
    [{ "gen_ai.evaluation.score.value": 1 }, {}, "ballast.evaluation.scale"],
    [{ "gen_ai.evaluation.score.value": 7, "ballast.evaluation.scale": "1-5" }, {}, "does not lie"],
    [{ "gen_ai.evaluation.score.label": "so so" }, {}, "neither a score nor a label"],
    [{ "gen_ai.evaluation.score.label": "pass" }, { "ballast.tenant": "" }, "ballast.tenant"],
    [{ "gen_ai.evaluation.score.label": "pass" }, { "ballast.use_case": "" }, "neither ballast.use_case nor"],
    [{ "gen_ai.evaluation.score.label": "pass", "gen_ai.evaluation.name": "" }, {}, "is no name"],
  ])("that cannot be taken are counted with the reason: %j %j", async (values, resource, why) => {
    const { body, kept } = await send(
      [anEvent(values), anEvent({ "gen_ai.evaluation.score.label": "pass", "ballast.tenant": "acme", "ballast.use_case": "copilot" })],
      resource,
    );
    expect(body.partialSuccess.rejectedSpans).toBe(1);
    expect(body.partialSuccess.errorMessage).toContain(why);
    expect(kept).toHaveLength(1);
  });
});
