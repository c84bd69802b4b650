import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlSignalsConformance } from "../../ports/control-signals-conformance.ts";
import { openChdbWarehouse } from "./chdb-warehouse.ts";

controlSignalsConformance("the embedded engine", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ballast-warehouse-"));
  const warehouse = await openChdbWarehouse({ dir });
  return {
    warehouse,
    dispose: async () => {
      await warehouse.close();
      await rm(dir, { recursive: true });
    },
  };
});
