import { MOST_IMPORTED } from "../contract/budget-operations-contract.ts";
import { covers, MOST_TEMPLATE_LENGTH, onShort, onStoreDown } from "../contract/budgets-contract.ts";
import { MOST_LIMIT_NANO } from "../contract/most-amounts.ts";
import { Problem } from "../contract/problem.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { isScopeValue, type ScopeSelector, selectorKey } from "../core/scope/scope.ts";
import { isTimeZone, WINDOW_KINDS, type WindowKind } from "../core/time/window.ts";
import { nearestWord } from "../std/nearest-word.ts";
import { readAmount } from "./amount.ts";
import type { ApiDeps } from "./api-deps.ts";
import { BUDGET_COLUMNS, type BudgetColumn } from "./budget-cells.ts";
import { type BudgetPlace, type BudgetPlan, type BudgetWish, placeKey, planBudget } from "./budget-change.ts";
import { checkScopeValue, readSelector } from "./call-scope.ts";
import { type FileFinding, type FileReading, type FileRow, refuseWrongFile } from "./row-file.ts";

/**
 * What the rows would change, budget by budget; those that the file does not name stay.
 * @throws Problem import_invalid with everything that is wrong, each with its line and column
 */
export function planImport(
  reading: FileReading<BudgetColumn>,
  reason: string,
  deps: Pick<ApiDeps, "budgets" | "defaultBudget" | "now" | "tiers">,
): BudgetPlan[] {
  const findings = [...reading.findings];
  const planner = new ImportPlanner(reason, deps, findings, reading.findings.length === 0);
  if (reading.rows.length > MOST_IMPORTED) {
    const place = reading.rows[MOST_IMPORTED]!;
    findings.push({
      line: place.line,
      column: place.column,
      field: "",
      message: `an import has at most ${MOST_IMPORTED} budgets; split the file`,
    });
  }
  const plans = reading.rows.slice(0, MOST_IMPORTED).flatMap((row) => planner.plan(row) ?? []);
  refuseWrongFile(findings);
  return plans;
}

interface RowValues extends BudgetWish {
  readonly id?: string;
  readonly selector?: ScopeSelector;
  readonly window?: WindowKind;
}

class ImportPlanner {
  readonly #reason: string;
  readonly #deps: Pick<ApiDeps, "budgets" | "defaultBudget" | "now" | "tiers">;
  readonly #findings: FileFinding[];
  readonly #isWhole: boolean;
  readonly #byPlace: ReadonlyMap<string, Budget>;
  /** Lines in which a place or an id was named before. */
  readonly #seen = new Map<string, number>();

  /** @param isWhole false where something of the file could not be read, so that nothing can be called missing */
  constructor(
    reason: string,
    deps: Pick<ApiDeps, "budgets" | "defaultBudget" | "now" | "tiers">,
    findings: FileFinding[],
    isWhole: boolean,
  ) {
    this.#isWhole = isWhole;
    this.#reason = reason;
    this.#deps = deps;
    this.#findings = findings;
    this.#byPlace = new Map(deps.budgets.all().map((budget) => [placeKey(budget.selector, budget.window), budget]));
  }

  plan(row: FileRow<BudgetColumn>): BudgetPlan | undefined {
    const before = this.#findings.length;
    const values = this.#read(row);
    if (this.#findings.length > before) return undefined;
    const known = values.id === undefined ? undefined : this.#deps.budgets.get(values.id);
    const selector = values.selector ?? known?.selector;
    if (selector === undefined) return this.#isWhole ? this.#report(row, "scope", "is missing") : undefined;
    const window = values.window ?? known?.window ?? "month";
    const budget = known ?? this.#byPlace.get(placeKey(selector, window));
    this.#checkPlace(row, values, selector, window, budget);
    this.#checkOnce(row, `place ${placeKey(selector, window)}`, "scope", "this scope and window");
    if (typeof values.tier === "string" && !this.#deps.tiers.has(values.tier)) {
      const names = [...this.#deps.tiers.keys()];
      const nearest = nearestWord(values.tier, names);
      this.#report(
        row,
        "tier",
        `there is no tier ${JSON.stringify(values.tier)}${nearest === undefined ? `; there are ${names.join(", ")}` : `; did you mean ${nearest}?`}`,
      );
    }
    if (values.id !== undefined) this.#checkOnce(row, `id ${values.id}`, "id", "this id");
    if (this.#findings.length > before) return undefined;
    return this.#planned(row, budget, { selector, window, coversWhenNew: "all", id: values.id }, values);
  }

  /** Only with what the budget has, and what its tier says, is it known whether its on_short has what it needs. */
  #planned(row: FileRow<BudgetColumn>, budget: Budget | undefined, place: BudgetPlace, values: RowValues): BudgetPlan | undefined {
    try {
      return planBudget(budget, place, values, this.#reason, this.#deps);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "invalid_request") throw error;
      const field = String(error.details.field).slice(1) as BudgetColumn;
      return this.#report(row, field, error.message.replace(`/${field} `, "").replace(/\.$/, ""));
    }
  }

  #checkPlace(
    row: FileRow<BudgetColumn>,
    values: RowValues,
    selector: ScopeSelector,
    window: WindowKind,
    budget: Budget | undefined,
  ): void {
    const { id } = values;
    if (budget && id !== undefined && id !== budget.id) {
      this.#report(row, "id", `the budget of this scope and window is called ${JSON.stringify(budget.id)}`);
    } else if (budget && (selectorKey(budget.selector) !== selectorKey(selector) || budget.window !== window)) {
      const has = `${selectorKey(budget.selector) || "*"} for a ${budget.window}`;
      this.#report(
        row,
        selectorKey(budget.selector) === selectorKey(selector) ? "window" : "scope",
        `the budget ${budget.id} is of ${has}; an import moves none`,
      );
    } else if (!budget && values.limitNano === undefined && typeof values.tier !== "string" && this.#isWhole)
      this.#report(row, "limit_usd", "is missing, and this budget is new");
    else if (!budget && id !== undefined && !isNewId(id, selector, window)) {
      this.#report(row, "id", "is no name for a new budget; use letters, digits and . _ : @ / + - and space, or leave it out");
    }
    if (window === "run" && selector.run === undefined) {
      this.#report(row, "window", "can be run only on a budget whose scope names a run");
    }
    if ((values.covers ?? budget?.covers) === "rest" && Object.keys(selector).join() !== "tenant") {
      this.#report(row, "covers", "can be rest only on a budget of a whole tenant");
    }
  }

  #checkOnce(row: FileRow<BudgetColumn>, key: string, field: BudgetColumn, what: string): void {
    const line = this.#seen.get(key);
    if (line === undefined) this.#seen.set(key, row.line);
    else this.#report(row, field, `${what} is there twice, first at line ${line}`);
  }

  #read(row: FileRow<BudgetColumn>): RowValues {
    const values: Record<string, unknown> = {};
    for (const column of BUDGET_COLUMNS) {
      const cell = row.cells.get(column);
      if (cell === undefined) continue;
      const { name, read } = READERS[column];
      try {
        values[name] = read(cell.text);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        this.#report(row, column, error.message.replace(/\.$/, ""));
      }
    }
    return values;
  }

  #report(row: FileRow<BudgetColumn>, field: BudgetColumn, message: string): undefined {
    const { line, column } = row.cells.get(field) ?? row;
    this.#findings.push({ line, column, field, message });
    return undefined;
  }
}

const READERS: Record<BudgetColumn, { readonly name: keyof RowValues; readonly read: (text: string) => unknown }> = {
  id: { name: "id", read: (text) => text },
  scope: { name: "selector", read: readSelector },
  limit_usd: { name: "limitNano", read: (text) => readAmount(text, "The amount", MOST_LIMIT_NANO) },
  window: { name: "window", read: oneOf(WINDOW_KINDS) },
  zone: {
    name: "zone",
    read: (text) => (isTimeZone(text) ? text : refuse(`${JSON.stringify(text)} is not an IANA time zone such as Europe/Berlin`)),
  },
  hard: { name: "hard", read: (text) => oneOf(["true", "false"])(text.toLowerCase()) === "true" },
  on_short: { name: "onShort", read: oneOf(wordsOf(onShort)) },
  fallback_model: { name: "fallbackModel", read: (text) => checkScopeValue(text, "the model") },
  template: {
    name: "template",
    read: (text) => ([...text].length > MOST_TEMPLATE_LENGTH ? refuse(`is longer than ${MOST_TEMPLATE_LENGTH} characters`) : text),
  },
  on_store_down: { name: "onStoreDown", read: oneOf(wordsOf(onStoreDown)) },
  thresholds: { name: "thresholds", read: percentsOf },
  warn_percent: { name: "warnPercent", read: (text) => wholeOf(text, 100) },
  // Looked up with the budget, since tiers are the configuration's.
  tier: { name: "tier", read: (text) => (text === "none" ? null : text) },
  covers: { name: "covers", read: oneOf(wordsOf(covers)) },
};

function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    const nearest = nearestWord(text, words);
    return refuse(`${JSON.stringify(text)} is not one of ${words.join(", ")}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`);
  };
}

function wordsOf(schema: object): readonly string[] {
  return (schema as { enum: readonly string[] }).enum;
}

/** "50 80 100", with spaces, commas or semicolons between them; "none" for none. */
function percentsOf(text: string): number[] {
  if (text === "none") return [];
  const percents = text.split(/[\s,;]+/).map((part) => wholeOf(part, 1000));
  if (percents.length > 20) refuse("there are more than 20");
  if (percents.some((percent, index) => index > 0 && percent <= percents[index - 1]!)) refuse("the percents do not rise");
  return percents;
}

function wholeOf(text: string, most: number): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= most ? value : refuse(`${JSON.stringify(text)} is no whole number from 1 to ${most}`);
}

/** As the configuration takes it, or as it is made from scope and window. */
function isNewId(id: string, selector: ScopeSelector, window: WindowKind): boolean {
  const plain = selectorKey(selector) || "*";
  return isScopeValue(id) || id === `${plain},window=${window}` || (window === "month" && id === plain);
}

function refuse(message: string): never {
  throw new Problem("invalid_request", {}, { message });
}
