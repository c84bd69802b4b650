import { type Budget, limitInForce } from "../core/ledger/budget.ts";
import { budgetTree, type TreeNode } from "../core/ledger/budget-tree.ts";
import { formatUsd } from "../core/money/usd.ts";
import { SCOPE_DIMENSIONS } from "../core/scope/scope.ts";
import type { ApiDeps } from "./api-deps.ts";

/** What somebody who set a budget should know of it, in whole sentences: what it covers, and who else has a say in it. */
export function budgetNotes(
  budget: Budget,
  { budgetsInFile, budgets }: Pick<ApiDeps, "budgetsInFile"> & { budgets: Pick<ApiDeps["budgets"], "lasting"> },
): string[] {
  const inFile = "ballast.yaml names this budget too: this change stands until the file says something new of it; change it there as well.";
  return [whatItCovers(budget), ...(budgetsInFile.has(budget.id) ? [inFile] : []), ...commitmentNotes(budget, budgets.lasting())];
}

/** Of the budget with what lies within it, and of those it lies within. In a dry run the list has it as it was. */
function commitmentNotes(budget: Budget, known: readonly Budget[]): string[] {
  const nodes = budgetTree([...known.filter(({ id }) => id !== budget.id), budget]);
  const { parents = [] } = nodes.find((node) => node.budget.id === budget.id) ?? {};
  return nodes.filter((node) => node.budget.id === budget.id || parents.includes(node.budget.id)).flatMap(overCommitmentNotes);
}

/** "The 3 budgets within * that differ by tenant may spend 25000 USD together, 5000 more than its 20000." */
export function overCommitmentNotes({ budget, overCommitments }: TreeNode): string[] {
  return overCommitments.map(({ dimensions, children, childrenLimitNano, overNano }) => {
    const which =
      children === 1 ? `A budget within ${budget.id}` : `The ${children} budgets within ${budget.id} that differ by ${words(dimensions)}`;
    const may = `may spend ${formatUsd(childrenLimitNano)} USD${children === 1 ? "" : " together"}`;
    return `${which} ${may}, ${formatUsd(overNano)} more than its ${formatUsd(limitInForce(budget))}: it will refuse before they do.`;
  });
}

function words(dimensions: readonly string[]): string {
  return dimensions.map((dimension) => dimension.replaceAll("_", " ")).join(" and ");
}

function whatItCovers({ selector, covers }: Pick<Budget, "selector" | "covers">): string {
  const named = SCOPE_DIMENSIONS.filter((dimension) => selector[dimension] !== undefined);
  const parts = named.map((dimension) => `${dimension.replaceAll("_", " ")} ${selector[dimension]}`);
  if (parts.length === 0) return "It covers every call.";
  const calls = `It covers every call of ${parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`}`;
  if (covers === "rest") return `${calls} whose model has no budget of its own.`;
  return selector.model === undefined ? `${calls}, those with a narrower budget of their own too.` : `${calls}.`;
}
