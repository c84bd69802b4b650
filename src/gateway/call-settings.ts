import type { Nano } from "../core/money/usd.ts";
import type { ComplexityScore } from "../core/routing/complexity.ts";
import type { ModelLadder } from "../core/routing/model-ladder.ts";
import type { UnitPrice } from "../core/unit-cost/unit-price.ts";
import type { ProviderTarget } from "../ports/provider.ts";

/** Where a model's calls may go, in the order in which they are tried. */
export interface Route {
  readonly provider: ProviderTarget;
  /** The name the provider knows the model by. */
  readonly model: string;
}

export interface RouteTable {
  /** @returns the targets that speak the dialect; empty when nothing serves this model */
  targets(model: string, dialect: ProviderTarget["dialects"][number]): readonly Route[];
  /** Names for GET /v1/models. */
  models(): readonly { readonly id: string; readonly provider: string }[];
}

/** What holds for every call; read once when it arrives. */
export interface CallSettings {
  readonly routes: RouteTable;
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  readonly defaultMaxOutputTokens: number;
  /** Paths of counts in answers that nobody bills, though no reader knows them. */
  readonly ignoredUsageKeys: ReadonlySet<string>;
  readonly unboundedInput: "refuse" | "hold_context_window";
  /** When the caller has left, the provider's stream is read on up to this much money and time, then cut. */
  readonly drainMaxNano: Nano;
  readonly drainMaxMs: number;
  readonly idempotencyTtlMs: number;
  readonly idempotencyMaxBytes: number;
  /** Prices of what calls use beside models. */
  readonly unitPrices: readonly UnitPrice[];
  /** Models that calls can be moved between. */
  readonly ladders: readonly ModelLadder[];
  /** How hard a call is. The heuristic one; a learned router is put in here. */
  readonly complexityOf: ComplexityScore;
  /** Share of the calls of use cases that levers and caches leave alone, 0 to 1. */
  readonly holdoutShare: number;
}
