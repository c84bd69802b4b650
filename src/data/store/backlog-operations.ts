import type { BacklogItem, BacklogStatus } from "../../core/backlog/backlog-item.ts";
import { invariant } from "../../core/invariant.ts";
import type { BacklogStore } from "../../ports/backlog-store.ts";
import type { AuditedChange } from "../../ports/ledger-store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";

/** Each method of the port as an operation of the store's thread: "backlog.list" and so on. */
export function backlogOperations(
  database: LedgerDatabase,
  audit: AuditLog,
): Readonly<Record<string, (...parameters: never[]) => unknown>> {
  return {
    "backlog.list": () => database.all("all-backlog-items").map(itemOfRow),
    "backlog.put": (changes: readonly { item: BacklogItem; change: AuditedChange }[]) =>
      changes.map(({ item, change }) => {
        const { scope, ...rest } = item;
        database.run("put-backlog-item", { ...rest, scope: JSON.stringify(scope) });
        audit.append(change, item.updatedAt);
        const stored = database.one("backlog-item-by-id", { id: item.id });
        invariant(stored !== undefined, "an item that was just written is gone");
        return itemOfRow(stored);
      }),
  };
}

/** The port as seen from the server's thread: every method is a message to the store's. */
export function backlogCalls(call: (operation: string, parameters: readonly unknown[]) => Promise<never>): BacklogStore {
  return { list: () => call("backlog.list", []), put: (changes) => call("backlog.put", [changes]) };
}

function itemOfRow(row: SqlRow): BacklogItem {
  return {
    id: String(row.id),
    lever: String(row.lever),
    scope: JSON.parse(String(row.scope)),
    target: String(row.target),
    owner: String(row.owner),
    eta: String(row.eta),
    status: String(row.status) as BacklogStatus,
    note: String(row.note),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}
