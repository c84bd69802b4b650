import { NANO_PER_USD } from "../core/money/usd.ts";

/** A limit above this, from the API or the configuration, is a mistake of units. It also keeps sums far inside the ledger's 64 bits. */
export const MOST_LIMIT_NANO = 1_000_000_000n * NANO_PER_USD;
/** One call or report above this, given or computed, is a mistake of units. */
export const MOST_COST_NANO = 1_000_000n * NANO_PER_USD;
