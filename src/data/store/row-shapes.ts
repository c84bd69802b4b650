import type { Account, Budget } from "../../core/ledger/budget.ts";
import type { BudgetRaise } from "../../core/ledger/budget-raise.ts";
import type { AppliedTier, TierSettings } from "../../core/ledger/budget-tier.ts";
import type { ScopeDimension } from "../../core/scope/scope.ts";
import type { VirtualKey } from "../../ports/ledger-store.ts";
import type { SqlRow } from "./ledger-database.ts";

export function budgetOfRow(row: SqlRow): Budget {
  return {
    id: String(row.id),
    selector: JSON.parse(String(row.selector)),
    limitNano: BigInt(row.limit_nano as bigint),
    raisedNano: BigInt(row.raised_nano as bigint),
    window: String(row.window_kind) as Budget["window"],
    zone: String(row.zone),
    hard: Number(row.hard) === 1,
    onShort: String(row.on_short) as Budget["onShort"],
    fallbackModel: row.fallback_model === null ? undefined : String(row.fallback_model),
    template: row.template === null ? undefined : String(row.template),
    onStoreDown: String(row.on_store_down) === "deny" ? undefined : (String(row.on_store_down) as Budget["onStoreDown"]),
    thresholds: JSON.parse(String(row.thresholds)),
    warnPercent: Number(row.warn_percent),
    covers: String(row.covers) as Budget["covers"],
    tier: row.tier === null ? undefined : tierOfText(String(row.tier)),
    origin: String(row.origin) as Budget["origin"],
    configured: row.configured === null ? undefined : String(row.configured),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}

export function rowOfBudget(budget: Budget) {
  return {
    id: budget.id,
    selector: JSON.stringify(budget.selector),
    limitNano: budget.limitNano,
    windowKind: budget.window,
    zone: budget.zone,
    hard: budget.hard ? 1 : 0,
    onShort: budget.onShort,
    fallbackModel: budget.fallbackModel ?? null,
    template: budget.template ?? null,
    onStoreDown: budget.onStoreDown ?? "deny",
    thresholds: JSON.stringify(budget.thresholds),
    warnPercent: budget.warnPercent,
    covers: budget.covers,
    tier: budget.tier ? textOfTier(budget.tier) : null,
    origin: budget.origin,
    configured: budget.configured ?? null,
    createdAt: budget.createdAt,
    updatedAt: budget.updatedAt,
  };
}

/** Amounts are text in JSON, which has no integers of that size. */
function textOfTier({ name, settings }: AppliedTier): string {
  return JSON.stringify({ name, settings: { ...settings, limitNano: settings.limitNano?.toString() } });
}

function tierOfText(text: string): AppliedTier {
  const { name, settings } = JSON.parse(text) as { name: string; settings: Omit<TierSettings, "limitNano"> & { limitNano?: string } };
  const { limitNano, ...others } = settings;
  return { name, settings: limitNano === undefined ? others : { ...others, limitNano: BigInt(limitNano) } };
}

export function accountOfRow(row: SqlRow): Account {
  return {
    id: String(row.id),
    budgetId: String(row.budget_id),
    window: { start: Number(row.window_start), end: Number(row.window_end) },
    hard: Number(row.hard) === 1,
    limitNano: row.limit_nano as bigint,
    spentNano: row.spent_nano as bigint,
    creditedNano: row.credited_nano as bigint,
    inDoubtNano: row.in_doubt_nano as bigint,
    leasedNano: row.leased_nano as bigint,
    overrunNano: row.overrun_nano as bigint,
    inputTokens: row.input_tokens as bigint,
    outputTokens: row.output_tokens as bigint,
  };
}

export function rowOfAccount(account: Account) {
  return {
    id: account.id,
    budgetId: account.budgetId,
    windowStart: account.window.start,
    windowEnd: account.window.end,
    hard: account.hard ? 1 : 0,
    limitNano: account.limitNano,
    spentNano: account.spentNano,
    creditedNano: account.creditedNano,
    inDoubtNano: account.inDoubtNano,
    leasedNano: account.leasedNano,
    overrunNano: account.overrunNano,
    inputTokens: account.inputTokens,
    outputTokens: account.outputTokens,
  };
}

export function raiseOfRow(row: SqlRow): BudgetRaise {
  return {
    id: String(row.id),
    budgetId: String(row.budget_id),
    amountNano: row.amount_nano as bigint,
    beginsAt: Number(row.begins_at),
    endsAt: Number(row.ends_at),
    approver: String(row.approver),
    reason: String(row.reason),
    createdAt: Number(row.created_at),
    endedEarly: Number(row.ended_early) === 1,
    state: String(row.state) as BudgetRaise["state"],
  };
}

export function keyOfRow(row: SqlRow): VirtualKey {
  return {
    id: String(row.id),
    name: String(row.name),
    hash: String(row.hash),
    hint: String(row.hint),
    scope: JSON.parse(String(row.scope)),
    mayName: JSON.parse(String(row.may_name)) as ScopeDimension[],
    models: JSON.parse(String(row.models)),
    createdAt: Number(row.created_at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  };
}

export function rowOfKey(key: VirtualKey) {
  return {
    id: key.id,
    name: key.name,
    hash: key.hash,
    hint: key.hint,
    scope: JSON.stringify(key.scope),
    mayName: JSON.stringify(key.mayName),
    models: JSON.stringify(key.models),
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    revokedAt: key.revokedAt,
  };
}
