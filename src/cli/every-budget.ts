import type { Static } from "typebox";
import type { BudgetView, budgetsAnswer } from "../contract/budgets-contract.ts";
import type { ApiClient } from "./api-client.ts";

/** All of them, page by page. */
export async function everyBudget(client: ApiClient): Promise<BudgetView[]> {
  const budgets: BudgetView[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const answer: Static<typeof budgetsAnswer> = await client.get("/api/v1/budgets", after === "" ? {} : { after });
    budgets.push(...answer.budgets);
    // A server of before the pages answers with everything, and names no next one.
    after = answer.next ?? null;
  }
  return budgets;
}
