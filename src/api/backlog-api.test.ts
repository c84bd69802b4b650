import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BACKLOG_FORMATS } from "../contract/backlog-contract.ts";
import { BACKLOG_STATUSES, type BacklogItem } from "../core/backlog/backlog-item.ts";
import type { LeverEvidenceRow } from "../core/backlog/lever-evidence.ts";
import { SAVING_LEVERS } from "../core/backlog/saving-lever-list.ts";
import { usd } from "../core/money/usd.ts";
import { selectorKey } from "../core/scope/scope.ts";
import { testApi } from "./api-test-kit.ts";
import { planBacklogImport, writeBacklogFile } from "./backlog-file.ts";

const ATTO = 1_000_000_000n;

/** 100 calls for $9: $3 of input, $6 of output. */
function aRow(more: Partial<LeverEvidenceRow> = {}): LeverEvidenceRow {
  const tokens = { promptTokens: 1_000_000, cacheReadTokens: 0, genTokens: 400_000 };
  const known = { calls: 100, ...tokens, cost: usd("9") * ATTO, batchCalls: 0, unusedCalls: 0, unusedCost: 0n };
  const split = { calls: 100, ...tokens, inputCost: usd("3") * ATTO, genCost: usd("6") * ATTO, genTokensAbove: 0, callsAbove: 0 };
  return { provider: "anthropic", model: "opus", calls: 100, cached: 0, known, split, depth: { calls: 0, sum: 0 }, ...more };
}

async function withItem(more: object = {}) {
  const api = await testApi();
  api.warehouse.evidence = { rows: [aRow()], genTokensP95: 4000 };
  const body = {
    lever: "prompt_compression",
    target: "20%",
    scope: "use_case=ops",
    owner: "Platform",
    eta: "2025-12-01",
    reason: "plan",
    ...more,
  };
  const added = await api.ask("POST", "/api/v1/backlog", { body });
  expect(added.status).toBe(200);
  return { ...api, added };
}

describe("the backlog", () => {
  it("keeps an item with an audit entry, and shows what its lever would save of the measured calls, scaled to a month", async () => {
    const { ask, store, warehouse, added } = await withItem();
    expect(added.body.change).toMatchObject({ id: "prompt_compression,use_case=ops", action: "create" });
    const { body } = await ask("GET", "/api/v1/backlog?window=7d");
    expect(body.items).toMatchObject([
      {
        id: "prompt_compression,use_case=ops",
        title: "Prompt compression",
        scope: { use_case: "ops" },
        owner: "Platform",
        eta: "2025-12-01",
        status: "proposed",
        // A fifth of $3 in seven days, rounded down: 0.6 * 30 / 7.
        expectation: { outcome: "computed", saving_usd_month: "2.571428571", saving_percent: "6.6", of_usd: "9", calls: 100 },
      },
    ]);
    expect(warehouse.evidenceAsked).toMatchObject([{ selector: { use_case: "ops" } }]);
    expect(store.auditRows).toMatchObject([
      { action: "backlog.create", target: "prompt_compression,use_case=ops", reason: "plan", before: null },
    ]);
  });

  it("changes what is named and leaves the rest, telling what was and is", async () => {
    const { ask, store } = await withItem({ id: "shorter prompts" });
    const { body } = await ask("POST", "/api/v1/backlog/shorter%20prompts", { body: { status: "done", target: "25%", reason: "live" } });
    expect(body.item).toMatchObject({ id: "shorter prompts", status: "done", target: "25%", owner: "Platform", eta: "2025-12-01" });
    expect(body.change.fields).toEqual([
      { field: "target", before: "20%", after: "25%" },
      { field: "status", before: "proposed", after: "done" },
    ]);
    expect(store.auditRows.at(-1)).toMatchObject({ action: "backlog.change", reason: "live" });
    const again = await ask("POST", "/api/v1/backlog/shorter%20prompts", { body: { status: "done" } });
    expect([again.body.change.action, store.auditRows.length]).toEqual(["unchanged", 2]);
  });

  it("of a dry run answers as the change would, and changes nothing", async () => {
    const { ask, store } = await withItem();
    const dry = await ask("POST", "/api/v1/backlog?dry_run=true", { body: { lever: "batch", target: "30%" } });
    expect(dry.body).toMatchObject({ dry_run: true, item: { id: "batch" }, change: { action: "create" } });
    const text = "lever,target\nbatch,30%\n";
    const file = await ask("POST", "/api/v1/backlog/import?dry_run=true", { body: { format: "csv", text } });
    expect(file.body).toMatchObject({ dry_run: true, created: 1 });
    expect([store.backlogRows.size, store.auditRows.length]).toEqual([1, 1]);
  });

  it.each([
    ["a lever that is none", { lever: "magic", target: "20%" }, { field: "/lever" }],
    ["a target that the lever cannot read", { lever: "batch", target: "soon" }, { field: "/target" }],
    ["a day that there is not", { lever: "batch", target: "30%", eta: "2026-02-30" }, { field: "/eta" }],
    ["a status that is none", { lever: "batch", target: "30%", status: "started" }, { field: "/status" }],
    ["a scope that is none", { lever: "batch", target: "30%", scope: "colour=red" }, { code: "invalid_scope" }],
    ["a name that is none", { lever: "batch", target: "30%", id: "a=b" }, { field: "/id" }],
    ["an item that is there already", { lever: "prompt_compression", target: "30%", scope: "use_case=ops" }, { field: "/id" }],
    ["a field that it does not know", { lever: "batch", target: "30%", saving: "15%" }, { field: "/saving" }],
    ["nothing at all", {}, { code: "invalid_request" }],
  ])("refuses %s", async (_, body, problem) => {
    const { ask, store } = await withItem();
    expect(await ask("POST", "/api/v1/backlog", { body })).toMatchObject({ status: 400, body: problem });
    expect(store.backlogRows.size).toBe(1);
  });

  it("needs the admin token for every change, and an item that is there", async () => {
    const { ask } = await withItem();
    const body = { lever: "batch", target: "30%" };
    for (const path of ["", "/import", "/prompt_compression,use_case=ops"]) {
      const sent = path === "/import" ? { format: "csv", text: "lever,target\nbatch,30%" } : body;
      expect((await ask("POST", `/api/v1/backlog${path}`, { body: sent, token: null })).status).toBe(401);
    }
    expect((await ask("GET", "/api/v1/backlog", { token: null })).status).toBe(200);
    expect(await ask("POST", "/api/v1/backlog/nothing", { body: {} })).toMatchObject({ status: 404, body: { code: "not_found" } });
  });

  it("asks the warehouse once for items of one scope, and says when there is none", async () => {
    const { ask, warehouse } = await withItem();
    await ask("POST", "/api/v1/backlog", { body: { lever: "unused_answers", target: "50%", scope: "use_case=ops" } });
    await ask("POST", "/api/v1/backlog", { body: { lever: "response_cap", target: "350", scope: "use_case=ops" } });
    expect((await ask("GET", "/api/v1/backlog")).body.items).toHaveLength(3);
    expect(warehouse.evidenceAsked.map(({ capTokens }) => capTokens)).toEqual([Number.MAX_SAFE_INTEGER, 350]);
    const without = await testApi({ warehouse: undefined });
    await without.ask("POST", "/api/v1/backlog", { body: { lever: "batch", target: "30%" } });
    expect(await without.ask("GET", "/api/v1/backlog")).toMatchObject({ status: 503, body: { code: "warehouse_missing" } });
    // The plan itself can be had.
    expect((await without.ask("GET", "/api/v1/backlog?format=csv")).text).toContain("batch,batch,*,30%");
  });

  it("takes what retrieval cost from what applications told, when all of it has a price", async () => {
    const { ask, warehouse } = await withItem();
    warehouse.evidence = { rows: [aRow({ depth: { calls: 10, sum: 80 } })], genTokensP95: 1 };
    await ask("POST", "/api/v1/backlog", { body: { lever: "retrieval_depth", target: "4", scope: "use_case=ops" } });
    const expectation = async () => (await ask("GET", "/api/v1/backlog?window=30d")).body.items[1].expectation;
    expect(await expectation()).toMatchObject({ outcome: "unknown", baseline: "k 8 on average" });
    const fact = {
      group: {},
      measure: "retrieval_queries",
      subject: "",
      reason: "",
      facts: 1,
      quantity: 10_000_000n,
      costAtto: usd("3") * ATTO,
    };
    warehouse.usageFactRows = [fact, { ...fact, measure: "vector_reads" }];
    expect(await expectation()).toMatchObject({ outcome: "computed", saving_usd_month: "1.5" });
    warehouse.usageFactRows = [fact, { ...fact, reason: "no_price", costAtto: 0n }];
    expect(await expectation()).toMatchObject({ outcome: "unknown" });
  });

  it("says for an item of a newer version that it is not known", async () => {
    const { ask, store } = await withItem();
    const item: BacklogItem = { ...store.backlogRows.values().next().value!, id: "x", lever: "quantum" };
    store.backlogRows.set("x", item);
    const { body } = await ask("GET", "/api/v1/backlog");
    expect(body.items[1]).toMatchObject({
      title: "quantum",
      expectation: { outcome: "unknown", reason: expect.stringContaining("no such lever") },
    });
  });
});

describe("recommendations", () => {
  it("show every lever over these calls, what saves most first and what is not known last", async () => {
    const { ask } = await withItem({ scope: undefined });
    const { body } = await ask("GET", "/api/v1/recommendations?window=30d");
    const outcomes = body.recommendations.map(({ expectation }: { expectation: { outcome: string } }) => expectation.outcome);
    expect(outcomes).toEqual([...outcomes].sort());
    const savings = body.recommendations.flatMap(
      ({ expectation: { saving_usd_month: saving } }: { expectation: { saving_usd_month: string | null } }) =>
        saving === null ? [] : [Number(saving)],
    );
    expect(savings).toEqual([...savings].sort((a: number, b: number) => b - a));
    expect(body.recommendations).toHaveLength(SAVING_LEVERS.length);
    const of = (lever: string) => body.recommendations.find((one: { lever: string }) => one.lever === lever);
    expect(of("answer_cache")).toMatchObject({ target: "60%", expectation: { saving_usd_month: "5.4" }, in_backlog: [] });
    expect(of("prompt_compression").in_backlog).toEqual(["prompt_compression"]);
    expect(of("small_model")).toMatchObject({ target: null, expectation: { outcome: "unknown" } });
  });

  it("name the model that is cheapest by the token as the small one, at the price book's price", async () => {
    const { ask, warehouse } = await withItem();
    warehouse.evidence = { rows: [aRow(), aRow({ model: "sonnet", known: { ...aRow().known, cost: usd("1") * ATTO } })], genTokensP95: 1 };
    const { body } = await ask("GET", "/api/v1/recommendations?scope=use_case%3Dops");
    const found = body.recommendations.find((one: { lever: string }) => one.lever === "small_model");
    // A million in at $3 and 400,000 out at $15 are $9 on sonnet too; a fifth of nothing is nothing.
    expect(found).toMatchObject({ target: "60%:anthropic/sonnet", expectation: { outcome: "computed", saving_usd_month: "0" } });
    expect(await ask("GET", "/api/v1/recommendations?scope=colour%3Dred")).toMatchObject({ status: 400, body: { code: "invalid_scope" } });
  });
});

const scopeValue = fc.string({ unit: fc.constantFrom(..."aZ9é._:@/+- "), minLength: 1, maxLength: 6 }).map((text) => `x${text}`);
const item: fc.Arbitrary<BacklogItem> = fc
  .record({
    lever: fc.constantFrom(...SAVING_LEVERS),
    scope: fc.dictionary(fc.constantFrom("tenant", "use_case", "model"), scopeValue, { maxKeys: 2 }),
    owner: fc.string({ unit: fc.constantFrom(..."aé😀 \",:#'\n"), maxLength: 9 }),
    note: fc.string({ unit: fc.constantFrom(..."aé😀 \",:#'\n"), maxLength: 9 }),
    eta: fc.constantFrom("", "2026-12-31"),
    status: fc.constantFrom(...BACKLOG_STATUSES),
    name: fc.option(scopeValue),
  })
  .map(({ lever, scope, name, ...rest }) => {
    const plain = [lever.name, selectorKey(scope)].filter((part) => part !== "").join(",");
    return { id: name ?? plain, lever: lever.name, scope, target: lever.example, ...rest, createdAt: 5, updatedAt: 5 };
  });
const items = fc.uniqueArray(item, { maxLength: 6, selector: ({ id }) => id });

describe.each(BACKLOG_FORMATS)("a file of the backlog as %s", (format) => {
  it("changes nothing where it was exported, and makes the same items where there are none", () => {
    fc.assert(
      fc.property(items, (known) => {
        const file = { format, text: writeBacklogFile(format, known), reason: "" };
        expect(planBacklogImport(file, known, 9).map(({ view }) => view.action)).toEqual(known.map(() => "unchanged"));
        const made = planBacklogImport(file, [], 5).map((plan) => plan.item);
        expect(made).toEqual(known);
      }),
    );
  });

  it("is refused as a whole, with the place of everything that is wrong", async () => {
    const { ask, store } = await testApi();
    const csv = "lever,target,eta\nbatch,soon,\nmagic,20%,\nbatch,30%,2026-02-30\n";
    const yaml =
      "backlog:\n  - { lever: batch, target: soon }\n  - { lever: magic, target: 20% }\n  - { lever: batch, target: 30%, eta: 2026-02-30 }\n";
    const { status, body } = await ask("POST", "/api/v1/backlog/import", { body: { format, text: format === "csv" ? csv : yaml } });
    expect([status, body.code]).toEqual([400, "import_invalid"]);
    expect(body.problems.map(({ line, field }: { line: number; field: string }) => `${line} ${field}`)).toEqual([
      "2 target",
      "3 lever",
      "4 eta",
    ]);
    expect(store.backlogRows.size).toBe(0);
  });
});
