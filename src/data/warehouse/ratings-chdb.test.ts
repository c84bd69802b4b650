import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ratingConformance } from "../../ports/rating-conformance.ts";
import { openChdbWarehouse } from "./chdb-warehouse.ts";

ratingConformance("the embedded engine", async () => {
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
