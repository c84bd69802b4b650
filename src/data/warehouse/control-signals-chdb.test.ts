import { controlSignalsConformance } from "../../ports/control-signals-conformance.ts";
import { openTestChdb } from "./chdb-test-kit.ts";

controlSignalsConformance("the embedded engine", openTestChdb);
