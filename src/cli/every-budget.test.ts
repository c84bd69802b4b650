import { expect, it } from "vitest";
import type { BudgetView } from "../contract/budgets-contract.ts";
import type { ApiClient } from "./api-client.ts";
import { everyBudget } from "./every-budget.ts";

/** A server with these budgets, two a page. */
function aServer(ids: readonly string[], withPages = true): ApiClient & { asked: string[] } {
  const asked: string[] = [];
  return {
    url: "http://127.0.0.1",
    asked,
    async get<Answer>(_path: string, query: Readonly<Record<string, string | undefined>> = {}) {
      asked.push(query.after ?? "");
      const rest = ids.filter((id) => id > (query.after ?? ""));
      const page = withPages ? rest.slice(0, 2) : rest;
      const budgets = page.map((id) => ({ id }) as BudgetView);
      return { budgets, ...(withPages ? { next: rest.length > 2 ? page.at(-1)! : null } : {}) } as Answer;
    },
    getText: () => Promise.reject(new Error("nothing is asked as text")),
    post: () => Promise.reject(new Error("nothing is changed")),
  };
}

it.each([
  [["a", "b", "c", "d", "e"], true, ["", "b", "d"]],
  [["a", "b"], true, [""]],
  [[], true, [""]],
  [["a", "b", "c"], false, [""]],
])("fetches page after page until there is none: %j, with pages: %s", async (ids, withPages, asked) => {
  const server = aServer(ids, withPages);
  expect((await everyBudget(server)).map(({ id }) => id)).toEqual(ids);
  expect(server.asked).toEqual(asked);
});
