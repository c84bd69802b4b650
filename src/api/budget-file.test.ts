import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUDGET_FILE_FORMATS } from "../contract/budget-operations-contract.ts";
import { MOST_LIMIT_NANO } from "../contract/most-amounts.ts";
import { Problem } from "../contract/problem.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { missingOnShort, ON_SHORT } from "../core/ledger/on-short.ts";
import { SCOPE_DIMENSIONS, type ScopeDimension, selectorKey } from "../core/scope/scope.ts";
import { CALENDAR_WINDOWS } from "../core/time/window.ts";
import { testApi } from "./api-test-kit.ts";
import { budgetCells } from "./budget-cells.ts";
import { placeKey } from "./budget-change.ts";
import { readBudgetFile, writeBudgetFile } from "./budget-file.ts";
import { planImport } from "./plan-import.ts";

const TIERS = new Map([["starter", { limitNano: 5n }]]);
const scopeValue = fc.string({ unit: fc.constantFrom(..."aZ9é._:@/+- "), minLength: 1, maxLength: 6 }).map((text) => `x${text}`);
const selector = fc
  .dictionary(fc.constantFrom<ScopeDimension>(...SCOPE_DIMENSIONS), scopeValue, { maxKeys: 4 })
  .map((named) =>
    Object.fromEntries(SCOPE_DIMENSIONS.flatMap((dimension) => (named[dimension] === undefined ? [] : [[dimension, named[dimension]]]))),
  );
const budget: fc.Arbitrary<Budget> = fc
  .record({
    selector,
    limitNano: fc.bigInt(0n, MOST_LIMIT_NANO),
    window: fc.constantFrom(...CALENDAR_WINDOWS),
    ofRun: fc.boolean(),
    zone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
    hard: fc.boolean(),
    onShort: fc.constantFrom(...ON_SHORT),
    fallbackModel: fc.option(scopeValue, { nil: undefined }),
    template: fc.option(fc.string({ unit: fc.constantFrom(..."aé😀 \n\r\t\",:#'"), minLength: 1, maxLength: 20 }), { nil: undefined }),
    onStoreDown: fc.constantFrom(undefined, "serve_from_lease" as const),
    thresholds: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 20 }).map((percents) => percents.sort((a, b) => a - b)),
    warnPercent: fc.integer({ min: 1, max: 100 }),
    rest: fc.boolean(),
    tier: fc.constantFrom(undefined, { name: "starter", settings: { limitNano: 5n } }),
    named: fc.option(scopeValue),
  })
  .filter((each) => missingOnShort(each) === undefined)
  .map(({ rest, named, ofRun, ...each }) => {
    const more = { ...each, window: ofRun && each.selector.run !== undefined ? ("run" as const) : each.window };
    const plain = selectorKey(more.selector) || "*";
    const covers = rest && Object.keys(more.selector).join() === "tenant" ? "rest" : "all";
    const id = named === null ? (more.window === "month" ? plain : `${plain},window=${more.window}`) : `name ${named}`;
    return { ...more, id, covers, origin: "api", createdAt: 0, updatedAt: 0 } as const;
  });
const budgets = fc
  .uniqueArray(budget, { maxLength: 8, selector: (each) => placeKey(each.selector, each.window) })
  .map((each) => [...new Map(each.map((one) => [one.id, one])).values()]);

function depsOf(known: readonly Budget[]) {
  const byId = new Map(known.map((each) => [each.id, each]));
  const catalog = { all: () => [...known], get: (id: string) => byId.get(id) };
  return { budgets: catalog as never, defaultBudget: null, now: () => 0, tiers: TIERS };
}

describe.each(BUDGET_FILE_FORMATS)("a file of budgets as %s", (format) => {
  it("changes nothing when it is imported where it was exported, whatever the budgets are", () => {
    fc.assert(
      fc.property(budgets, (known) => {
        const plans = planImport(readBudgetFile(format, writeBudgetFile(format, known)), "", depsOf(known));
        expect(plans.map(({ view }) => view.action)).toEqual(known.map(() => "unchanged"));
      }),
    );
  });

  it("makes the same budgets where there are none", () => {
    fc.assert(
      fc.property(budgets, (known) => {
        const plans = planImport(readBudgetFile(format, writeBudgetFile(format, known)), "", depsOf([]));
        expect(plans.map((plan) => budgetCells(plan.budget))).toEqual(known.map(budgetCells));
      }),
    );
  });
});

/** "line:column field: message" of everything that is wrong. */
function wrongIn(format: "csv" | "yaml", text: string, known: readonly Budget[] = []): string[] {
  try {
    planImport(readBudgetFile(format, text), "", depsOf(known));
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const problems = error.details.problems as { line: number; column: number; field: string; message: string }[];
    return problems.map(({ line, column, field, message }) => `${line}:${column} ${field}: ${message}`);
  }
}

const ACME: Budget = {
  ...{ id: "acme", selector: { tenant: "acme" }, limitNano: 5n, window: "month", zone: "UTC", hard: true, onShort: "deny" },
  ...{ thresholds: [50], warnPercent: 80, covers: "all", origin: "api", createdAt: 0, updatedAt: 0 },
};

describe("what is wrong with a file", () => {
  it.each([
    [
      "an unknown column",
      "scope,limit\ntenant=a,5",
      '1:7 limit: there is no column "limit"; there are id, scope, limit_usd, window, zone, hard, on_short, fallback_model, template, on_store_down, thresholds, warn_percent, covers, tier',
    ],
    ["a misspelt column", "scope,limit_usd,windw\ntenant=a,5,day", '1:17 windw: there is no column "windw", did you mean window?'],
    ["a column twice", "scope,limit_usd,scope\ntenant=a,5,tenant=a", "1:17 scope: this column is there twice"],
    ["a row too short", "scope,limit_usd\ntenant=a", "2:1 : expected 2 fields as in the first line, found 1"],
    ["an open quote", 'scope,limit_usd\n"tenant=a,5', "2:1 : the quote that begins here is never closed"],
    ["nothing at all", "", "1:1 : the first line names the columns"],
    ["an unknown dimension", "scope,limit_usd\ntennant=a,5", '2:1 scope: "tennant=a" is not <dimension>=<value>'],
    ["no scope", "scope,limit_usd\n,5", "2:1 scope: is missing"],
    ["no limit of a new budget", "scope,limit_usd\ntenant=a,", "2:1 limit_usd: is missing, and this budget is new"],
    ["an amount with a comma", 'scope,limit_usd\ntenant=a,"1,5"', "2:10 limit_usd: The amount is not a decimal number"],
    [
      "a misspelt window",
      "scope,limit_usd,window\ntenant=a,5,mnth",
      '2:12 window: "mnth" is not one of day, week, month, quarter, year, run; did you mean month?',
    ],
    [
      "a run's window without a run",
      "scope,limit_usd,window\ntenant=a,5,run",
      "2:12 window: can be run only on a budget whose scope names a run",
    ],
    ["a text that is missing", "scope,limit_usd,on_short\ntenant=a,5,template", "2:1 template: is missing, which on_short template needs"],
    ["a model that is none", "scope,limit_usd,fallback_model\ntenant=a,5,<b>", "2:12 fallback_model: "],
    ["a text too long", `scope,limit_usd,template\ntenant=a,5,${"x".repeat(4001)}`, "2:12 template: is longer than 4000 characters"],
    [
      "an unknown way",
      "scope,limit_usd,on_store_down\ntenant=a,5,serve",
      '2:12 on_store_down: "serve" is not one of deny, serve_from_lease',
    ],
    ["an unknown zone", "scope,limit_usd,zone\ntenant=a,5,Mars", '2:12 zone: "Mars" is not an IANA time zone such as Europe/Berlin'],
    ["a hardness that is none", "scope,limit_usd,hard\ntenant=a,5,yes", '2:12 hard: "yes" is not one of true, false'],
    ["thresholds that fall", "scope,limit_usd,thresholds\ntenant=a,5,80 50", "2:12 thresholds: the percents do not rise"],
    ["a share above 100", "scope,limit_usd,warn_percent\ntenant=a,5,101", '2:12 warn_percent: "101" is no whole number from 1 to 100'],
    [
      "rest of more than a tenant",
      'scope,limit_usd,covers\n"tenant=a,model=m",5,rest',
      "2:22 covers: can be rest only on a budget of a whole tenant",
    ],
    ["a scope twice", "scope,limit_usd\ntenant=a,5\ntenant=a,6", "3:1 scope: this scope and window is there twice, first at line 2"],
    [
      "a known budget by another name",
      "id,scope,limit_usd\nb,tenant=acme,5",
      '2:1 id: the budget of this scope and window is called "acme"',
    ],
    [
      "a known name on another scope",
      "id,scope\nacme,tenant=b",
      "2:6 scope: the budget acme is of tenant=acme for a month; an import moves none",
    ],
    [
      "a known name on another window",
      "id,window\nacme,day",
      "2:6 window: the budget acme is of tenant=acme for a month; an import moves none",
    ],
    ["an unknown tier", "scope,tier\ntenant=a,startr", '2:10 tier: there is no tier "startr"; did you mean starter?'],
    ["a name with odd characters", "id,scope,limit_usd\n<b>,tenant=b,5", "2:1 id: is no name for a new budget"],
  ])("is told of CSV with its place: %s", (_, text, expected) => {
    expect(wrongIn("csv", text, [ACME])).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    ["an unknown setting", "budgets:\n  - scope: { tenant: a }\n    limit: 5", '3:5 limit: there is no column "limit"'],
    ["other settings", "budgets: []\nlisten: {}", "2:1 listen: only budgets can be imported"],
    ["no list", "budgets: 5", "1:1 budgets: expected a list of budgets"],
    ["an entry that is no budget", "- 5", "1:3 : expected a budget"],
    ["a scope as a list", "- scope: [a]\n  limit_usd: 5", "1:10 scope: expected names and values, found a list"],
    ["a setting twice", "- scope: {}\n  limit_usd: 5\n  limit_usd: 6", "3:3 : Map keys must be unique"],
    ["an alias", "- scope: &a { tenant: a }\n  limit_usd: 5\n- scope: *a\n  limit_usd: 6", "3:10 scope: aliases are not followed here"],
    ["broken YAML", "budgets: [", "1:11 : "],
    [
      "a misspelt way",
      "- scope: {}\n  limit_usd: 5\n  on_short: dney",
      '3:13 on_short: "dney" is not one of deny, cached_only, template, fallback_model, fit; did you mean deny?',
    ],
  ])("is told of YAML with its place: %s", (_, text, expected) => {
    expect(wrongIn("yaml", text).join("\n")).toContain(expected);
  });

  it("is told all at once, in the order of the file", () => {
    expect(wrongIn("csv", "scope,limit_usd,hard\ntenant=a,x,maybe\ntenant=b,-1,true").map((text) => text.split(" ")[0])).toEqual([
      "2:10",
      "2:12",
      "3:10",
    ]);
  });
});

describe("import and export by the API", () => {
  it("leaves what a row does not say as it is, and budgets that the file does not name", async () => {
    const { ask } = await testApi();
    await ask("POST", "/api/v1/budgets/tenant=a", { body: { limit_usd: 5, hard: false, zone: "Asia/Tokyo" } });
    await ask("POST", "/api/v1/budgets/tenant=b", { body: { limit_usd: 6 } });
    const body = { format: "csv", text: "scope,limit_usd\r\ntenant=a,7\r\nteam=x,1\r\n", reason: "plan" };
    const planned = await ask("POST", "/api/v1/budgets/import?dry_run=true", { body });
    expect(planned.body).toMatchObject({ dry_run: true, created: 1, changed: 1, unchanged: 0 });
    expect(planned.body.changes[0]).toEqual({
      id: "tenant=a",
      action: "change",
      fields: [{ field: "limit_usd", before: "5", after: "7" }],
    });
    expect((await ask("GET", "/api/v1/budgets")).body.budgets).toHaveLength(2);
    const done = await ask("POST", "/api/v1/budgets/import", { body });
    expect({ ...done.body, dry_run: true }).toEqual(planned.body);
    const { budgets: stored } = (await ask("GET", "/api/v1/budgets")).body;
    expect(stored.map(({ id, limit_usd, zone }: Record<string, string>) => [id, limit_usd, zone]).sort()).toEqual([
      ["team=x", "1", "UTC"],
      ["tenant=a", "7", "Asia/Tokyo"],
      ["tenant=b", "6", "UTC"],
    ]);
    expect((await ask("GET", "/api/v1/audit?limit=1")).body.audit[0]).toMatchObject({ action: "budget.set", reason: "import: plan" });
    expect((await ask("POST", "/api/v1/budgets/import", { body })).body).toMatchObject({
      created: 0,
      changed: 0,
      unchanged: 2,
      changes: [],
    });
  });

  it("exports what it imports, and says what it is", async () => {
    const { ask } = await testApi();
    await ask("POST", "/api/v1/budgets/tenant=a,model=m", { body: { limit_usd: "0.5", thresholds: [] } });
    const csv = await ask("GET", "/api/v1/budgets?format=csv", { token: null });
    expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8; header=present");
    expect(csv.text.split("\r\n")[1]).toBe('"tenant=a,model=m","tenant=a,model=m",0.5,month,UTC,true,deny,,,deny,none,80,all,none');
    const yaml = await ask("GET", "/api/v1/budgets?format=yaml");
    expect(yaml.headers["content-type"]).toBe("application/yaml; charset=utf-8");
    for (const [format, { text }] of Object.entries({ csv, yaml })) {
      expect((await ask("POST", "/api/v1/budgets/import", { body: { format, text } })).body).toMatchObject({ unchanged: 1, changes: [] });
    }
  });

  it("changes nothing at all when one line is wrong", async () => {
    const { ask, store } = await testApi();
    const answer = await ask("POST", "/api/v1/budgets/import", {
      body: { format: "csv", text: "scope,limit_usd\ntenant=a,5\ntenant=b,x" },
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "import_invalid", problem_count: 1, problems: [{ line: 3, column: 10, field: "limit_usd" }] },
    });
    expect([store.budgetRows.size, store.auditRows.length]).toEqual([0, 0]);
    expect((await ask("POST", "/api/v1/budgets/import", { body: { format: "csv", text: "" }, token: null })).status).toBe(401);
  });
});
