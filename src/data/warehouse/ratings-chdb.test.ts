import { ratingConformance } from "../../ports/rating-conformance.ts";
import { openTestChdb } from "./chdb-test-kit.ts";

ratingConformance("the embedded engine", openTestChdb);
