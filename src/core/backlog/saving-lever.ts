import { compare, decimalText, ONE, parseRational, type Rational, times, ZERO } from "../scenario/rational.ts";
import type { Expectation, LeverEvidence, LeverPrices } from "./lever-evidence.ts";

/** One way to make calls cost less: what its target means, and what that would save of measured calls. */
export interface SavingLever {
  /** "prompt_compression" */
  readonly name: string;
  readonly title: string;
  /** How a target is written, such as "20%". */
  readonly example: string;
  readonly meaning: string;
  /** What somebody does, and what to look at while doing it. */
  readonly runbook: string;
  /** The target to look at first, as the economics document has it; undefined where these calls give none. */
  suggest(evidence: LeverEvidence): string | undefined;
  /** @returns undefined when that is no target of this lever */
  plan(target: string): LeverPlan | undefined;
}

export interface LeverPlan {
  /** The number of output tokens above which they are counted. */
  readonly capTokens?: number;
  /** Whether it has to know what retrieval cost. */
  readonly asksRetrieval?: boolean;
  expect(evidence: LeverEvidence, prices: LeverPrices): Expectation;
}

/** "20%" or "0.2": above nothing, and not more than all. */
export function readShare(text: string): Rational | undefined {
  const share = parseRational(text.trim());
  return share && compare(share, ZERO) > 0 && compare(share, ONE) <= 0 ? share : undefined;
}

/** "60%:openai/gpt-4o-mini" */
export function readShareAndModel(text: string): { share: Rational; provider: string; model: string } | undefined {
  const at = text.indexOf(":");
  const share = at > 0 ? readShare(text.slice(0, at)) : undefined;
  const slash = text.indexOf("/", at);
  const [provider, model] = [text.slice(at + 1, slash).trim(), text.slice(slash + 1).trim()];
  return share && slash > at && provider !== "" && model !== "" ? { share, provider, model } : undefined;
}

export function readWhole(text: string, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : 0;
  return value >= 1 && value <= most ? value : undefined;
}

/** "12.5%", to a tenth. */
export function percentText(share: Rational): string {
  return `${decimalText(times(share, { top: 100n, bottom: 1n }), 1, "nearest")}%`;
}
