import type { RunLife, RunLivesQuestion } from "../../../ports/unit-cost-questions.ts";
import type { WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/run-lives.sql");

/** When runs and their like were started, ended and spent on. */
export async function runLives(connection: WarehouseConnection, question: RunLivesQuestion): Promise<readonly RunLife[]> {
  const { kind, tenant, ...period } = question;
  const rows = await connection.rows(STATEMENT, { kind, tenant: tenant ?? null, ...periodParameters(period) });
  const at = (value: unknown) => (value === null ? null : Date.parse(String(value)));
  return rows.map((row) => ({
    tenant: String(row.tenant),
    name: String(row.name),
    calls: Number(row.calls),
    facts: Number(row.facts),
    firstSpentAt: at(row.first_spent),
    lastSpentAt: at(row.last_spent),
    startedAt: at(row.started_at),
    endedAt: at(row.ended_at),
  }));
}
