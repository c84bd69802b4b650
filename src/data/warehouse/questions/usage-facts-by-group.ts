import { QUANTITY_DECIMALS } from "../../../core/unit-cost/unit-price.ts";
import type { UnitCostQuestion, UsageFactRow } from "../../../ports/unit-cost-questions.ts";
import type { WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { exact, groupOf, questionParameters } from "./unit-costs-by-group.ts";

const STATEMENT = warehouseSql("questions/usage-facts-by-group.sql");

/** What applications told of beside the models of calls, per group and measure. */
export async function usageFactsByGroup(connection: WarehouseConnection, question: UnitCostQuestion): Promise<readonly UsageFactRow[]> {
  const rows = await connection.rows(STATEMENT, questionParameters(question));
  return rows.map((row) => ({
    group: groupOf(row, question),
    measure: String(row.measure),
    subject: String(row.subject),
    reason: String(row.reason),
    facts: Number(row.facts),
    quantity: exact(row.sum_quantity, QUANTITY_DECIMALS),
    costAtto: exact(row.sum_cost_usd, 18),
  }));
}
