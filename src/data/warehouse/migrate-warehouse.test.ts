import { describe, expect, it } from "vitest";
import { type MigrationTarget, migrateWarehouse } from "./migrate-warehouse.ts";

const ONE = { name: "0001-one", statement: "CREATE one" };
const TWO = { name: "0002-two", statement: "CREATE two" };

/** Remembers what it was told; stops before a statement that holds `failAt`. */
function aTarget() {
  const records: { name: string; checksum: string }[] = [];
  const statements: string[] = [];
  const target: MigrationTarget & { failAt?: string } = {
    rows: async () => records,
    command: async (statement, parameters) => {
      if (target.failAt !== undefined && statement.includes(target.failAt)) throw new Error("cut off");
      if ("checksum" in parameters) records.push(parameters as { name: string; checksum: string });
      else if (statement === ONE.statement || statement === TWO.statement) statements.push(statement);
    },
  };
  return { target, records, statements };
}

describe("migrating the warehouse", () => {
  it("applies each migration once, in order", async () => {
    const { target, statements } = aTarget();
    expect(await migrateWarehouse(target, [ONE])).toEqual([ONE.name]);
    expect(await migrateWarehouse(target, [ONE, TWO])).toEqual([TWO.name]);
    expect(await migrateWarehouse(target, [ONE, TWO])).toEqual([]);
    expect(statements).toEqual([ONE.statement, TWO.statement]);
  });

  it("repeats the one that was cut off before it was recorded", async () => {
    const { target, statements } = aTarget();
    target.failAt = "INSERT INTO finops.schema_migration";
    await expect(migrateWarehouse(target, [ONE])).rejects.toThrow("cut off");
    target.failAt = "nothing";
    expect(await migrateWarehouse(target, [ONE])).toEqual([ONE.name]);
    expect(statements).toEqual([ONE.statement, ONE.statement]);
  });

  it("stops at a migration that was changed after it was applied", async () => {
    const { target, statements } = aTarget();
    await migrateWarehouse(target, [ONE]);
    const changed = { ...ONE, statement: TWO.statement };
    await expect(migrateWarehouse(target, [changed])).rejects.toMatchObject({ code: "data_corrupt", details: { migration: ONE.name } });
    expect(statements).toEqual([ONE.statement]);
  });

  it("leaves what a newer version applied", async () => {
    const { target } = aTarget();
    await migrateWarehouse(target, [ONE, TWO]);
    expect(await migrateWarehouse(target, [ONE])).toEqual([]);
  });
});
