import { unitCostConformance } from "../../ports/unit-cost-conformance.ts";
import { openTestChdb } from "./chdb-test-kit.ts";

unitCostConformance("the embedded engine", openTestChdb);
