import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../contract/problem.ts";
import type { Warehouse } from "../../ports/warehouse.ts";
import { ChdbConnection, type WarehouseLog } from "./chdb-connection.ts";
import { warehouseOver } from "./warehouse-over-connection.ts";

export interface ChdbWarehouseOptions {
  /** Folder of the engine's own; made when it is not there. */
  readonly dir: string;
  readonly log?: WarehouseLog;
  /** How long to wait for a folder that another process has open: the engine of a server that was killed needs a moment to leave. */
  readonly lockWaitMs?: number;
}

export interface ChdbWarehouse extends Warehouse {
  /** Process id of the engine, undefined while it is being restarted. */
  enginePid(): number | undefined;
}

/**
 * The embedded warehouse: ClickHouse in a child process that is watched and restarted.
 * @throws Problem warehouse_missing when the optional package is not installed or not made for this machine,
 *   data_dir_in_use, data_corrupt when the tables are not what our migrations made, warehouse_unavailable when it does not start
 */
export async function openChdbWarehouse(options: ChdbWarehouseOptions): Promise<ChdbWarehouse> {
  const connection = await openWhenFree(options);
  return { ...warehouseOver(connection), enginePid: () => connection.pid };
}

async function openWhenFree({ dir, log = SILENT, lockWaitMs = 5_000 }: ChdbWarehouseOptions): Promise<ChdbConnection> {
  const giveUpAt = performance.now() + lockWaitMs;
  while (true) {
    try {
      return await ChdbConnection.open(dir, log);
    } catch (error) {
      const inUse = error instanceof Problem && error.code === "data_dir_in_use";
      if (!inUse || performance.now() >= giveUpAt) throw error;
      await sleep(200);
    }
  }
}

const SILENT: WarehouseLog = { info: () => {}, warn: () => {} };
