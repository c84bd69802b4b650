import type { Logger } from "pino";
import type { PriceView } from "../contract/books-contract.ts";
import type { TierSettings } from "../core/ledger/budget-tier.ts";
import type { Nano } from "../core/money/usd.ts";
import type { Price, PriceBook } from "../core/pricing/price-book.ts";
import type { TokenPrices } from "../core/pricing/token-prices.ts";
import type { Instant } from "../core/time/window.ts";
import type { UnitCostSettings } from "../core/unit-cost/unit-cost-settings.ts";
import type { BudgetCatalog, DefaultBudget } from "../data/store/budget-catalog.ts";
import type { KeyRing } from "../data/store/key-ring.ts";
import type { LeaseDesk } from "../data/store/lease-desk.ts";
import type { LeverBoard } from "../data/store/lever-board.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { RunningControls } from "../ports/running-controls.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import type { KeptBaselines } from "../reports/kept-baselines.ts";
import type { PriceKnowledge } from "../reports/remembered-books.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { FlagStreams } from "./flag-streams.ts";
import type { KeptStatuses } from "./kept-statuses.ts";
import type { NearestBudgets } from "./nearest-budgets.ts";

/** What the API asks of the rest, and what it makes of that for itself. */
export interface ApiDeps extends ApiParts {
  readonly baselines: KeptBaselines;
  readonly nearest: NearestBudgets;
  readonly flagStreams: FlagStreams;
}

export interface ApiParts {
  readonly store: LedgerStore;
  readonly budgets: Pick<
    BudgetCatalog,
    "matching" | "due" | "all" | "lasting" | "ofTenant" | "ofSelector" | "get" | "put" | "putAll" | "renew" | "remember"
  >;
  readonly keys: Pick<KeyRing, "create" | "revoke" | "list" | "find" | "catchUp">;
  readonly desk: Pick<LeaseDesk, "status">;
  /** What cost levers are turned now. */
  readonly levers: Pick<LeverBoard, "inForce" | "all" | "onChanged">;
  readonly prices: PriceLookup;
  /** What prices are worked out from, for months that are priced again. */
  readonly knowledge: PriceKnowledge;
  /** Paths of counts in answers that the operator has said to cost nothing. */
  readonly ignoredUsageKeys: ReadonlySet<string>;
  /** Where the gateway sends calls of a model, in its order; empty when nothing serves it. */
  readonly routesOf: (model: string) => readonly { readonly provider: string; readonly model: string; readonly priceList: string }[];
  /** Undefined when none is installed or configured. */
  readonly warehouse: Warehouse | undefined;
  /** False with `stores.warehouse: none`: that there is none is then no fault. */
  readonly wantsWarehouse: boolean;
  readonly metrics: Metrics;
  readonly now: () => Instant;
  readonly adminToken: string;
  /** Reads, checks and tracking need no token: for a server that only this machine can reach. */
  readonly openReads: boolean;
  readonly defaultBudget: DefaultBudget | null;
  /** What tiers say of budgets, by their names. */
  readonly tiers: ReadonlyMap<string, TierSettings>;
  /** Ids of the budgets that the configuration file names. */
  readonly budgetsInFile: ReadonlySet<string>;
  /** The channels that alerts can go to. */
  readonly alertChannels: readonly { readonly name: string; readonly kind: string }[];
  /** Undefined where none can be kept: other processes book, and nothing tells of it. */
  readonly statuses: KeptStatuses | undefined;
  readonly controls: RunningControls;
  /** What the configuration says about unit costs. */
  readonly unitCosts: UnitCostSettings;
  readonly newTraceId: () => string;
  readonly log: Logger;
  readonly readiness: () => Promise<readonly ReadyCheck[]>;
}

export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Goes on, but slower. */
  readonly degraded?: boolean;
  readonly detail: string;
}

export interface PriceLookup {
  /** The cost of plain input and output tokens at the price of that instant; of the first list that has one when none is named. */
  costOf(
    called: { readonly model: string; readonly priceList?: string },
    tokens: { readonly inputTokens: number; readonly outputTokens: number },
    at: Instant,
  ): TokenCost;
  /**
   * Prices as of an instant; a provider or model that is undefined is not filtered on. Empty when none is known.
   * @param book as it was known at another time; the one that calls are priced with unless given
   */
  show(provider: string | undefined, model: string | undefined, at: Instant, book?: PriceBook): readonly PriceView[];
  /** The price itself, for explaining it. */
  find(provider: string, model: string, at: Instant): Price | undefined;
  /** Prices of plain tokens in a call with that many input tokens. */
  tokenPrices(provider: string, model: string, promptTokens: number, at: Instant): TokenPrices | undefined;
}

export type TokenCost =
  | {
      readonly outcome: "priced";
      readonly provider: string;
      /** As the price list writes it. */
      readonly model: string;
      /** Rounded up to a nano-dollar. */
      readonly bookedNano: Nano;
      /** Exact decimal text, before rounding. */
      readonly inputUsd: string;
      readonly outputUsd: string;
      readonly priceId: string;
    }
  | { readonly outcome: "unpriced" };
