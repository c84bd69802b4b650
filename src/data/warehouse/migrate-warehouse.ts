import { createHash } from "node:crypto";
import { Problem } from "../../contract/problem.ts";
import type { EngineParameters, EngineRow } from "./warehouse-connection.ts";
import { warehouseMigrations, warehouseSql } from "./warehouse-sql.ts";

export interface MigrationTarget {
  rows(statement: string, parameters: EngineParameters): Promise<readonly EngineRow[]>;
  command(statement: string, parameters: EngineParameters): Promise<void>;
}

/**
 * Brings the tables up to date. Doing it again, or again after it was cut off anywhere, changes nothing: there is no transaction
 * around a migration and its record, so each statement is one that may run twice.
 * Migrations that a newer version applied are left alone; going back to this version keeps working.
 * @returns the names of the migrations applied now
 * @throws Problem data_corrupt when a migration is not the one that was applied under its name
 */
export async function migrateWarehouse(target: MigrationTarget, migrations = warehouseMigrations()): Promise<readonly string[]> {
  await target.command(warehouseSql("create-database.sql"), {});
  await target.command(warehouseSql("create-schema-migration.sql"), {});
  const applied = new Map<unknown, unknown>();
  for (const row of await target.rows(warehouseSql("applied-migrations.sql"), {})) applied.set(row.name, row.checksum);

  const now: string[] = [];
  for (const { name, statement } of migrations) {
    const checksum = createHash("sha256").update(statement).digest("hex");
    const known = applied.get(name);
    if (known === checksum) continue;
    if (known !== undefined) {
      const message = `The warehouse migration ${name} was changed after it had been applied here.`;
      throw new Problem("data_corrupt", { migration: name }, { message });
    }
    await target.command(statement, {});
    await target.command(warehouseSql("record-migration.sql"), { name, checksum });
    now.push(name);
  }
  return now;
}
