import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { buildApi } from "../../src/api/api-server.ts";
import { NO_CONTROLS } from "../../src/api/api-test-kit.ts";
import { priceLookup } from "../../src/api/show-prices.ts";
import type { Budget } from "../../src/core/ledger/budget.ts";
import { usd } from "../../src/core/money/usd.ts";
import { type Scope, type ScopeDimension, selectorKey } from "../../src/core/scope/scope.ts";
import { NO_UNIT_COST_SETTINGS } from "../../src/core/unit-cost/unit-cost-settings.ts";
import { BudgetCatalog, type DefaultBudget } from "../../src/data/store/budget-catalog.ts";
import { LeaseDesk } from "../../src/data/store/lease-desk.ts";
import { LeverBoard } from "../../src/data/store/lever-board.ts";
import { openSqliteLedgerStore } from "../../src/data/store/sqlite-ledger-store.ts";
import { type KitOptions, openGatewayKit } from "../../src/gateway/gateway-test-kit.ts";
import type { Ending, LedgerStore } from "../../src/ports/ledger-store.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";

const LIMITS = { window: "month", zone: "UTC", hard: true, onShort: "deny", thresholds: [50, 80, 100], warnPercent: 80 } as const;
const TOKEN = "test-admin";

export interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly ballast: Readonly<Record<string, string>> };
}

interface CallInit {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly signal?: AbortSignal;
}

/** A gateway over the real store and the simulated provider, and the API over the same ledger. */
export async function openFailureKit(options: KitOptions = {}, scope: Scope = { tenant: "acme" }, mayName: ScopeDimension[] = []) {
  const kit = await openGatewayKit(options);
  const { secret } = await kit.key(scope, { mayName });
  const now = () => Date.now();
  let asked = 0;
  const api = buildApi({
    store: kit.store,
    budgets: kit.catalog,
    keys: kit.keys,
    desk: kit.desk,
    levers: new LeverBoard(),
    prices: priceLookup(kit.gateway.prices, ["openai", "anthropic"]),
    knowledge: { parts: [], sinceMs: 0, priceLists: new Map() },
    ignoredUsageKeys: new Set(),
    routesOf: () => [],
    warehouse: undefined,
    wantsWarehouse: false,
    metrics: new Metrics({ version: "test", now }),
    now,
    adminToken: TOKEN,
    openReads: true,
    defaultBudget: { ...LIMITS, limitNano: usd(options.limitUsd ?? "1000") },
    budgetsInFile: new Set(),
    tiers: new Map(),
    alertChannels: [],
    statuses: undefined,
    controls: NO_CONTROLS,
    unitCosts: NO_UNIT_COST_SETTINGS,
    newTraceId: () => `asked-${++asked}`,
    log: pino({ level: "silent" }),
    readiness: async () => [],
  });
  return {
    ...kit,
    call(body: string, { path = "/v1/chat/completions", headers = {}, secret: other = secret, signal }: CallInit = {}) {
      const all = { authorization: `Bearer ${other}`, "content-type": "application/json", ...headers };
      return fetch(kit.url + path, { method: "POST", headers: all, body, ...(signal ? { signal } : {}) });
    },
    async refusal(answer: Response) {
      return ((await answer.json()) as Refusal).error;
    },
    async ask(method: "GET" | "POST", url: string, body?: unknown) {
      const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const answer = await api.inject({ method, url, headers, ...(body === undefined ? {} : { payload: text }) });
      // biome-ignore lint/suspicious/noExplicitAny: tests read answers of many shapes.
      const json: any = /json/.test(String(answer.headers["content-type"])) ? JSON.parse(answer.payload) : undefined;
      return { status: answer.statusCode, text: answer.payload, json };
    },
  };
}

export type FailureKit = Awaited<ReturnType<typeof openFailureKit>>;

/** A ledger at an instant of the test's choosing, through as many lives of its process as it takes. */
export class LedgerLives {
  readonly folder = mkdtempSync(join(tmpdir(), "ballast-failures-"));
  at: number;
  store!: LedgerStore;
  catalog!: BudgetCatalog;
  desk!: LeaseDesk;
  #boots = 0;

  constructor(at: string) {
    this.at = Date.parse(at);
  }

  /** @param sameBoot a process that was killed; otherwise the machine went down with it */
  async start(defaultBudget: DefaultBudget | null = null, sameBoot = true): Promise<this> {
    const bootId = sameBoot ? "boot" : `boot-${++this.#boots}`;
    this.store = await openSqliteLedgerStore({ folder: this.folder, bootId, openedAt: this.at }, () => this.at);
    this.catalog = await BudgetCatalog.open(this.store, defaultBudget);
    this.desk = this.another();
    return this;
  }

  /** Another gateway on the same ledger. */
  another(): LeaseDesk {
    const journal = { hold: async () => {}, ending: async () => {}, forget: () => {}, written: async () => {}, renew: () => {} };
    return new LeaseDesk({ store: this.store, catalog: this.catalog, journal, beforeRetry: ({ error }) => Promise.reject(error) });
  }

  async budget(selector: Budget["selector"], limitNano: bigint, more: Partial<Budget> = {}): Promise<Budget> {
    const stamps = { covers: "all", origin: "api", createdAt: this.at, updatedAt: this.at } as const;
    const budget: Budget = { ...LIMITS, ...stamps, id: selectorKey(selector) || "*", selector, limitNano, ...more };
    return await this.catalog.put(budget, {
      actor: "test",
      action: "budget.set",
      target: budget.id,
      reason: "",
      before: null,
      after: null,
    });
  }

  async settle(holdId: string, amountNano: bigint, costNano: bigint, scope: Scope = { tenant: "acme" }): Promise<void> {
    const result = await this.desk.hold(holdId, [scope], amountNano, this.at);
    if (result.outcome !== "held") throw new Error(`${holdId} was refused by ${result.account.id}`);
    await this.desk.end(endingOf(holdId, result.hold.accounts, amountNano, costNano, this.at));
  }

  /** The thread that writes is gone, as with kill -9. */
  async crash(): Promise<void> {
    await this.store.accounts([], this.at);
    await (this.store as unknown as { crash(): Promise<void> }).crash();
  }

  async close(): Promise<void> {
    await this.store.close(false).catch(() => {});
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function endingOf(holdId: string, accounts: readonly string[], heldNano: bigint, amountNano: bigint, at: number): Ending {
  const facts = { inputTokens: 1, outputTokens: 1, at, tenant: "acme", trace: null };
  return { kind: "settle", holdId, accounts, heldNano, amountNano, ...facts };
}

export const DEFAULT_LIMITS = LIMITS;
