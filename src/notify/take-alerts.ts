import { Value } from "typebox/value";
import { type OutboxAlert, outboxAlert } from "../contract/outbox-alert.ts";
import type { AlertedBudget, AlertFacts } from "../core/alerts/alert.ts";
import { type AlertRoute, channelNamed } from "../core/alerts/alert-routing.ts";
import { composeAlert } from "../core/alerts/compose-alert.ts";
import { type ControlAlertFacts, scopeOfSubject } from "../core/alerts/control-alert.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { windowAt } from "../core/time/window.ts";
import type { NewAlert } from "../ports/alert-store.ts";
import type { LedgerStore, OutboxRow } from "../ports/ledger-store.ts";
import { stableId } from "../std/stable-id.ts";

export const ALERT_BATCH = 100;
const USUAL_WARN_PERCENT = 80;

/**
 * Takes what the ledger wants told out of the outbox, as alerts with all their deliveries planned. Both happen in one transaction, so an
 * alert is in one place or the other. A row that cannot be read is set aside with the reason.
 * @param channels names of those that are configured, which policies may name
 * @returns how many rows there were; a full batch means that more may wait
 */
export async function takeAlerts(
  store: LedgerStore,
  routes: readonly AlertRoute[],
  now: () => number,
  channels: readonly string[] = [],
): Promise<number> {
  const rows = await store.readOutbox("alert", ALERT_BATCH);
  if (rows.length === 0) return 0;
  const named = new Set(rows.map((row) => budgetIn(row)).filter((id) => id !== undefined));
  const budgets = new Map((await store.budgetsNamed([...named])).map((budget) => [budget.id, budget]));
  const read = rows.map((row) => ({ seq: row.seq, ...alertOf(row, budgets, routes, channels) }));
  const unreadable = read.flatMap(({ seq, reason }) => (reason === undefined ? [] : [{ seq, reason }]));
  if (unreadable.length > 0) await store.parkOutbox(unreadable);
  const taken = read.flatMap(({ seq, alert }) => (alert === undefined ? [] : [{ seq, alert }]));
  if (taken.length > 0) await store.alerts.take(taken, now());
  return rows.length;
}

function alertOf(
  row: OutboxRow,
  budgets: ReadonlyMap<string, Budget>,
  routes: readonly AlertRoute[],
  channels: readonly string[],
): { alert?: NewAlert; reason?: string } {
  const said = readJson(row.payload);
  if (!Value.Check(outboxAlert, said)) return { reason: "this is no alert that is known" };
  if (said.type === "hold_exceeded") {
    const { tenant, hold: holdId, held_usd: heldUsd, cost_usd: costUsd } = said;
    const facts = { kind: said.type, tenant, holdId, heldUsd, costUsd } as const;
    const what = { facts, scope: { tenant }, warnPercent: USUAL_WARN_PERCENT, raisedAt: said.at };
    return { alert: composeAlert(what, routes, stableId) };
  }
  if (said.type === "unknown_usage_unit") {
    const { provider, model, unit, hold: holdId, held_usd: heldUsd } = said;
    const facts = { kind: said.type, provider, model, unit, holdId, heldUsd } as const;
    const what = { facts, scope: { provider }, warnPercent: USUAL_WARN_PERCENT, raisedAt: said.at };
    return { alert: composeAlert(what, routes, stableId) };
  }
  if (said.type === "runaway_spend") {
    const { type: kind, tenant, who, name, factor, throttled, window_ms: windowMs } = said;
    const amounts = { spentUsd: said.spent_usd, usualUsd: said.usual_usd, limitUsd: said.limit_usd };
    const facts = { kind, tenant, who, name, ...amounts, factor, windowMs, throttled } as const;
    return { alert: composeAlert({ facts, scope: { tenant }, warnPercent: USUAL_WARN_PERCENT, raisedAt: said.at }, routes, stableId) };
  }
  if (!("budget" in said)) {
    const facts = controlFacts(said);
    const channel = facts.kind === "control_threshold_reached" ? channelNamed(facts.channel, channels) : undefined;
    const what = { facts, scope: scopeOfSubject(said.subject), warnPercent: USUAL_WARN_PERCENT, raisedAt: said.at, channel };
    return { alert: composeAlert(what, routes, stableId) };
  }
  const budget = budgets.get(said.budget);
  if (!budget) return { reason: `there is no budget ${said.budget}` };
  const what = { facts: factsOf(said, budget), scope: budget.selector, warnPercent: budget.warnPercent, raisedAt: said.at };
  return { alert: composeAlert(what, routes, stableId) };
}

function controlFacts(said: Extract<OutboxAlert, { subject: string }>): ControlAlertFacts {
  const { subject } = said;
  switch (said.type) {
    case "control_threshold_reached":
    case "approval_asked": {
      const { threshold, percent, cap_usd: capUsd, spent_usd: spentUsd } = said;
      const reached = { subject, threshold, percent, capUsd, spentUsd };
      return said.type === "approval_asked" ? { kind: said.type, ...reached } : { kind: said.type, ...reached, channel: said.channel };
    }
    case "guardrail_broken":
    case "revert_failed":
      return { kind: said.type, subject, levers: said.levers, detail: said.detail };
    case "lever_changed": {
      const { lever, from, to, cause, reason, probation_until: probationUntil } = said;
      return { kind: said.type, subject, lever, from, to, cause, reason, probationUntil };
    }
    default:
      return said satisfies never;
  }
}

function factsOf(said: Extract<OutboxAlert, { budget: string }>, { window: kind, zone, hard }: Budget): AlertFacts {
  const windowStart = Date.parse(said.account.slice(said.account.lastIndexOf("@") + 1));
  const window = windowAt(kind, zone, windowStart);
  const place = { budgetId: said.budget, accountId: said.account, windowStart, windowEnd: window.end, zone, hard };
  const budget: AlertedBudget = { ...place, limitUsd: said.limit_usd, spentUsd: said.spent_usd, creditedUsd: said.credited_usd };
  if (said.type === "budget_threshold_crossed") return { kind: said.type, budget, percent: said.percent };
  return { kind: said.type, budget, overrunUsd: said.overrun_usd, cause: said.kind };
}

function budgetIn(row: OutboxRow): string | undefined {
  const said = readJson(row.payload);
  return typeof said === "object" && said !== null && "budget" in said && typeof said.budget === "string" ? said.budget : undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
