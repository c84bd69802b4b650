import { accountId, type Budget } from "../../core/ledger/budget.ts";
import { isMonthlyAt, withMonthlyLimit } from "../../core/ledger/monthly-limit.ts";
import { formatUsd, type Nano } from "../../core/money/usd.ts";
import { isScopeValue, type ScopeSelector, selectorKey } from "../../core/scope/scope.ts";
import { type Instant, isTimeZone, windowAt } from "../../core/time/window.ts";
import type { LedgerStore, WishedBudget, WishesTaken } from "../../ports/ledger-store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import type { BudgetOperations } from "./budget-operations.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";

/** Measured at 0.7 ms each on two busy cores: so many that calls wait some 40 ms for the transaction. */
const MOST_AT_ONCE = 50;
/** The model of a budget on the whole tenant, in the guide's tables. */
const EVERY_MODEL = "*";

interface Parts {
  readonly database: LedgerDatabase;
  readonly sheet: BalanceSheet;
  readonly audit: AuditLog;
  readonly budgets: BudgetOperations;
}

/** What a person did to a row of ai_token_budgets. */
interface Wish {
  readonly id: number;
  readonly at: Instant;
  readonly actor: string;
  readonly kind: "set" | "reset";
  readonly tenant: string;
  readonly model: string;
  readonly selector: ScopeSelector;
  /** The budget that the row showed, if there is one. */
  readonly budgetId: string | undefined;
  readonly limitNano: Nano;
  readonly zone: string;
  readonly creditNano: Nano;
  readonly creditedBeforeNano: Nano;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
}

/**
 * Makes budgets, limits and resets of what people wrote into the guide's tables (migrations-postgres/0006-guide-tables.sql): the triggers there
 * leave wishes, and only what is done here is an entry of the ledger.
 */
export class GuideWishes {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  take({ at, newBudgets }: Parameters<LedgerStore["takeWishes"]>[0]): WishesTaken {
    const { database, sheet } = this.#parts;
    if (!database.hasGuideTables) return { budgets: [], refused: [], more: false };
    const wishes = database.all("guide-wishes", { limit: MOST_AT_ONCE }).map(wishOfRow);
    const changed = new Map<string, Budget>();
    const refused: string[] = [];
    for (const wish of wishes) {
      const why = unfitWords(wish);
      if (why !== undefined) {
        refused.push(this.#refuse(wish, why, at));
        continue;
      }
      const budget = wish.kind === "set" ? this.#set(wish, newBudgets, at) : this.#reset(wish);
      if (budget) changed.set(budget.id, budget);
    }
    if (wishes.length > 0) database.run("forget-guide-wishes", { ids: JSON.stringify(wishes.map(({ id }) => id)) });
    // What is refreshed are rows of people, which have to show what this transaction made of accounts.
    sheet.flush();
    const { more } = database.one("refresh-guide-budgets", {})!;
    return { budgets: [...changed.values()], refused, more: wishes.length === MOST_AT_ONCE || Number(more) === 1 };
  }

  #set(wish: Wish, newBudgets: WishedBudget, at: Instant): Budget {
    const { budgets, sheet } = this.#parts;
    const { selector, actor } = wish;
    const id = this.#idOf(wish);
    const before = sheet.budget(id);
    const budget = withMonthlyLimit(before, id, wish, newBudgets, at);
    const said = (each: Budget) =>
      JSON.stringify({ scope: { ...selector }, limit_usd: formatUsd(each.limitNano), hard: each.hard, zone: each.zone });
    const reason = "SQL on ai_token_budgets";
    const change = { actor, action: "budget.set", target: id, reason, before: before ? said(before) : null, after: said(budget) };
    return budgets.put(budget, change);
  }

  /** Credits what the person saw and took off, less what others have credited since; so the same reset twice in a moment counts once. */
  #reset(wish: Wish): Budget | undefined {
    const { budgets, sheet } = this.#parts;
    const budget = wish.budgetId === undefined ? undefined : sheet.budget(wish.budgetId);
    const account = budget && sheet.find(accountId(budget.id, windowAt(budget.window, budget.zone, wish.at)));
    if (!budget || !account) return undefined;
    const creditedSince = account.creditedNano - wish.creditedBeforeNano;
    if (creditedSince > 0n && creditedSince >= wish.creditNano) return undefined;
    const amountNano = least(wish.creditNano - creditedSince, account.spentNano);
    const tokens = { input: least(wish.inputTokens, account.inputTokens), output: least(wish.outputTokens, account.outputTokens) };
    if (amountNano === 0n && tokens.input === 0n && tokens.output === 0n) return undefined;
    const decided = { actor: wish.actor, approver: wish.actor, reason: "SQL on ai_token_budgets" };
    // The time of the statement: the window is the one that the person saw.
    const credit = budgets.credit({ id: `sql-${wish.id}`, budgetId: budget.id, amountNano, tokens, at: wish.at, ...decided });
    return credit.budget;
  }

  #refuse({ actor, tenant, model, limitNano }: Wish, why: string, at: Instant): string {
    const target = `${tenant} ${model}`;
    const change = { actor, action: "budget.set.refused", target, reason: why, before: null, after: formatUsd(limitNano) };
    this.#parts.audit.append(change, at);
    return `${target}: ${why}`;
  }

  /** Of the budget that is there, or one that is free: as the API names them. */
  #idOf({ budgetId, selector }: Wish): string {
    const { sheet } = this.#parts;
    if (budgetId !== undefined) return budgetId;
    const plain = selectorKey(selector);
    const holder = sheet.budget(plain);
    return !holder || isMonthlyAt(holder, selector) ? plain : `${plain},window=month`;
  }
}

/** The triggers refuse all that SQL can see; letters of all scripts and zones of the calendar are known here. */
function unfitWords({ tenant, model, zone }: Wish): string | undefined {
  if (!isScopeValue(tenant)) return "that is no tenant id";
  if (model !== EVERY_MODEL && !isScopeValue(model)) return "that is no model";
  return isTimeZone(zone) ? undefined : `there is no time zone ${zone}`;
}

function wishOfRow(row: SqlRow): Wish {
  const [tenant, model] = [String(row.tenant_id), String(row.model)];
  return {
    id: Number(row.id),
    at: Number(row.at),
    actor: `sql:${row.role}`,
    kind: String(row.kind) as Wish["kind"],
    tenant,
    model,
    selector: model === EVERY_MODEL ? { tenant } : { tenant, model },
    budgetId: row.budget_id === null ? undefined : String(row.budget_id),
    limitNano: (row.limit_nano as Nano | null) ?? 0n,
    zone: String(row.zone ?? "UTC"),
    creditNano: (row.credit_nano as Nano | null) ?? 0n,
    creditedBeforeNano: (row.credited_before as Nano | null) ?? 0n,
    inputTokens: (row.input_tokens as bigint | null) ?? 0n,
    outputTokens: (row.output_tokens as bigint | null) ?? 0n,
  };
}

function least<Amount extends bigint | number>(a: Amount, b: Amount): Amount {
  return a < b ? a : b;
}
