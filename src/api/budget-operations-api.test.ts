import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { usd } from "../core/money/usd.ts";
import { windowAt } from "../core/time/window.ts";
import { BudgetCatalog } from "../data/store/budget-catalog.ts";
import { CallJournal } from "../data/store/call-journal.ts";
import { KeyRing } from "../data/store/key-ring.ts";
import { LeaseDesk } from "../data/store/lease-desk.ts";
import { openSqliteLedgerStore } from "../data/store/sqlite-ledger-store.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import { DEFAULT_BUDGET, NOON, type TestApi, testApi } from "./api-test-kit.ts";

const BUDGET = "/api/v1/budgets/tenant=acme";
const RAISE = { amount_usd: "50", until: "2025-11-20T00:00:00Z", approver: "CFO", reason: "launch" };
const RESET = { approver: "CFO", reason: "a loop" };

let folder: string;
let store: LedgerStore;
let ask: TestApi["ask"];
let budgets: BudgetCatalog;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ballast-operations-"));
  const now = () => NOON;
  store = await openSqliteLedgerStore({ folder, bootId: "test", openedAt: NOON }, now);
  budgets = await BudgetCatalog.open(store, DEFAULT_BUDGET);
  const desk = new LeaseDesk({ store, catalog: budgets, journal: new CallJournal(folder, store.epoch), beforeRetry: async () => {} });
  ({ ask } = await testApi({ store, budgets, desk, keys: await KeyRing.open(store, now) }));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function aBudget(limit = "100"): Promise<void> {
  expect((await ask("POST", BUDGET, { body: { limit_usd: limit } })).status).toBe(200);
}

async function spend(cost: string, requestId: string): Promise<void> {
  const tokens = { inputTokens: 1, outputTokens: 1, fingerprint: "", trace: "{}" };
  const wants = [{ budgetId: "tenant=acme", window: windowAt("month", "UTC", NOON) }];
  await store.track({ requestId, at: NOON, tenant: "acme", wants, create: [], amountNano: usd(cost), ...tokens });
}

/** All that a dry run must leave as it is. */
async function everything() {
  return [
    await store.budgets(),
    await store.accounts(["tenant=acme"], NOON),
    await store.raises(),
    await store.keys(),
    await store.audit(100),
  ];
}

describe("the budget of a run that no process remembers", () => {
  const run = "tenant=acme,run=r1,window=run";

  it("is raised, reset, and changed in what is named alone", async () => {
    const limits = { limitNano: usd("2"), hard: true, onShort: "deny", thresholds: [], warnPercent: 80 } as const;
    const first = await BudgetCatalog.open(store, null, { budget: limits });
    const due = first.due({ tenant: "acme", run: "r1", provider: "p", model: "m" }, NOON);
    await store.lease({ at: NOON, wants: [{ budgetId: run, window: windowAt("run", "UTC", NOON), missingNano: 1n }], create: due });
    expect(budgets.get(run)).toBeUndefined();
    for (const named of [run, "tenant=acme,run=r1"]) {
      const { status, body } = await ask("POST", `/api/v1/budgets/${encodeURIComponent(named)}/raises`, { body: RAISE });
      expect([status, body.raise?.budget]).toEqual([200, run]);
    }
    expect((await ask("GET", `/api/v1/budgets/${run}/raises`)).body.raises).toHaveLength(2);
    expect((await ask("POST", `/api/v1/budgets/${run}/reset`, { body: RESET })).body.code).toBe("amount_invalid");
    expect(budgets.get(run)).toBeUndefined();
    expect((await ask("GET", "/api/v1/budgets/tree")).body.budgets).toEqual([]);
    const { body } = await ask("POST", "/api/v1/budgets/tenant=acme,run=r1", { body: { limit_usd: 3, window: "run" } });
    expect(body.budget).toMatchObject({ id: run, limit_usd: "3", thresholds: [], origin: "api", account: { limit_usd: "103" } });
    expect(body.change).toMatchObject({ action: "change", fields: [{ field: "limit_usd", before: "2", after: "3" }] });
    expect(budgets.lasting().map(({ id }) => id)).toEqual([run]);
  });

  it("is not invented where there is none", async () => {
    expect((await ask("POST", `/api/v1/budgets/${run}/raises`, { body: RAISE })).status).toBe(404);
  });
});

describe("raises", () => {
  it("and resets that are sent again under their request id are done once, and say so", async () => {
    await aBudget();
    const raise = { ...RAISE, request_id: "launch" };
    const first = await ask("POST", `${BUDGET}/raises`, { body: raise });
    const again = await ask("POST", `${BUDGET}/raises`, { body: raise });
    expect(again.body).toEqual({ ...first.body, repeated: true });
    expect(again.body.budget.raises).toHaveLength(1);
    const other = await ask("POST", `${BUDGET}/raises`, { body: { ...raise, amount_usd: "7" } });
    expect([other.status, other.body.code, other.body.field]).toEqual([422, "idempotency_key_reused", "/request_id"]);
    expect((await ask("POST", `${BUDGET}/raises`, { body: { ...raise, request_id: "a b" } })).body.field).toBe("/request_id");
  });

  it("raise the limit at once, are seen in the budget, and end early", async () => {
    await aBudget();
    await spend("10", "r1");
    const raised = await ask("POST", `${BUDGET}/raises`, { body: RAISE });
    expect(raised).toMatchObject({
      status: 200,
      body: { raise: { state: "active", amount_usd: "50", approver: "CFO", reason: "launch" } },
    });
    expect(raised.body.budget).toMatchObject({ limit_usd: "100", account: { limit_usd: "150", free_usd: "140" } });
    const { body: list } = await ask("GET", "/api/v1/budgets");
    expect(list.budgets).toEqual([raised.body.budget]);
    expect((await ask("GET", "/api/v1/raises")).body.raises).toEqual([raised.body.raise]);
    const ended = await ask("POST", `/api/v1/raises/${raised.body.raise.id}/end`);
    expect(ended.body).toMatchObject({
      raise: { state: "over", ended_early: true },
      budget: { raises: [], account: { limit_usd: "100" } },
    });
    expect((await ask("POST", `/api/v1/raises/${raised.body.raise.id}/end`)).body).toEqual(ended.body);
    expect((await ask("GET", `${BUDGET}/raises?state=over`)).body.raises).toEqual([ended.body.raise]);
    expect((await store.verify()).findings).toEqual([]);
  });

  it("let a budget that is used up carry calls again", async () => {
    await aBudget("1");
    await spend("1", "r1");
    const check = { tenant_id: "acme", model: "sonnet", estimated_cost_usd: 0.5 };
    expect((await ask("POST", "/api/ai-budget/check", { body: check })).status).toBe(429);
    await ask("POST", `${BUDGET}/raises`, { body: RAISE });
    expect((await ask("POST", "/api/ai-budget/check", { body: check })).status).toBe(200);
  });

  it.each([
    ["an end in the past", { ...RAISE, until: "2025-11-01" }, 400, "invalid_request", "/until is not in the future."],
    ["an end before its beginning", { ...RAISE, from: "2025-11-21" }, 400, "invalid_request", "/until is not after /from."],
    ["no amount", { ...RAISE, amount_usd: 0 }, 400, "amount_invalid", "/amount_usd is zero."],
    ["no approver", { ...RAISE, approver: "" }, 400, "invalid_request", "/approver is empty."],
    ["more than any limit", { ...RAISE, amount_usd: "1000000000" }, 400, "amount_invalid", undefined],
    ["another window", { ...RAISE, window: "day" }, 404, "not_found", "There is no budget of tenant=acme for a day. It has one for month."],
  ])("are refused with %s", async (_, body, status, code, detail) => {
    await aBudget();
    for (const query of ["", "?dry_run=true"]) {
      const answer = await ask("POST", `${BUDGET}/raises${query}`, { body });
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      if (detail !== undefined) expect(answer.body.detail).toBe(detail);
    }
    expect(await store.raises()).toEqual([]);
  });

  it("say which budget may have been meant", async () => {
    await aBudget();
    const answer = await ask("POST", "/api/v1/budgets/tenant=acne/raises", { body: RAISE });
    expect(answer).toMatchObject({ status: 404, body: { code: "not_found", nearest: "tenant=acme" } });
    await ask("POST", "/api/v1/budgets/team=x", { body: { limit_usd: 1, window: "day" } });
    await ask("POST", "/api/v1/budgets/team=x", { body: { limit_usd: 1, window: "week" } });
    expect((await ask("POST", "/api/v1/budgets/team=x/raises", { body: RAISE })).body).toMatchObject({ field: "/window" });
    expect((await ask("POST", "/api/v1/budgets/team=x/raises", { body: { ...RAISE, window: "day" } })).status).toBe(200);
  });
});

describe("resets", () => {
  it("credit what is spent, show it, and leave an audit row with approver and reason", async () => {
    await aBudget();
    await spend("40", "r1");
    const part = await ask("POST", `${BUDGET}/reset`, { body: { ...RESET, amount_usd: "15.5" } });
    expect(part.body).toMatchObject({
      credited_usd: "15.5",
      budget: { account: { spent_usd: "24.5", credited_usd: "15.5", free_usd: "75.5" } },
    });
    const all = await ask("POST", `${BUDGET}/reset`, { body: RESET });
    expect(all.body).toMatchObject({ credited_usd: "24.5", budget: { account: { spent_usd: "0", credited_usd: "40", free_usd: "100" } } });
    const [row] = (await ask("GET", "/api/v1/audit?limit=1")).body.audit;
    expect(row).toMatchObject({
      action: "budget.reset",
      target: "tenant=acme",
      reason: "a loop",
      after: { approver: "CFO", credited_usd: "24.5" },
    });
    expect((await store.verify()).findings).toEqual([]);
  });

  it("are refused beyond what is spent, and when nothing is", async () => {
    await aBudget();
    const nothing = await ask("POST", `${BUDGET}/reset`, { body: RESET });
    expect(nothing).toMatchObject({ status: 400, body: { code: "amount_invalid" } });
    await spend("3", "r1");
    for (const query of ["", "?dry_run=true"]) {
      const beyond = await ask("POST", `${BUDGET}/reset${query}`, { body: { ...RESET, amount_usd: 4 } });
      expect(beyond.body).toMatchObject({ code: "amount_invalid", spent_usd: "3" });
    }
  });

  it.each([`${BUDGET}/raises`, `${BUDGET}/reset`, "/api/v1/raises/x/end"])("need the admin token at %s, as raises do", async (url) => {
    expect((await ask("POST", url, { body: {}, token: null })).status).toBe(401);
  });
});

describe("a tier", () => {
  it("says what the request does not, and is shown", async () => {
    const set = async (body: object) => (await ask("POST", BUDGET, { body })).body;
    expect((await set({ tier: "starter" })).budget).toMatchObject({ tier: "starter", limit_usd: "500", warn_percent: 70, zone: "UTC" });
    expect((await set({ limit_usd: 7 })).budget).toMatchObject({ tier: "starter", limit_usd: "7", warn_percent: 70 });
    expect((await set({ tier: "starter", warn_percent: 90 })).budget).toMatchObject({ limit_usd: "500", warn_percent: 90 });
    expect((await set({ tier: null, limit_usd: 8 })).budget).toMatchObject({ tier: null, limit_usd: "8", warn_percent: 90 });
    expect((await store.budgets())[0]!.tier).toBeUndefined();
  });

  it("that there is not is refused with the nearest, and neither limit nor tier with what is missing", async () => {
    const answer = await ask("POST", BUDGET, { body: { tier: "startr" } });
    expect(answer).toMatchObject({ status: 400, body: { field: "/tier", detail: 'There is no tier "startr"; did you mean starter?' } });
    expect((await ask("POST", BUDGET, { body: { tier: null } })).body).toMatchObject({ code: "invalid_request", field: "/limit_usd" });
    expect((await ask("POST", BUDGET, { body: {} })).body).toMatchObject({ code: "invalid_request", field: "/limit_usd" });
  });

  it("comes with an import, and stays over one that does not name it", async () => {
    const send = async (text: string) => (await ask("POST", "/api/v1/budgets/import", { body: { format: "csv", text } })).body;
    expect(await send("scope,tier\ntenant=acme,starter")).toMatchObject({ created: 1 });
    expect((await store.budgets())[0]).toMatchObject({ limitNano: usd("500"), tier: { name: "starter" } });
    expect(await send("scope,limit_usd\ntenant=acme,500")).toMatchObject({ unchanged: 1 });
    expect(await send("scope,tier\ntenant=acme,none")).toMatchObject({ changed: 1 });
  });
});

describe("the tree", () => {
  it("shows what lies within what, with what is spent, and warns of limits that sum to more", async () => {
    await ask("POST", "/api/v1/budgets/*", { body: { limit_usd: 120 } });
    await aBudget();
    await spend("7", "r1");
    const other = await ask("POST", "/api/v1/budgets/tenant=b", { body: { limit_usd: 50 } });
    const warning =
      "The 2 budgets within * that differ by tenant may spend 150 USD together, 30 more than its 120: it will refuse before they do.";
    expect(other.body.notes).toContain(warning);
    const { body } = await ask("GET", "/api/v1/budgets/tree", { token: null });
    expect(body.warnings).toEqual([warning]);
    expect(body.budgets[0]).toMatchObject({
      id: "*",
      parents: [],
      children: ["tenant=acme", "tenant=b"],
      over_commitments: [{ dimensions: ["tenant"], children: 2, children_limit_usd: "150", over_usd: "30" }],
    });
    expect(body.budgets[1]).toMatchObject({ id: "tenant=acme", parents: ["*"], limit_usd: "100", spent_usd: "7", over_commitments: [] });
  });
});

describe("a dry run", () => {
  it.each([
    ["a new limit", BUDGET, { limit_usd: "120", hard: false }],
    ["a new budget", "/api/v1/budgets/team=core", { limit_usd: 5 }],
    ["the guide's limit", "/api/ai-budget/set", { tenant_id: "acme", model: "*", monthly_limit_usd: 70 }],
    ["a raise", `${BUDGET}/raises`, RAISE],
    ["a raise to come", `${BUDGET}/raises`, { ...RAISE, from: "2025-11-18" }],
    ["a reset", `${BUDGET}/reset`, { ...RESET, amount_usd: "5" }],
  ])("of %s answers as the change itself would, and changes nothing", async (_, url, body) => {
    await aBudget();
    await spend("30", "r1");
    const before = await everything();
    const { body: planned, status } = await ask("POST", `${url}?dry_run=true`, { body });
    expect([status, planned.dry_run]).toEqual([200, true]);
    expect(await everything()).toEqual(before);
    const { body: done } = await ask("POST", url, { body });
    // Ids of raises are made from the request's own.
    const plain = (answer: object) => JSON.stringify({ ...answer, dry_run: undefined }).replaceAll(/trace-\d+/g, "trace");
    expect(JSON.parse(plain(planned))).toEqual(JSON.parse(plain(done)));
    expect(await everything()).not.toEqual(before);
  });

  it("of the end of a raise answers as the end itself would", async () => {
    await aBudget();
    const { id } = (await ask("POST", `${BUDGET}/raises`, { body: RAISE })).body.raise;
    const before = await everything();
    const { body: planned } = await ask("POST", `/api/v1/raises/${id}/end?dry_run=true`);
    expect(await everything()).toEqual(before);
    const { body: done } = await ask("POST", `/api/v1/raises/${id}/end`);
    expect(planned).toEqual({ ...done, dry_run: true });
    expect((await ask("POST", "/api/v1/raises/none/end?dry_run=true")).body.code).toBe("not_found");
  });

  it("of a key shows what would be made, without a secret, and revokes nothing", async () => {
    const wish = { name: "ci", scope: { tenant: "acme" }, models: ["gpt-*"] };
    const { body, status } = await ask("POST", "/api/v1/keys?dry_run=true", { body: wish });
    expect([status, body]).toEqual([200, { dry_run: true, key: { ...wish, may_name: [], expires_at: null } }]);
    const { key } = (await ask("POST", "/api/v1/keys", { body: wish })).body;
    const before = await everything();
    const planned = await ask("POST", `/api/v1/keys/${key.id}/revoke?dry_run=true`);
    expect(planned.body).toEqual({ dry_run: true, key: { ...key, revoked_at: "2025-11-15T12:00:00.000Z" } });
    expect(await everything()).toEqual(before);
    expect((await ask("POST", "/api/v1/keys/none/revoke?dry_run=true")).status).toBe(404);
  });

  it("names each field that would change", async () => {
    await aBudget();
    const { body } = await ask("POST", `${BUDGET}?dry_run=true`, { body: { limit_usd: "120", thresholds: [] } });
    expect(body.change).toEqual({
      id: "tenant=acme",
      action: "change",
      fields: [
        { field: "limit_usd", before: "100", after: "120" },
        { field: "thresholds", before: "50 80 100", after: "none" },
      ],
    });
    expect((await ask("POST", `${BUDGET}?dry_run=yes`, { body: { limit_usd: 1 } })).body).toMatchObject({ field: "/dry_run" });
  });
});
