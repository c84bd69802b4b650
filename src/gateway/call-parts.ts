import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "../contract/problem.ts";
import type { UsagePart } from "../contract/usage-fact.ts";
import { formatDecimal, parseDecimal } from "../core/money/usd.ts";
import { isScopeValue } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import { MEASURES, type PricedMeasure } from "../core/unit-cost/measures.ts";
import { isImplausible, type Micro, partUsd, pricePart, QUANTITY_DECIMALS, type UnitPrice } from "../core/unit-cost/unit-price.ts";

/** What a caller says of a call beside whose it is: tags, and what was done for it before it was made. */
export interface CallParts {
  readonly sessionId: string | undefined;
  readonly experimentId: string | undefined;
  readonly depthK: number | null;
  readonly rerankN: number | null;
  readonly used: readonly { readonly measure: PricedMeasure; readonly quantity: Micro }[];
}

const DEPTH_K = "x-ballast-depth-k";
const HEADER_OF_MEASURE: readonly (readonly [PricedMeasure, string])[] = [
  ["retrieval_queries", "x-ballast-retrieval-queries"],
  ["rerank_candidates", "x-ballast-rerank-candidates"],
  ["vector_reads", "x-ballast-vector-reads"],
  ["vector_writes", "x-ballast-vector-writes"],
  ["hitl_minutes", "x-ballast-hitl-minutes"],
];
/** More of one thing for one call is a mistake of units. */
const MOST = 1_000_000_000n;
const MICRO = 10n ** BigInt(QUANTITY_DECIMALS);

/** @throws Problem invalid_request for a count that is none, invalid_scope for a tag that is none: nothing is sent then */
export function readCallParts(headers: IncomingHttpHeaders): CallParts {
  const used = HEADER_OF_MEASURE.flatMap(([measure, header]) => {
    const quantity = quantityOf(headers, header, MEASURES[measure].whole);
    return quantity === undefined || quantity === 0n ? [] : [{ measure, quantity }];
  });
  return {
    sessionId: tagOf(headers, "x-ballast-session"),
    experimentId: tagOf(headers, "x-ballast-experiment"),
    depthK: countOf(headers, DEPTH_K),
    rerankN: countOf(headers, "x-ballast-rerank-candidates"),
    used,
  };
}

/** The parts with their prices of the moment of the call. @throws Problem amount_invalid */
export function pricedParts(said: CallParts, prices: readonly UnitPrice[], useCase: string, at: Instant): UsagePart[] {
  return said.used.map(({ measure, quantity }) => {
    const depthK = measure === "retrieval_queries" ? said.depthK : null;
    const cost = pricePart(prices, { measure, quantity, depthK, useCase }, at);
    const isPriced = cost.outcome === "priced";
    if (isPriced && isImplausible(cost.atto)) {
      const field = HEADER_OF_MEASURE.find(([named]) => named === measure)![1];
      const message = `${field} would cost ${partUsd(cost)} USD, which is a mistake of units.`;
      throw new Problem("amount_invalid", { field }, { message });
    }
    return {
      measure,
      quantity: formatDecimal(quantity, QUANTITY_DECIMALS),
      depth_k: depthK,
      cost_usd: partUsd(cost),
      cost_basis: isPriced ? "priced" : "unpriced",
      price_id: isPriced ? cost.priceId : "",
      reason: isPriced ? "" : cost.reason,
    };
  });
}

function quantityOf(headers: IncomingHttpHeaders, header: string, whole: boolean): Micro | undefined {
  const text = headers[header];
  if (text === undefined) return undefined;
  const isNumber = typeof text === "string" && (whole ? /^\d{1,10}$/ : /^\d{1,10}(\.\d{1,6})?$/).test(text);
  const quantity = isNumber ? parseDecimal(text, QUANTITY_DECIMALS) : undefined;
  if (quantity !== undefined && quantity <= MOST * MICRO) return quantity;
  const expected = whole ? "a whole number" : "a decimal number with at most 6 decimals";
  throw new Problem("invalid_request", { field: header }, { message: `${header} is not ${expected} from 0 to ${MOST}.` });
}

function countOf(headers: IncomingHttpHeaders, header: string): number | null {
  const quantity = quantityOf(headers, header, true);
  return quantity === undefined ? null : Number(quantity / MICRO);
}

function tagOf(headers: IncomingHttpHeaders, header: string): string | undefined {
  const value = headers[header];
  if (value === undefined) return undefined;
  if (typeof value === "string" && isScopeValue(value)) return value;
  throw new Problem("invalid_scope", { field: header }, { message: `${header} has a character that cannot be used.` });
}
