import { readFile } from "node:fs/promises";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { Problem } from "../../contract/problem.ts";
import type { Warehouse } from "../../ports/warehouse.ts";
import { migrateWarehouse } from "./migrate-warehouse.ts";
import {
  type EngineParameters,
  EngineRefusal,
  LONGEST_ANSWER_BYTES,
  READ_SETTINGS,
  readRows,
  type WarehouseConnection,
  WRITE_SETTINGS,
} from "./warehouse-connection.ts";
import { warehouseOver } from "./warehouse-over-connection.ts";

export interface ClickhouseWarehouseOptions {
  /** Such as https://clickhouse.example:8443; may carry the user name. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

/**
 * A ClickHouse server as the warehouse, with the SQL of the embedded one. Tables are made in database `finops`.
 * @throws Problem warehouse_unavailable, and data_corrupt when the tables are not what our migrations made
 */
export async function openClickhouseWarehouse(options: ClickhouseWarehouseOptions): Promise<Warehouse> {
  const timeoutMs = (READ_SETTINGS.max_execution_time + 5) * 1000;
  const client = () =>
    createClient({ ...options, application: "ballast", request_timeout: timeoutMs, log: { level: ClickHouseLogLevel.OFF } });
  return await warehouseOverClients({ reader: client(), writer: client() });
}

/** Two clients, since one that may only read cannot write again when its settings outlive a request, as the embedded engine's do. */
export async function warehouseOverClients(clients: { reader: ClickHouseClient; writer: ClickHouseClient }): Promise<Warehouse> {
  const { reader, writer } = clients;
  const connection: WarehouseConnection = {
    rows: (statement, parameters) => rows(reader, statement, parameters, READ_ONLY),
    insert: (statement, body) => command(writer, `${statement}\n${body}`, {}),
    insertFile: async (statement, path) => command(writer, `${statement}\n${await readFile(path, "utf8")}`, {}),
    command: (statement, parameters) => command(writer, statement, parameters),
    close: async () => {
      await reader.close();
      await writer.close();
    },
  };
  try {
    await migrateWarehouse({
      rows: (statement, parameters) => rows(writer, statement, parameters, WRITE_SETTINGS),
      command: (statement, parameters) => command(writer, statement, parameters),
    });
  } catch (error) {
    await connection.close();
    if (!(error instanceof EngineRefusal)) throw error;
    throw new Problem("warehouse_unavailable", { engineCode: error.engineCode, reason: error.message }, { cause: error });
  }
  return warehouseOver(connection);
}

// 2 instead of 1, since 1 would refuse the other settings; and an answer that fails midway fails whole.
const READ_ONLY: Settings = { ...READ_SETTINGS, readonly: "2", wait_end_of_query: 1, max_result_bytes: String(LONGEST_ANSWER_BYTES) };

type Settings = NonNullable<Parameters<ClickHouseClient["query"]>[0]["clickhouse_settings"]>;

async function rows(client: ClickHouseClient, query: string, query_params: EngineParameters, clickhouse_settings: Settings) {
  return await answered(async () => {
    const result = await client.query({ query, query_params, clickhouse_settings, format: "JSONEachRow" });
    return readRows(await result.text());
  });
}

async function command(client: ClickHouseClient, query: string, query_params: EngineParameters): Promise<void> {
  await answered(() => client.command({ query, query_params, clickhouse_settings: WRITE_SETTINGS }));
}

async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    // Not instanceof ClickHouseError: packages that plug into the client bring their own copy of the class.
    if (code !== undefined && /^\d+$/.test(code)) throw new EngineRefusal(Number(code), message, { cause });
    throw new Problem("warehouse_unavailable", { reason: message }, { cause });
  }
}
