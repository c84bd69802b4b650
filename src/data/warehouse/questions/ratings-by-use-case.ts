import type { RatedUseCase, RatingsQuestion } from "../../../ports/warehouse.ts";
import type { WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/ratings-by-use-case.sql");

/** How good answers were, per use case. */
export async function ratingsByUseCase(connection: WarehouseConnection, question: RatingsQuestion): Promise<readonly RatedUseCase[]> {
  const rows = await connection.rows(STATEMENT, { name: question.name, ...periodParameters(question) });
  return rows.map((row) => ({
    useCase: String(row.use_case),
    samples: Number(row.samples),
    average: Number(row.average),
    newestAt: Date.parse(String(row.newest_at)),
  }));
}
