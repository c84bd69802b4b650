import type { CostFilter, CostGroup } from "../contract/cost-groups.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import type { LeverEvidence } from "../core/backlog/lever-evidence.ts";
import type { LeverCost, SavingCell } from "../core/savings/use-case-saving.ts";
import type { ScopeSelector } from "../core/scope/scope.ts";
import type {
  ControlSignalsQuestion,
  ControlSignalsRow,
  GroundednessRow,
  HourlySpendsQuestion,
  SubjectHour,
} from "./control-signals-question.ts";
import type { CostFacts } from "./cost-facts.ts";
import type {
  ModelCostRow,
  PoolQuestion,
  PoolShares,
  RunLife,
  RunLivesQuestion,
  UnitCostQuestion,
  UsageFactRow,
} from "./unit-cost-questions.ts";

/** What we ask of the warehouse. The embedded engine and a ClickHouse server are both one of these. */
export interface Warehouse {
  /**
   * Adds traces, each a RequestTrace as JSON. Traces that arrive again, in any order and any batch, count once.
   * Resolved means durable; rows that can never be read are named, and the others go in without them.
   * @throws Problem warehouse_unavailable: any part of the batch may have gone in, send all of it again
   */
  insertTraces(traces: readonly string[]): Promise<InsertedTraces>;
  /**
   * As insertTraces, of a file with one trace a line, all or none.
   * @returns false when a row cannot be read; then insertTraces tells which
   */
  insertTraceFile(path: string): Promise<boolean>;
  /** As insertTraces, of facts: each a UsageFact as JSON. Of a fact that arrives again, the first arrival stays. */
  insertFacts(facts: readonly string[]): Promise<InsertedTraces>;
  /** As insertTraceFile, of facts. */
  insertFactFile(path: string): Promise<boolean>;
  /** As insertFacts, of ratings: each a Rating as JSON. */
  insertRatings(ratings: readonly string[]): Promise<InsertedTraces>;
  /** As insertTraceFile, of ratings. */
  insertRatingFile(path: string): Promise<boolean>;
  /** How good answers were rated with ts in [from, to), per use case that has ratings; each rating once. */
  ratings(question: RatingsQuestion): Promise<readonly RatedUseCase[]>;
  /** Cost and use per group over traces with ts in [from, to). */
  costs(question: CostsQuestion): Promise<readonly CostsRow[]>;
  /** The newest calls first, at most `limit`. */
  traces(question: TracesQuestion): Promise<readonly RequestTrace[]>;
  /** Calls that cost or could cost, oldest first, a page at a time; calls of one instant by their ids. */
  callsInOrder(question: CallsQuestion): Promise<readonly OrderedCall[]>;
  /** What calls of a scope used and cost, per model, as the levers of the backlog want it. */
  leverEvidence(question: LeverQuestion): Promise<LeverEvidence>;
  /** What calls of use cases cost in the holdout and outside it, by what changed them. */
  savingCells(question: SavingsQuestion): Promise<readonly SavingCellRow[]>;
  /** What Ballast's own calls for its levers cost. */
  leverCosts(question: SavingsQuestion): Promise<readonly LeverCostRow[]>;
  /** Booked cost per tenant in nano-units, for `ballast verify`. */
  bookedPerTenant(from: Date, to: Date): Promise<readonly { tenant: string; traces: number; bookedNano: bigint }[]>;
  /** What was known of prices, and corrections of what calls cost. */
  readonly facts: CostFacts;
  /** What the models of calls cost per group, by side; in no order. */
  unitCosts(question: UnitCostQuestion): Promise<readonly ModelCostRow[]>;
  /** What applications told of beside that, per group and measure: by header, event and span, each fact once. */
  usageFacts(question: UnitCostQuestion): Promise<readonly UsageFactRow[]>;
  /** What groups of calls get of an amount that is shared out over the calls of a month. */
  poolShares(question: PoolQuestion): Promise<PoolShares>;
  /** What policies go by, of each subject that was called in the last day. */
  controlSignals(question: ControlSignalsQuestion): Promise<readonly ControlSignalsRow[]>;
  /** How well founded answers were rated, of each subject with ratings of the last hour. */
  groundedness(question: ControlSignalsQuestion): Promise<readonly GroundednessRow[]>;
  /** What subjects spent, per hour of UTC with ts in [from, to) and priority; an hour may come in several rows. */
  hourlySpends(question: HourlySpendsQuestion): Promise<readonly SubjectHour[]>;
  /** When runs and their like were started, ended and spent on. */
  runLives(question: RunLivesQuestion): Promise<readonly RunLife[]>;
  /**
   * Runs one statement that only reads; for questions of operators and tests. Money and 64-bit integers come as text.
   * @throws Problem invalid_request with the engine's message when it cannot run or would write
   */
  query(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<readonly Record<string, unknown>[]>;
  /** Round trip to the engine. @throws Problem warehouse_unavailable */
  ping(): Promise<void>;
  /** Lets running work finish first. */
  close(): Promise<void>;
}

export interface InsertedTraces {
  readonly accepted: number;
  /** In ascending order of index. */
  readonly rejected: readonly RejectedTrace[];
}

export interface RejectedTrace {
  /** Position in the batch. */
  readonly index: number;
  /** What the engine could not read, in its words. */
  readonly reason: string;
}

export interface CostsQuestion {
  readonly from: Date;
  readonly to: Date;
  readonly groupBy: readonly CostGroup[];
  /** All must match; "" matches calls without that dimension. */
  readonly filter: CostFilter;
}

/**
 * Counts are numbers, money is exact decimal text of USD without trailing zeros. Group columns that were not asked for are absent;
 * days are "2026-01-31" and hours "2026-01-31T13:00:00Z", of UTC.
 */
export interface CostsRow {
  readonly group: Readonly<Partial<Record<CostGroup, string>>>;
  /** Calls that reached a provider or were tracked. */
  readonly calls: number;
  /** Calls that a budget did not let through, those answered with its text included. */
  readonly refused: number;
  /** Answers given again from the cache or an Idempotency-Key. */
  readonly cached: number;
  /** Calls whose cost is not known (basis unpriced): counted, never summed as zero. */
  readonly unpriced: number;
  readonly in_doubt: number;
  readonly prompt_tokens: number;
  readonly gen_tokens: number;
  readonly cost_usd: string;
  /** Over calls that went to a provider; null when there is none. Interpolated between calls, not estimated. */
  readonly latency_ms_p50: number | null;
  readonly latency_ms_p95: number | null;
}

export interface RatingsQuestion {
  readonly from: Date;
  readonly to: Date;
  /** What was rated, such as groundedness. */
  readonly name: string;
}

export interface RatedUseCase {
  readonly useCase: string;
  readonly samples: number;
  /** From 1, the worst, to 5. */
  readonly average: number;
  /** When the newest of them was rated. */
  readonly newestAt: number;
}

export interface CallsQuestion {
  readonly from: Date;
  readonly to: Date;
  /** Calls that a budget on this scope covers. */
  readonly selector: ScopeSelector;
  /** The last call of the page before. */
  readonly after?: { readonly at: number; readonly traceId: string } | undefined;
  readonly limit: number;
}

/** Amounts in nano-units; the cost is null where it is not known. */
export interface OrderedCall {
  readonly at: number;
  readonly traceId: string;
  readonly tenant: string;
  readonly outcome: string;
  readonly heldNano: bigint;
  readonly costNano: bigint | null;
}

export interface LeverQuestion {
  readonly from: Date;
  readonly to: Date;
  /** Calls that a budget on this scope would cover. */
  readonly selector: ScopeSelector;
  /** Output tokens of a call beyond this are counted apart. */
  readonly capTokens: number;
}

export interface TracesQuestion {
  readonly from: Date;
  readonly to: Date;
  readonly filter: CostFilter;
  readonly limit: number;
}

export interface SavingsQuestion {
  readonly from: Date;
  readonly to: Date;
  /** All of them when it is undefined. */
  readonly useCase: string | undefined;
}

export interface SavingCellRow extends SavingCell {
  readonly useCase: string;
}

export interface LeverCostRow extends LeverCost {
  /** The use case that the calls served; "" where they do not say. */
  readonly served: string;
}
