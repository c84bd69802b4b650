import { describe, expect, it } from "vitest";
import { savingsText, scoreboardCsv } from "../cli/commands/report-savings-command.ts";
import type { SavingsAnswer } from "../contract/savings-contract.ts";
import type { LeverEvidenceRow } from "../core/backlog/lever-evidence.ts";
import { usd } from "../core/money/usd.ts";
import { momentsOf } from "../core/savings/cost-moments.ts";
import type { SavingCellRow } from "../ports/warehouse.ts";
import { readCsv } from "../std/csv-text.ts";
import { testApi } from "./api-test-kit.ts";

/* It is Saturday 15 November 2025; last week is 3 to 9 November. */
const USD = 10n ** 18n;
const HEADER = "week_ending,use_case,lever,owner,target_savings_pct,actual_savings_pct,status,notes";

function aCell(calls: number, cost: number, more: Partial<SavingCellRow> = {}): SavingCellRow {
  const moments = momentsOf(Array.from({ length: calls }, (_, index) => cost * (0.9 + (index % 3) / 10)));
  const cell = { useCase: "support", kind: "gpt\nchat\np1", complexity: null, holdout: false, levers: [], unknownCost: 0 };
  return { ...cell, costAtto: BigInt(calls) * USD, moments, ...more };
}

async function withCalls() {
  const api = await testApi();
  api.warehouse.savingCellRows = [
    aCell(300, 1, { holdout: true }),
    aCell(3000, 0.5, { levers: ["small_model_share"] }),
    aCell(40, 1, { useCase: "triage", holdout: true }),
    aCell(100, 1, { useCase: "triage" }),
  ];
  return api;
}

describe("GET /api/v1/savings", () => {
  it("tells what a use case saved last week, net, with its interval and each lever's part", async () => {
    const { ask, warehouse } = await withCalls();
    warehouse.leverCostRows = [{ use: "ballast_judge", served: "support", calls: 9, unknownCost: 1, costAtto: 30n * USD }];
    const { status, body } = await ask("GET", "/api/v1/savings");
    expect(status).toBe(200);
    expect(body).toMatchObject({ from: "2025-11-03T00:00:00.000Z", to: "2025-11-10T00:00:00.000Z", week_ending: "2025-11-09" });
    const [support, triage] = (body as SavingsAnswer).use_cases;
    expect(support).toMatchObject({
      ...{ use_case: "support", outcome: "measured", compared_calls: 3000, needed_holdout_calls: null },
      treated: { calls: 3000, unknown_cost: 0, cost_usd: "3000" },
      lever_costs: [{ use: "ballast_judge", calls: 9, unknown_cost: 1, cost_usd: "30" }],
      // 1 - 0.5, less 30 USD of judging over 3000 calls.
      saved_usd_per_call: { value: "0.490000000" },
      saved_percent: { value: "49.00" },
      saved_usd: { value: "1470.0000" },
      unexplained_percent: "-1.00",
      levers: [{ lever: "routing_small", outcome: "estimated", calls: 3000, saved_percent: { value: "50.00" } }],
    });
    expect(Number(support!.saved_percent!.low)).toBeLessThan(49);
    expect(Number(support!.saved_percent!.high)).toBeGreaterThan(49);
    expect(triage).toMatchObject({
      outcome: "unknown",
      saved_percent: null,
      saved_usd: null,
      needed_holdout_calls: 100,
      holdout: { calls: 40 },
    });
  });

  it("shares out what no use case is named for by calls, to the last digit", async () => {
    const { ask, warehouse } = await withCalls();
    warehouse.leverCostRows = [{ use: "ballast_embed", served: "", calls: 7, unknownCost: 0, costAtto: 31n }];
    const { body } = await ask("GET", "/api/v1/savings");
    expect((body as SavingsAnswer).use_cases.map(({ lever_costs: costs }) => costs[0]!.cost_usd)).toEqual([
      "0.00000000000000003",
      "0.000000000000000001",
    ]);
  });

  it("answers with one use case, and with a week by one of its days", async () => {
    const { ask } = await withCalls();
    const { body } = await ask("GET", "/api/v1/savings?week=2025-10-29&use_case=triage");
    expect(body).toMatchObject({ week_ending: "2025-11-02", use_cases: [{ use_case: "triage" }] });
  });

  it("refuses a week that lies in the future, and one that is none", async () => {
    const { ask } = await withCalls();
    for (const week of ["2031-01-01", "yesterday"]) {
      expect((await ask("GET", `/api/v1/savings?week=${week}`)).status).toBe(400);
    }
  });

  it("gives the scoreboard as a file with exactly the controls' header, with owner, target and status of the backlog, and no formula", async () => {
    const { ask, warehouse } = await withCalls();
    warehouse.evidence = { rows: [EVIDENCE], genTokensP95: 400 };
    const item = { lever: "prompt_compression", target: "20%", scope: "use_case=support", owner: "=cmd()", status: "approved", note: "+1" };
    expect((await ask("POST", "/api/v1/backlog", { body: item })).status).toBe(200);
    const { body: answer } = await ask("GET", "/api/v1/savings");
    const { text: file } = await ask("GET", "/api/v1/savings?format=csv");
    const lines = file.split("\r\n");
    expect(lines[0]).toBe(HEADER);
    expect(lines[1]).toBe("2025-11-09,support,prompt_compression,'=cmd(),6.6,,Planned,It changed no call in this week; +1");
    expect(lines[2]).toMatch(
      /^2025-11-09,support,routing_small,,,50\.0,In Progress,"95 % interval .* 3000 calls changed, 300 in the holdout"$/,
    );
    expect(readCsv(file).rows[1]![3]!.text).toBe("=cmd()");
    expect(scoreboardCsv(answer as SavingsAnswer)).toBe(file);
    // A target is of the time before the item was made, so that it stands still.
    expect(warehouse.evidenceAsked.at(-1)).toMatchObject({ to: new Date("2025-11-15T12:00:00Z"), from: new Date("2025-10-16T12:00:00Z") });
  });

  it("is printed for people: what is unknown says how many calls it needs", async () => {
    const { ask } = await withCalls();
    const { body } = await ask("GET", "/api/v1/savings");
    const text = savingsText(body as SavingsAnswer);
    expect(text).toMatch(/support +3000 +300 +0\.500000000 +1\.000000000 +50\.00 +49\.\d\d to 50\.\d\d +1500\.0000/);
    expect(text).toContain(
      "triage is unknown: too few calls in the holdout for costs that differ so much (40 calls in the holdout, 100 needed).",
    );
    const { body: nothing } = await ask("GET", "/api/v1/savings?use_case=nobody");
    expect(savingsText(nothing as SavingsAnswer)).toContain("No call of a use case was made in this week.");
  });
});

/** 100 calls for $9: $3 of input, $6 of output. */
const TOKENS = { promptTokens: 1_000_000, cacheReadTokens: 0, genTokens: 400_000 };
const EVIDENCE: LeverEvidenceRow = {
  provider: "anthropic",
  model: "opus",
  calls: 100,
  cached: 0,
  known: { calls: 100, ...TOKENS, cost: usd("9") * 10n ** 9n, batchCalls: 0, unusedCalls: 0, unusedCost: 0n },
  split: {
    calls: 100,
    ...TOKENS,
    ...{ inputCost: usd("3") * 10n ** 9n, genCost: usd("6") * 10n ** 9n, genTokensAbove: 0, callsAbove: 0 },
  },
  depth: { calls: 0, sum: 0 },
};
