import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { createChdbConnection } from "chdb/connection";
import { describe, expect, it } from "vitest";
import { warehouseConformance } from "../../ports/warehouse-conformance.ts";
import { openClickhouseWarehouse, warehouseOverClients } from "./clickhouse-warehouse.ts";

// chdb declares its connection by another copy of the client's types.
type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>["connection"]>;

// All but the wire: the server's client with the embedded engine in place of HTTP.
warehouseConformance("the ClickHouse client over the embedded engine", async () => {
  const path = await mkdtemp(join(tmpdir(), "ballast-warehouse-"));
  const client = () => createClient({ connection: createChdbConnection({ path }) as unknown as Connection });
  const warehouse = await warehouseOverClients({ reader: client(), writer: client() });
  return {
    warehouse,
    dispose: async () => {
      await warehouse.close();
      await rm(path, { recursive: true });
    },
  };
});

const url = process.env.BALLAST_TEST_CLICKHOUSE_URL;
if (url === undefined) {
  it.skip("the ClickHouse server as a warehouse: skipped, set BALLAST_TEST_CLICKHOUSE_URL to an empty server to run it", () => {});
} else {
  warehouseConformance("the ClickHouse server", async () => {
    const warehouse = await openClickhouseWarehouse({ url });
    return { warehouse, dispose: () => warehouse.close() };
  });
}

describe("a ClickHouse server that is not there", () => {
  it("is a warehouse that cannot answer now", async () => {
    const absent = openClickhouseWarehouse({ url: "http://127.0.0.1:1" });
    await expect(absent).rejects.toMatchObject({ code: "warehouse_unavailable" });
  });
});
