import { stringify } from "yaml";
import type { ScenariosAnswer } from "../../contract/scenarios-contract.ts";
import { printable } from "../print-table.ts";

/** Monthly caps as settings for ballast.yaml. They warn and do not refuse until somebody sets `hard: true`, having looked at them. */
export function budgetSettings({ proposed_budgets }: ScenariosAnswer): string {
  const budgets = proposed_budgets.map(({ scope, window, limit_usd, thresholds }) => ({
    scope,
    limit_usd,
    window,
    hard: false,
    thresholds,
  }));
  const why = proposed_budgets.map(
    ({ scenario, planned_usd, limit_usd }) =>
      `# ${printable(scenario)} plans ${planned_usd} USD a month; ${limit_usd} leaves a tenth of headroom.`,
  );
  return `${why.join("\n")}\n${stringify({ budgets }).trimEnd()}`;
}
