import type { BacklogItemView } from "../contract/backlog-contract.ts";
import { Problem } from "../contract/problem.ts";
import { BACKLOG_STATUSES, type BacklogItem, type BacklogStatus, isDay } from "../core/backlog/backlog-item.ts";
import { LEVER_NAMES, leverCalled } from "../core/backlog/saving-lever-list.ts";
import { isScopeValue, selectorKey } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import type { AuditedChange } from "../ports/ledger-store.ts";
import { nearestWord } from "../std/nearest-word.ts";
import { readSelector } from "./call-scope.ts";

export const BACKLOG_COLUMNS = ["id", "lever", "scope", "target", "owner", "eta", "status", "note"] as const;
export type BacklogColumn = (typeof BACKLOG_COLUMNS)[number];

/** What is left out stays as it is; texts as a file or a request has them. */
export type BacklogWish = { readonly [Column in BacklogColumn]?: string | undefined };

/** A change of one item that is thought through and not written. */
export interface BacklogPlan {
  readonly item: BacklogItem;
  readonly change: AuditedChange;
  readonly view: {
    readonly id: string;
    readonly action: "create" | "change" | "unchanged";
    readonly fields: { field: string; before: string | null; after: string }[];
  };
}

/**
 * @param before the item with this id, where there is one
 * @throws Problem invalid_request or invalid_scope that names the field
 */
export function planBacklogItem(wish: BacklogWish, before: BacklogItem | undefined, at: Instant, reason: string): BacklogPlan {
  const lever = leverOf(wish.lever ?? before?.lever);
  const scope = wish.scope === undefined ? (before?.scope ?? {}) : readSelector(wish.scope);
  const target = (wish.target ?? before?.target)?.trim();
  if (target === undefined) refuse("target", `is missing; ${lever.meaning}, such as ${lever.example}`);
  if (!lever.plan(target))
    refuse("target", `${JSON.stringify(target)} is no target of ${lever.name}: ${lever.meaning}, such as ${lever.example}`);
  const plain = [lever.name, selectorKey(scope)].filter((part) => part !== "").join(",");
  const id = wish.id ?? before?.id ?? plain;
  if (!before && id !== plain && !isScopeValue(id)) refuse("id", "is no name for an item; use letters, digits and . _ : @ / + - and space");
  const eta = wish.eta?.trim() ?? before?.eta ?? "";
  if (eta !== "" && !isDay(eta)) refuse("eta", `${JSON.stringify(eta)} is no day such as 2026-12-31`);
  const status = statusOf(wish.status ?? before?.status ?? "proposed");
  const [owner, note] = [wish.owner ?? before?.owner ?? "", wish.note ?? before?.note ?? ""];
  if (owner.length > 200) refuse("owner", "is longer than 200 characters");
  if (note.length > 1000) refuse("note", "is longer than 1000 characters");
  const createdAt = before?.createdAt ?? at;
  const item = { id, lever: lever.name, scope, target, owner, eta, status, note, createdAt, updatedAt: at };
  return planned(item, before, reason);
}

function planned(item: BacklogItem, before: BacklogItem | undefined, reason: string): BacklogPlan {
  const [was, is] = [before && backlogCells(before), backlogCells(item)];
  const fields = BACKLOG_COLUMNS.filter((column) => (was ? was[column] !== is[column] : is[column] !== "")).map((column) => ({
    field: column,
    before: was?.[column] || null,
    after: is[column],
  }));
  const action = !before ? "create" : fields.length > 0 ? "change" : "unchanged";
  const kept = before && action === "unchanged" ? before : item;
  const facts = { actor: "admin", action: before ? "backlog.change" : "backlog.create", target: item.id, reason };
  const change = { ...facts, before: was ? JSON.stringify(was) : null, after: JSON.stringify(is) };
  return { item: kept, change, view: { id: item.id, action, fields } };
}

/** An item as texts, as a file has it. */
export function backlogCells(item: BacklogItem): Record<BacklogColumn, string> {
  const { id, lever, target, owner, eta, status, note } = item;
  return { id, lever, scope: selectorKey(item.scope) || "*", target, owner, eta, status, note };
}

export function backlogView(item: BacklogItem): BacklogItemView {
  const { id, lever, scope, target, owner, eta, status, note, createdAt, updatedAt } = item;
  const title = leverCalled(lever)?.title ?? lever;
  const times = { created_at: new Date(createdAt).toISOString(), updated_at: new Date(updatedAt).toISOString() };
  return { id, lever, title, scope: { ...scope }, target, owner, eta: eta === "" ? null : eta, status, note, ...times };
}

function leverOf(name: string | undefined) {
  const lever = name === undefined ? undefined : leverCalled(name);
  if (lever) return lever;
  if (name === undefined) return refuse("lever", `is missing; it is one of ${LEVER_NAMES.join(", ")}`);
  const near = nearestWord(name, LEVER_NAMES);
  return refuse(
    "lever",
    `${JSON.stringify(name)} is not one of ${LEVER_NAMES.join(", ")}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}

function statusOf(text: string): BacklogStatus {
  const status = BACKLOG_STATUSES.find((word) => word === text);
  return status ?? refuse("status", `${JSON.stringify(text)} is not one of ${BACKLOG_STATUSES.join(", ")}`);
}

function refuse(field: BacklogColumn, why: string): never {
  throw new Problem("invalid_request", { field: `/${field}` }, { message: `/${field} ${why}.` });
}
