import { ATTO_PER_USD, type Atto } from "../money/usd.ts";
import { type Rational, rational, ZERO } from "../scenario/rational.ts";

/** Calls of one model in the period and scope of an item. Amounts are exact. */
export interface LeverEvidenceRow {
  readonly provider: string;
  readonly model: string;
  /** Calls that reached a provider or were tracked. */
  readonly calls: number;
  /** Answers from the cache or an Idempotency-Key. */
  readonly cached: number;
  /** Of calls whose cost is known; batch and unused are among them. */
  readonly known: {
    readonly calls: number;
    readonly promptTokens: number;
    readonly cacheReadTokens: number;
    readonly genTokens: number;
    readonly cost: Atto;
    readonly batchCalls: number;
    /** Answers that were paid for and that nobody got whole. */
    readonly unusedCalls: number;
    readonly unusedCost: Atto;
  };
  /** Of those whose cost is known apart for input and output. */
  readonly split: {
    readonly calls: number;
    readonly inputCost: Atto;
    readonly genCost: Atto;
    readonly promptTokens: number;
    readonly cacheReadTokens: number;
    readonly genTokens: number;
    /** Output tokens beyond the cap that was asked about. */
    readonly genTokensAbove: number;
    readonly callsAbove: number;
  };
  /** Calls that say their retrieval depth, and the sum of it. */
  readonly depth: { readonly calls: number; readonly sum: number };
}

export interface LeverEvidence {
  readonly rows: readonly LeverEvidenceRow[];
  /** Over all of these calls; null when there is none. */
  readonly genTokensP95: number | null;
  /** What retrieval cost in the period; undefined where nobody told. */
  readonly retrievalCost?: Atto | undefined;
}

/** Rates per token in the tier of a call with that many input tokens. */
export interface LeverRates {
  readonly input: Atto;
  readonly cacheRead: Atto;
  readonly output: Atto;
  readonly perRequest: Atto;
}

export interface LeverPrices {
  ratesOf(of: { provider: string; model: string; promptTokens: number; batch: boolean }): LeverRates | undefined;
}

/** What a lever would have saved in the measured period. */
export type Expectation =
  | {
      readonly outcome: "computed";
      /** The lever's own figure as it was measured. */
      readonly baseline: string;
      readonly saved: Rational;
      /** What the calls cost that the saving is computed from, and how many they were. */
      readonly of: Rational;
      readonly calls: number;
      readonly caveats: readonly string[];
    }
  | { readonly outcome: "unknown"; readonly baseline: string | null; readonly calls: number; readonly reason: string };

export function unknown(reason: string, calls: number, baseline: string | null = null): Expectation {
  return { outcome: "unknown", baseline, calls, reason };
}

export function usdOf(atto: Atto): Rational {
  return rational(atto, ATTO_PER_USD);
}

/** Adds one count over all models. */
export function total(rows: readonly LeverEvidenceRow[], count: (row: LeverEvidenceRow) => number): bigint {
  return rows.reduce((sum, row) => sum + BigInt(count(row)), 0n);
}

export function totalUsd(rows: readonly LeverEvidenceRow[], amount: (row: LeverEvidenceRow) => Atto): Rational {
  return usdOf(rows.reduce((sum, row) => sum + amount(row), 0n));
}

/** Of nothing, nothing. */
export function shareOf(part: bigint, whole: bigint): Rational {
  return whole === 0n ? ZERO : rational(part, whole);
}

/** A caveat for calls that could not be counted; none when all could. */
export function leftOut(rows: readonly LeverEvidenceRow[], counted: bigint, why: string): string[] {
  const missing = total(rows, ({ calls }) => calls) - counted;
  return missing === 0n ? [] : [`${missing} calls are left out: ${why}.`];
}
