import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChdbWarehouse } from "./chdb-warehouse.ts";

/** For tests: an embedded warehouse in a folder of its own, which goes with it. */
export async function openTestChdb() {
  const dir = await mkdtemp(join(tmpdir(), "ballast-warehouse-"));
  const warehouse = await openChdbWarehouse({ dir });
  const dispose = async () => {
    await warehouse.close();
    await rm(dir, { recursive: true });
  };
  return { warehouse, dispose };
}
