import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { BacklogItem } from "../backlog/backlog-item.ts";
import { LEVER_NAMES as SAVING_LEVER_NAMES } from "../backlog/saving-lever-list.ts";
import { LEVER_NAMES } from "../levers/lever-list.ts";
import { momentsOf } from "./cost-moments.ts";
import { SCOREBOARD_COLUMNS, savingsScoreboard } from "./savings-scoreboard.ts";
import { NOT_ON_SCOREBOARD, SCOREBOARD_LEVERS, scoreboardNameOf } from "./scoreboard-levers.ts";
import { type SavingCell, useCaseSaving } from "./use-case-saving.ts";

const USD = 10n ** 18n;
const evenly = (calls: number, low: number, high: number) =>
  momentsOf(Array.from({ length: calls }, (_, index) => low + ((high - low) * (index % 10)) / 9));

function aCell(more: Partial<SavingCell>): SavingCell {
  return {
    kind: "gpt\nchat\np1",
    complexity: null,
    holdout: false,
    levers: [],
    unknownCost: 0,
    costAtto: 0n,
    moments: evenly(0, 0, 0),
    ...more,
  };
}

/** 200 calls in the holdout at 1 USD, 1000 that were routed at 0.4 and 1000 answered from the cache for nothing. */
const CELLS = [
  aCell({ holdout: true, moments: evenly(200, 0.9, 1.1), costAtto: 200n * USD, unknownCost: 3 }),
  aCell({ levers: ["small_model_share=50"], moments: evenly(1000, 0.3, 0.5), costAtto: 400n * USD }),
  aCell({ levers: ["answer_cache"], moments: evenly(1000, 0, 0) }),
];

function anItem(more: Partial<BacklogItem>): BacklogItem {
  const texts = { id: "x", lever: "small_model", target: "60%:m", owner: "ML Ops", eta: "", note: "" };
  return { ...texts, scope: { use_case: "support" }, status: "in_progress", createdAt: 0, updatedAt: 0, ...more };
}

describe("the savings scoreboard", () => {
  it("has exactly the header of the controls document", () => {
    expect(SCOREBOARD_COLUMNS.join(",")).toBe("week_ending,use_case,lever,owner,target_savings_pct,actual_savings_pct,status,notes");
    const names = ["prompt_compression", "cache_policy", "routing_small", "depth_k_tuning"];
    expect(SCOREBOARD_LEVERS.slice(0, 4).map(({ name }) => name)).toEqual(names);
  });

  it("has a name for every lever that changes what calls cost, and for every lever of the backlog", () => {
    const acting = LEVER_NAMES.filter((name) => !NOT_ON_SCOREBOARD.includes(name));
    expect(acting.filter((name) => scoreboardNameOf(`${name}=1`) === undefined)).toEqual([]);
    const planned = SCOREBOARD_LEVERS.flatMap((lever) => lever.planned);
    expect([...planned].sort()).toEqual([...SAVING_LEVER_NAMES].sort());
    expect(scoreboardNameOf("feature_freeze/large_model=1")).toBe("feature_freeze");
  });

  it("shows each lever's measured part with its interval, and whose plan it is", () => {
    const saving = useCaseSaving("support", CELLS, []);
    const rows = savingsScoreboard("2026-11-22", [saving], [{ item: anItem({ note: "Guarded by groundedness" }), targetPercent: "25.5" }]);
    expect(rows).toMatchObject([
      { lever: "cache_policy", owner: "", target_savings_pct: "", actual_savings_pct: "50.0", status: "In Progress" },
      { week_ending: "2026-11-22", lever: "routing_small", owner: "ML Ops", target_savings_pct: "25.5", actual_savings_pct: "30.0" },
    ]);
    expect(rows[1]!.notes).toMatch(/^95 % interval \d+\.\d to \d+\.\d; 1000 calls changed, 203 in the holdout; Guarded by groundedness$/);
  });

  it("takes what a lever cost off its part, and all of it off the whole", () => {
    const paid = [
      { use: "ballast_prewarm", calls: 10, unknownCost: 0, costAtto: 100n * USD },
      { use: "ballast_judge", calls: 5, unknownCost: 0, costAtto: 40n * USD },
    ];
    const [gross, net] = [[], paid].map((costs) => useCaseSaving("support", CELLS, costs));
    const percentOf = (saving: typeof gross, lever: string) => {
      const part = saving!.levers.find((each) => each.lever === lever)!;
      return part.outcome === "estimated" ? part.savedPercent.value : Number.NaN;
    };
    expect(percentOf(gross, "cache_policy") - percentOf(net, "cache_policy")).toBeCloseTo(5, 6);
    expect(percentOf(net, "routing_small")).toBeCloseTo(percentOf(gross, "routing_small"), 9);
    const whole = [gross, net].map((saving) =>
      saving!.comparison.outcome === "measured" ? saving!.comparison.savedPerCall.value : Number.NaN,
    );
    expect(whole[0]! - whole[1]!).toBeCloseTo(140 / 2000, 9);
  });

  it("leaves what is not known empty and says why, with how many calls are needed", () => {
    const few = CELLS.map((cell) => (cell.holdout ? { ...cell, moments: evenly(40, 0.9, 1.1) } : cell));
    const [row] = savingsScoreboard("2026-11-22", [useCaseSaving("support", few, [])], []);
    expect(row).toMatchObject({ lever: "cache_policy", actual_savings_pct: "" });
    expect(row!.notes).toMatch(/^Unknown: too few calls.*40 in the holdout, \d+ needed\); 1000 calls changed$/);
  });

  it("does not measure against the holdout what acts on the holdout too", () => {
    const frozen = [...CELLS, aCell({ levers: ["feature_freeze/large_model=1"], moments: evenly(500, 0.3, 0.5) })];
    const part = useCaseSaving("support", frozen, []).levers.find(({ lever }) => lever === "feature_freeze");
    expect(part).toMatchObject({ outcome: "unknown", reason: "a freeze holds in the holdout too" });
  });

  it("shows a plan that changed no call yet, one for all use cases only where its lever acts, and none that was rejected", () => {
    const planned = [
      { item: anItem({ lever: "response_cap", status: "approved", scope: { use_case: "triage" } }), targetPercent: undefined },
      { item: anItem({ lever: "answer_cache", status: "done", scope: {}, owner: "Platform" }), targetPercent: "15" },
      { item: anItem({ lever: "batch", status: "rejected" }), targetPercent: "1" },
    ];
    const rows = savingsScoreboard("2026-11-22", [useCaseSaving("support", CELLS, [])], planned);
    expect(rows.map(({ use_case, lever, status }) => [use_case, lever, status])).toEqual([
      ["support", "cache_policy", "Complete"],
      ["support", "routing_small", "In Progress"],
      ["triage", "response_cap", "Planned"],
    ]);
    expect(rows[2]!.notes).toBe("It changed no call in this week");
  });

  it("compares calls that routing picked with calls of the holdout that looked as easy", () => {
    // Easy calls cost 1 and hard ones 3; routing takes half off the easy ones. Compared with all of the holdout it would seem far more.
    const picked = [
      aCell({ holdout: true, complexity: 1, moments: evenly(200, 0.9, 1.1) }),
      aCell({ holdout: true, complexity: 8, moments: evenly(200, 2.9, 3.1) }),
      aCell({ complexity: 1, levers: ["small_model_share=50"], moments: evenly(1000, 0.45, 0.55) }),
      aCell({ complexity: 8, moments: evenly(1000, 2.9, 3.1) }),
    ];
    const [part] = useCaseSaving("support", picked, []).levers;
    expect(part).toMatchObject({ lever: "routing_small", outcome: "estimated" });
    expect(part!.outcome === "estimated" && part!.savedPercent.value).toBeCloseTo((100 * 0.5) / 4, 3);
  });

  it("is documented: every name of a lever stands in docs/concepts/savings.md", () => {
    const page = readFileSync(new URL("../../../docs/concepts/savings.md", import.meta.url), "utf8");
    expect(SCOREBOARD_LEVERS.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
