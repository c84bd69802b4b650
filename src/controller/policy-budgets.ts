import type { Budget } from "../core/ledger/budget.ts";
import { formatUsd, type Nano } from "../core/money/usd.ts";
import { type Subject, subjectKey } from "../core/policy/policy.ts";
import type { SubjectControl } from "../core/policy/subject-control.ts";
import { type ScopeSelector, selectorKey } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import type { BudgetCatalog } from "../data/store/budget-catalog.ts";

/**
 * Sees to it that the ledger counts what each subject spends in a calendar month of UTC: by the subject's own monthly budget where there is
 * one, else by a soft one that is made here. What was spent before the first of them was there is not counted.
 * @returns the budget's id of each subject
 */
export async function applyPolicyBudgets(
  controls: ReadonlyMap<string, SubjectControl>,
  catalog: Pick<BudgetCatalog, "get" | "lasting" | "putAll">,
  at: Instant,
): Promise<Map<string, string>> {
  const counting = new Map<string, string>();
  for (const { id, selector, window, zone, covers } of catalog.lasting()) {
    if (window === "month" && zone === "UTC" && covers === "all") counting.set(selectorKey(selector), id);
  }
  const found = new Map<string, string>();
  const changes = [...controls.values()].flatMap((control) => {
    const { subject, policies } = control;
    const key = subjectKey(subject);
    const before = catalog.get(policyBudgetId(subject));
    const other = counting.get(selectorKey(selectorOf(subject)));
    found.set(key, before?.id ?? other ?? policyBudgetId(subject));
    if (before === undefined && other !== undefined) return [];
    const capNano = policies.map((policy) => policy.capNano).reduce((least, cap) => (cap < least ? cap : least));
    if (before !== undefined && (before.limitNano === capNano || before.origin !== "policy")) return [];
    return [changeOf(subject, capNano, before, at)];
  });
  if (changes.length > 0) await catalog.putAll(changes);
  return found;
}

/** "slo:use_case:ops_copilot" */
export function policyBudgetId(subject: Subject): string {
  return `slo:${subjectKey(subject)}`;
}

function selectorOf({ kind, name }: Subject): ScopeSelector {
  return { [kind]: name };
}

function changeOf(subject: Subject, limitNano: Nano, before: Budget | undefined, at: Instant) {
  const id = policyBudgetId(subject);
  // It tells nothing by itself and refuses nothing: thresholds and their words are the policy's.
  const ways = { hard: false, onShort: "deny", thresholds: [], warnPercent: 100, covers: "all" } as const;
  const stamps = { origin: "policy", createdAt: before?.createdAt ?? at, updatedAt: at } as const;
  const budget: Budget = { id, selector: selectorOf(subject), limitNano, window: "month", zone: "UTC", ...ways, ...stamps };
  const said = before === undefined ? null : formatUsd(before.limitNano);
  const why = { actor: "config", action: "budget.set", target: id, reason: "the cap of a policy" };
  return { budget, change: { ...why, before: said, after: formatUsd(limitNano) } };
}
