import { Problem } from "../contract/problem.ts";
import { invariant } from "../core/invariant.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { selectorKey } from "../core/scope/scope.ts";
import type { WindowKind } from "../core/time/window.ts";
import { nearestWord } from "../std/nearest-word.ts";
import type { ApiDeps } from "./api-deps.ts";
import { readSelector } from "./call-scope.ts";

/**
 * The budget of an id, or of a scope: its monthly one where it has several and no window is named. One that a run's first call made is
 * found too when no call has named the run for long.
 * @throws Problem not_found with the nearest id that there is; invalid_request when several could be meant
 */
export async function findBudget(
  text: string,
  window: WindowKind | undefined,
  { budgets, store }: Pick<ApiDeps, "budgets" | "store">,
): Promise<Budget> {
  const named = budgets.get(text);
  if (named && (window === undefined || named.window === window)) return named;
  const all = budgets.all();
  const key = keyOf(text);
  const ofScope = key === undefined ? [] : all.filter(({ selector }) => selectorKey(selector) === key);
  const found = ofScope.filter((budget) => window === undefined || budget.window === window);
  const meant = found.length === 1 ? found[0] : found.find((budget) => budget.window === "month");
  if (meant) return meant;
  if (found.length > 1) {
    const windows = found.map((budget) => budget.window).join(", ");
    throw new Problem("invalid_request", { field: "/window" }, { message: `${text} has budgets for ${windows}; /window says which.` });
  }
  if (found.length === 0 && (window ?? "run") === "run") {
    const [run] = await store.budgetsNamed(key === undefined ? [text] : [text, `${key},window=run`]);
    if (run) return run;
  }
  const ofOthers = ofScope.map((budget) => budget.window).join(", ");
  const ids = all.map(({ id }) => id);
  const nearest = ofOthers === "" ? nearestWord(text, ids) : undefined;
  const hint = ofOthers !== "" ? ` It has one for ${ofOthers}.` : nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  const message = `There is no budget of ${text}${window === undefined ? "" : ` for a ${window}`}.${hint}`;
  throw new Problem("not_found", { budget: text, ...(nearest === undefined ? {} : { nearest }) }, { message });
}

/** The budget of an id that something stored names. */
export async function storedBudget(id: string, { budgets, store }: Pick<ApiDeps, "budgets" | "store">): Promise<Budget> {
  const budget = budgets.get(id) ?? (await store.budgetsNamed([id]))[0];
  invariant(budget, `no budget ${id}`);
  return budget;
}

/** Undefined when it is no scope: then only an id can be meant. */
function keyOf(text: string): string | undefined {
  try {
    return selectorKey(readSelector(text));
  } catch {
    return undefined;
  }
}
