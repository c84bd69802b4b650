import type { BacklogItem, BacklogStatus } from "../backlog/backlog-item.ts";
import type { LeverPart } from "./lever-parts.ts";
import { SCOREBOARD_LEVERS } from "./scoreboard-levers.ts";
import type { UseCaseSaving } from "./use-case-saving.ts";

/** The header of the controls document's savings_scoreboard.csv, to the letter. */
export const SCOREBOARD_COLUMNS = [
  "week_ending",
  "use_case",
  "lever",
  "owner",
  "target_savings_pct",
  "actual_savings_pct",
  "status",
  "notes",
] as const;

export type ScoreboardRow = Readonly<Record<(typeof SCOREBOARD_COLUMNS)[number], string>>;

/** An item of the backlog, and the percent that it was expected to save when it was made; undefined where nobody could tell. */
export interface PlannedSaving {
  readonly item: BacklogItem;
  readonly targetPercent: string | undefined;
}

/** The document's words. What is rejected is not on the board. */
const STATUS: Readonly<Record<Exclude<BacklogStatus, "rejected">, string>> = {
  proposed: "Planned",
  approved: "Planned",
  in_progress: "In Progress",
  done: "Complete",
};

/** One row per use case and lever that changed calls in the week or is planned for it; use cases by name, levers as the document has them. */
export function savingsScoreboard(
  weekEnding: string,
  savings: readonly UseCaseSaving[],
  planned: readonly PlannedSaving[],
): ScoreboardRow[] {
  const open = planned.filter(({ item }) => item.status !== "rejected");
  const useCases = new Set([...savings.map(({ useCase }) => useCase), ...open.flatMap(({ item }) => item.scope.use_case ?? [])]);
  return [...useCases].sort().flatMap((useCase) => {
    const saving = savings.find((each) => each.useCase === useCase);
    return SCOREBOARD_LEVERS.flatMap(({ name, planned: levers }) => {
      const part = saving?.levers.find(({ lever }) => lever === name);
      const items = open.filter(({ item }) => levers.includes(item.lever));
      // The plan of this use case before one for all of them, which is shown where the lever acts.
      const plan =
        items.find(({ item }) => item.scope.use_case === useCase) ?? (part && items.find(({ item }) => item.scope.use_case === undefined));
      if (!part && !plan) return [];
      return [rowOf({ weekEnding, useCase, lever: name, plan, part, saving })];
    });
  });
}

interface RowFacts {
  readonly weekEnding: string;
  readonly useCase: string;
  readonly lever: string;
  readonly plan: PlannedSaving | undefined;
  readonly part: LeverPart | undefined;
  readonly saving: UseCaseSaving | undefined;
}

function rowOf({ weekEnding, useCase, lever, plan, part, saving }: RowFacts): ScoreboardRow {
  const status = plan ? STATUS[plan.item.status as keyof typeof STATUS] : "In Progress";
  const notes = [part ? measuredNote(part, saving!) : "It changed no call in this week", plan?.item.note ?? ""];
  return {
    week_ending: weekEnding,
    use_case: useCase,
    lever,
    owner: plan?.item.owner ?? "",
    target_savings_pct: plan?.targetPercent ?? "",
    actual_savings_pct: part?.outcome === "estimated" ? part.savedPercent.value.toFixed(1) : "",
    status,
    notes: notes.filter((note) => note !== "").join("; "),
  };
}

function measuredNote(part: LeverPart, { comparison, holdout }: UseCaseSaving): string {
  const calls = `${part.calls} calls changed`;
  if (part.outcome === "estimated") {
    const { low, high } = part.savedPercent;
    return `95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}; ${calls}, ${holdout.calls} in the holdout`;
  }
  const needed =
    comparison.outcome === "unknown" ? ` (${comparison.holdoutCalls} in the holdout, ${comparison.neededHoldoutCalls} needed)` : "";
  return `Unknown: ${part.reason}${needed}; ${calls}`;
}
