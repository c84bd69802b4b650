import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { insertTraces } from "./insert-traces.ts";
import { EngineRefusal, type WarehouseConnection } from "./warehouse-connection.ts";

const VIOLATED_CONSTRAINT = 469;
const NOT_ENOUGH_SPACE = 243;

/** An engine that refuses a whole batch for one row with "bad" in it, and keeps the others. */
function anEngine(code: number) {
  const kept: string[] = [];
  let inserts = 0;
  const connection: WarehouseConnection = {
    rows: async () => [],
    insert: async (_statement, body) => {
      inserts++;
      const lines = body.split("\n");
      if (lines.some((line) => line.includes("bad"))) throw new EngineRefusal(code, "no good\nat all");
      kept.push(...lines);
    },
    insertFile: async () => {},
    command: async () => {},
    close: async () => {},
  };
  return { connection, kept, inserts: () => inserts };
}

describe("inserting traces", () => {
  it("keeps every good row and names every bad one, wherever they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (good) => {
        const rows = good.map((isGood, index) => JSON.stringify({ index, is: isGood ? "good" : "bad" }));
        const engine = anEngine(VIOLATED_CONSTRAINT);
        const { accepted, rejected } = await insertTraces(engine.connection, rows);
        expect(engine.kept).toEqual(rows.filter((_, index) => good[index]));
        expect(accepted).toBe(engine.kept.length);
        expect(rejected).toEqual(good.flatMap((isGood, index) => (isGood ? [] : [{ index, reason: "no good" }])));
      }),
    );
  });

  it("asks the engine once for a good batch, and not at all for an empty one", async () => {
    const engine = anEngine(VIOLATED_CONSTRAINT);
    await insertTraces(engine.connection, ["{}", "{}"]);
    await insertTraces(engine.connection, []);
    expect(engine.inserts()).toBe(1);
  });

  it("rejects no row because the disk is full", async () => {
    const engine = anEngine(NOT_ENOUGH_SPACE);
    await expect(insertTraces(engine.connection, ['{"is":"bad"}', "{}"])).rejects.toThrow("no good");
    expect(engine.inserts()).toBe(1);
  });
});
