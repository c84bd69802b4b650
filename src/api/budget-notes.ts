import type { Budget } from "../core/ledger/budget.ts";
import { SCOPE_DIMENSIONS } from "../core/scope/scope.ts";
import type { ApiDeps } from "./api-deps.ts";

/** What somebody who set a budget should know of it, in whole sentences: what it covers, and who else has a say in it. */
export function budgetNotes(budget: Budget, { budgetsInFile }: Pick<ApiDeps, "budgetsInFile">): string[] {
  const inFile = "ballast.yaml names this budget too: this change stands until the file says something new of it; change it there as well.";
  return [whatItCovers(budget), ...(budgetsInFile.has(budget.id) ? [inFile] : [])];
}

function whatItCovers({ selector, covers }: Pick<Budget, "selector" | "covers">): string {
  const named = SCOPE_DIMENSIONS.filter((dimension) => selector[dimension] !== undefined);
  const parts = named.map((dimension) => `${dimension.replaceAll("_", " ")} ${selector[dimension]}`);
  if (parts.length === 0) return "It covers every call.";
  const calls = `It covers every call of ${parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`}`;
  if (covers === "rest") return `${calls} whose model has no budget of its own.`;
  return selector.model === undefined ? `${calls}, those with a narrower budget of their own too.` : `${calls}.`;
}
