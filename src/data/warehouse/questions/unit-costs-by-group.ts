import { UNIT_COST_FILTERS, UNIT_COST_GROUPS } from "../../../contract/unit-cost-groups.ts";
import { invariant } from "../../../core/invariant.ts";
import { parseDecimal } from "../../../core/money/usd.ts";
import type { ModelCostRow, UnitCostKey, UnitCostQuestion } from "../../../ports/unit-cost-questions.ts";
import type { EngineParameters, EngineRow, WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/unit-costs-by-group.sql");

/** What the models of calls cost, per group. */
export async function unitCostsByGroup(connection: WarehouseConnection, question: UnitCostQuestion): Promise<readonly ModelCostRow[]> {
  const rows = await connection.rows(STATEMENT, questionParameters(question));
  return rows.map((row) => ({
    group: groupOf(row, question),
    calls: Number(row.inferences),
    cached: Number(row.cached),
    inDoubt: Number(row.in_doubt),
    unknownCost: Number(row.unknown_cost),
    promptTokens: Number(row.sum_prompt_tokens),
    genTokens: Number(row.sum_gen_tokens),
    priced: {
      calls: Number(row.priced_inferences),
      promptTokens: Number(row.priced_prompt_tokens),
      cacheReadTokens: Number(row.priced_cache_read_tokens),
      genTokens: Number(row.priced_gen_tokens),
    },
    inputAtto: exact(row.input_usd, 18),
    generationAtto: exact(row.generation_usd, 18),
    lumpAtto: exact(row.lump_usd, 18),
  }));
}

/** Period, groups and filters, as the questions of unit costs take them. */
export function questionParameters({ groupBy, filter, ...period }: UnitCostQuestion): EngineParameters {
  const by = Object.fromEntries(UNIT_COST_GROUPS.map((group) => [`by_${group}`, groupBy.includes(group)]));
  const filters = Object.fromEntries(UNIT_COST_FILTERS.map((name) => [name, filter[name] ?? null]));
  return { ...by, ...filters, ...periodParameters(period) };
}

export function groupOf(row: EngineRow, { groupBy }: UnitCostQuestion): UnitCostKey {
  return Object.fromEntries(groupBy.map((group) => [group, String(row[`group_${group}`])]));
}

/** Decimals come as text. */
export function exact(value: unknown, scale: number): bigint {
  const digits = parseDecimal(String(value), scale);
  invariant(digits !== undefined, `the warehouse answered ${String(value)} where a number was expected`);
  return digits;
}
