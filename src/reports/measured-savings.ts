import { type LeverCost, type UseCaseSaving, useCaseSaving } from "../core/savings/use-case-saving.ts";
import type { Period } from "../core/time/window.ts";
import { sharesOf } from "../core/unit-cost/cost-pool.ts";
import type { LeverCostRow, SavingCellRow, Warehouse } from "../ports/warehouse.ts";

/** What levers saved each use case over some time, by name. @param useCase all of them when it is undefined */
export async function measuredSavings(
  warehouse: Pick<Warehouse, "savingCells" | "leverCosts">,
  period: Period,
  useCase: string | undefined,
): Promise<UseCaseSaving[]> {
  // All of them in any case: what serves no use case by name is shared out over all.
  const question = { from: new Date(period.start), to: new Date(period.end), useCase: undefined };
  const cells = Map.groupBy(await warehouse.savingCells(question), (row) => row.useCase);
  const costs = costsPerUseCase(cells, await warehouse.leverCosts(question));
  return [...cells]
    .filter(([name]) => useCase === undefined || name === useCase)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, rows]) => useCaseSaving(name, rows, costs.get(name) ?? []));
}

/** Costs of the use case that was served; of those that name none, or one without calls, by calls that levers could act on. */
function costsPerUseCase(cells: ReadonlyMap<string, readonly SavingCellRow[]>, rows: readonly LeverCostRow[]): Map<string, LeverCost[]> {
  const names = [...cells.keys()].sort();
  const found = new Map<string, LeverCost[]>(names.map((name) => [name, []]));
  const weights = names.map((name) => BigInt(treatedCalls(cells.get(name)!)));
  for (const { use, served, calls, unknownCost, costAtto } of rows) {
    const own = found.get(served);
    if (own) own.push({ use, calls, unknownCost, costAtto });
    else {
      const shares = sharesOf(costAtto, weights) ?? [];
      for (const [index, share] of shares.entries()) found.get(names[index]!)!.push({ use, calls, unknownCost, costAtto: share });
    }
  }
  return found;
}

function treatedCalls(cells: readonly SavingCellRow[]): number {
  return cells.reduce((sum, { holdout, moments }) => sum + (holdout ? 0 : moments.calls), 0);
}
