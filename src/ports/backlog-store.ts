import type { BacklogItem } from "../core/backlog/backlog-item.ts";
import type { AuditedChange } from "./ledger-store.ts";

/** The optimisation backlog as it survives a restart. Every promise resolves only after the change is durable. */
export interface BacklogStore {
  /** Every item, those that are done or rejected too, in the order in which they came. */
  list(): Promise<readonly BacklogItem[]>;
  /** Creates items and changes those with the same id, all or none, each with its audit entry. An item keeps the time when it was created. */
  put(changes: readonly { readonly item: BacklogItem; readonly change: AuditedChange }[]): Promise<readonly BacklogItem[]>;
}
