import type { ControlSignalsQuestion, GroundednessRow } from "../../../ports/control-signals-question.ts";
import type { WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { subjectParameters } from "./control-signals.ts";

const STATEMENT = warehouseSql("questions/groundedness.sql");

/** How well founded the answers of each subject were rated. */
export async function groundedness(connection: WarehouseConnection, question: ControlSignalsQuestion): Promise<readonly GroundednessRow[]> {
  if (question.subjects.length === 0) return [];
  const rows = await connection.rows(STATEMENT, subjectParameters(question));
  return rows.map(({ subject, samples, average }) => ({ subject: String(subject), samples: Number(samples), average: Number(average) }));
}
