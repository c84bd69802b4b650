import type { LeverEvidence, LeverEvidenceRow } from "../../../core/backlog/lever-evidence.ts";
import { invariant } from "../../../core/invariant.ts";
import { type Atto, parseDecimal } from "../../../core/money/usd.ts";
import { SCOPE_DIMENSIONS } from "../../../core/scope/scope.ts";
import type { LeverQuestion } from "../../../ports/warehouse.ts";
import type { EngineRow, WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/evidence-per-model.sql");

/** What calls of a scope used and cost, as levers want it. */
export async function leverEvidence(connection: WarehouseConnection, question: LeverQuestion): Promise<LeverEvidence> {
  const { selector, capTokens } = question;
  const filter = Object.fromEntries(SCOPE_DIMENSIONS.map((dimension) => [dimension, selector[dimension] ?? null]));
  const rows = await connection.rows(STATEMENT, { ...filter, ...periodParameters(question), cap: capTokens });
  const whole = rows.find((row) => Number(row.is_total) === 1);
  const hasAnswers = whole !== undefined && Number(whole.split_calls) > 0;
  return {
    rows: rows.filter((row) => Number(row.is_total) === 0).map(readEvidence),
    genTokensP95: hasAnswers ? Number(whole.gen_tokens_p95) : null,
  };
}

function readEvidence(row: EngineRow): LeverEvidenceRow {
  return {
    provider: String(row.provider),
    model: String(row.model_id),
    calls: Number(row.calls),
    cached: Number(row.cached),
    known: {
      calls: Number(row.known_calls),
      promptTokens: Number(row.known_prompt_tokens),
      cacheReadTokens: Number(row.known_cache_read_tokens),
      genTokens: Number(row.known_gen_tokens),
      cost: attoOf(row.known_cost_usd),
      batchCalls: Number(row.batch_calls),
      unusedCalls: Number(row.unused_calls),
      unusedCost: attoOf(row.unused_cost_usd),
    },
    split: {
      calls: Number(row.split_calls),
      inputCost: attoOf(row.split_input_cost_usd),
      genCost: attoOf(row.split_gen_cost_usd),
      promptTokens: Number(row.split_prompt_tokens),
      cacheReadTokens: Number(row.split_cache_read_tokens),
      genTokens: Number(row.split_gen_tokens),
      genTokensAbove: Number(row.gen_tokens_above),
      callsAbove: Number(row.calls_above),
    },
    depth: { calls: Number(row.depth_calls), sum: Number(row.depth_sum) },
  };
}

/** Facts carry up to 18 decimal places. */
function attoOf(usd: unknown): Atto {
  const atto = parseDecimal(String(usd), 18);
  invariant(atto !== undefined, `the warehouse answered an amount of ${usd}`);
  return atto;
}
