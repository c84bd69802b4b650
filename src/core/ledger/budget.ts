import type { Nano } from "../money/usd.ts";
import type { ScopeSelector } from "../scope/scope.ts";
import type { Instant, Period, WindowKind } from "../time/window.ts";
import type { AppliedTier } from "./budget-tier.ts";
import type { OnShort } from "./on-short.ts";

export const ON_STORE_DOWN = ["deny", "serve_from_lease"] as const;
export type OnStoreDown = (typeof ON_STORE_DOWN)[number];

/** A limit in money on a scope selector for a calendar window. */
export interface Budget {
  readonly id: string;
  readonly selector: ScopeSelector;
  /** Without raises. */
  readonly limitNano: Nano;
  /** What raises that are in force add to the limit; kept by the ledger, whatever a change of the budget says. Nothing is 0. */
  readonly raisedNano?: Nano | undefined;
  readonly window: WindowKind;
  /** IANA zone in which the window's days begin. */
  readonly zone: string;
  /** A hard budget is never exceeded; a soft one tells and does not deny. */
  readonly hard: boolean;
  /** What happens to a call that does not fit. */
  readonly onShort: OnShort;
  /** Of `fallback_model`: the name of the model, as callers send it. */
  readonly fallbackModel?: string | undefined;
  /** Of `template`: the text that callers are answered with. */
  readonly template?: string | undefined;
  /**
   * What happens to new calls while the store cannot be written: they are refused, which is also meant when nothing is said, or they go
   * on inside leases that this process was granted before.
   */
  readonly onStoreDown?: OnStoreDown | undefined;
  /** Whole percents of the limit, rising. A crossing is told once a window. */
  readonly thresholds: readonly number[];
  /** Answers carry X-AI-Budget-Warning above this share of the limit, in percent. */
  readonly warnPercent: number;
  /**
   * "all": every call the selector matches. "rest": only calls that no other budget of the same tenant and their own model covers,
   * so that a tenant's default budget and its budgets per model add up instead of capping each other.
   */
  readonly covers: "all" | "rest";
  readonly tier?: AppliedTier | undefined;
  /** Who set it last; "policy": made for a policy's cap, so that what is spent of it is counted. */
  readonly origin: "default" | "config" | "api" | "policy";
  /** What the configuration file said of it when that was last applied. A change by API or command line stands until the file says something new. */
  readonly configured?: string | undefined;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** Made by the first call of a run, of which there may be very many: not held in memory for ever, and not listed one by one. */
export function isDefaultRun({ window, origin }: Pick<Budget, "window" | "origin">): boolean {
  return window === "run" && origin === "default";
}

/** One budget in one window. The window is part of the key: a new month is a new account. */
export interface Account {
  readonly id: string;
  readonly budgetId: string;
  readonly window: Period;
  readonly hard: boolean;
  /** The budget's limit and its raises. */
  readonly limitNano: Nano;
  /** Booked, less what was credited. */
  readonly spentNano: Nano;
  /** What resets in the window took off `spentNano`: it was spent all the same. */
  readonly creditedNano: Nano;
  /** Held by calls that may have been billed at a cost not yet known. */
  readonly inDoubtNano: Nano;
  /** Handed to gateway processes, to hold and settle from. */
  readonly leasedNano: Nano;
  /** The most by which recorded incidents (usage reported afterwards, a lowered limit, a hold too small) have passed the limit. */
  readonly overrunNano: Nano;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
}

/** "budget@2026-11-01T00:00:00.000Z" */
export function accountId(budgetId: string, window: Period): string {
  return `${budgetId}@${new Date(window.start).toISOString()}`;
}

export function openAccount(budget: Budget, window: Period): Account {
  return {
    id: accountId(budget.id, window),
    budgetId: budget.id,
    window,
    hard: budget.hard,
    limitNano: limitInForce(budget),
    spentNano: 0n,
    creditedNano: 0n,
    inDoubtNano: 0n,
    leasedNano: 0n,
    overrunNano: 0n,
    inputTokens: 0n,
    outputTokens: 0n,
  };
}

/** The limit that accounts of the budget have now: its own, and what raises add. */
export function limitInForce(budget: Pick<Budget, "limitNano" | "raisedNano">): Nano {
  return budget.limitNano + (budget.raisedNano ?? 0n);
}

/** What can still be leased. Below zero after an overrun. */
export function availableNano(account: Account): Nano {
  return account.limitNano - account.spentNano - account.inDoubtNano - account.leasedNano;
}

/** What may still be spent or be in doubt until the account is above its budget's warning share; below zero when it is. */
export function warnsAfterNano(account: Account, warnPercent: number): Nano {
  return (account.limitNano * BigInt(warnPercent)) / 100n - account.spentNano - account.inDoubtNano;
}
