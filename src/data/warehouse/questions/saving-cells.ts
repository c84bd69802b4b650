import { invariant } from "../../../core/invariant.ts";
import { type Atto, parseDecimal } from "../../../core/money/usd.ts";
import type { LeverCostRow, SavingCellRow, SavingsQuestion } from "../../../ports/warehouse.ts";
import type { EngineRow, WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const CELLS = warehouseSql("questions/saving-cells.sql");
const LEVER_COSTS = warehouseSql("questions/lever-costs.sql");

/** What calls cost in the holdout and outside it. */
export async function savingCells(connection: WarehouseConnection, question: SavingsQuestion): Promise<readonly SavingCellRow[]> {
  return (await connection.rows(CELLS, parametersOf(question))).map((row) => ({
    useCase: String(row.use_case),
    // What makes calls comparable, in one text: a model's name may hold any sign but not a line's end.
    kind: [row.requested, row.operation_name, row.call_priority].join("\n"),
    complexity: Number(row.tenth) < 0 ? null : Number(row.tenth),
    holdout: row.is_held_out === true || Number(row.is_held_out) === 1,
    levers: row.changed_by as readonly string[],
    unknownCost: Number(row.unknown_cost),
    costAtto: attoOf(row),
    moments: { calls: Number(row.calls), sum: Number(row.cost_sum), squares: Number(row.cost_squares), cubes: Number(row.cost_cubes) },
  }));
}

/** What Ballast's own calls for its levers cost. */
export async function leverCosts(connection: WarehouseConnection, question: SavingsQuestion): Promise<readonly LeverCostRow[]> {
  return (await connection.rows(LEVER_COSTS, parametersOf(question))).map((row) => ({
    use: String(row.used_for),
    served: String(row.served),
    calls: Number(row.calls),
    unknownCost: Number(row.unknown_cost),
    costAtto: attoOf(row),
  }));
}

function parametersOf(question: SavingsQuestion) {
  return { ...periodParameters(question), use_case: question.useCase ?? null };
}

/** Facts carry up to 18 decimal places. */
function attoOf({ cost_usd: usd }: EngineRow): Atto {
  const atto = parseDecimal(String(usd), 18);
  invariant(atto !== undefined, `the warehouse answered an amount of ${usd}`);
  return atto;
}
