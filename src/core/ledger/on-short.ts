import type { Budget } from "./budget.ts";

/**
 * What happens to a call that does not fit, the strictest first: refuse it; answer it only if it was answered before; answer it with a
 * fixed text; send it to a cheaper model; lower its max_tokens until hold and answer fit. Only the last two cost money, and hold it.
 */
export const ON_SHORT = ["deny", "cached_only", "template", "fallback_model", "fit"] as const;
export type OnShort = (typeof ON_SHORT)[number];

/** Of several budgets that cannot carry a call the strictest decides, so that no budget is eased by another. The first of equals. */
export function strictestOnShort<Short extends Pick<Budget, "onShort">>(first: Short, others: readonly Short[]): Short {
  return others.reduce((strictest, other) => (rank(other) < rank(strictest) ? other : strictest), first);
}

function rank({ onShort }: Pick<Budget, "onShort">): number {
  return ON_SHORT.indexOf(onShort);
}

/** The setting that a budget's way needs and does not have; undefined when nothing is missing. */
export function missingOnShort({
  onShort,
  fallbackModel,
  template,
}: Pick<Budget, "onShort" | "fallbackModel" | "template">): "fallback_model" | "template" | undefined {
  if (onShort === "fallback_model" && fallbackModel === undefined) return "fallback_model";
  return onShort === "template" && template === undefined ? "template" : undefined;
}
