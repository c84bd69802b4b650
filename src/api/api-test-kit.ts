import { Writable } from "node:stream";
import type { FastifyInstance, InjectOptions } from "fastify";
import { pino } from "pino";
import { Value } from "typebox/value";
import { problemAnswer } from "../contract/operations-contract.ts";
import { Problem } from "../contract/problem.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import type { BacklogItem } from "../core/backlog/backlog-item.ts";
import type { LeverEvidence } from "../core/backlog/lever-evidence.ts";
import { type Account, accountId, type Budget, limitInForce, openAccount } from "../core/ledger/budget.ts";
import { crossedThresholds } from "../core/ledger/crossed-thresholds.ts";
import { type PostingKind, post } from "../core/ledger/posting.ts";
import { type Nano, parseDecimal, usd } from "../core/money/usd.ts";
import { createPriceBook } from "../core/pricing/price-book.ts";
import { parsePriceRows } from "../core/pricing/price-row.ts";
import { windowAt } from "../core/time/window.ts";
import { NO_UNIT_COST_SETTINGS } from "../core/unit-cost/unit-cost-settings.ts";
import { BudgetCatalog, type DefaultBudget } from "../data/store/budget-catalog.ts";
import { KeyRing } from "../data/store/key-ring.ts";
import { LeverBoard } from "../data/store/lever-board.ts";
import type { BacklogStore } from "../ports/backlog-store.ts";
import type {
  AuditedChange,
  AuditRow,
  FactTopic,
  Hold,
  LedgerStore,
  TrackAnswer,
  TrackRequest,
  VirtualKey,
} from "../ports/ledger-store.ts";
import type { ModelCostRow, PoolShares, UsageFactRow } from "../ports/unit-cost-questions.ts";
import type {
  CallsQuestion,
  CostsQuestion,
  CostsRow,
  LeverCostRow,
  LeverQuestion,
  OrderedCall,
  SavingCellRow,
  SavingsQuestion,
  TracesQuestion,
  Warehouse,
} from "../ports/warehouse.ts";
import { Metrics } from "../telemetry/metrics.ts";
import type { ApiParts, PriceLookup } from "./api-deps.ts";
import { buildApi } from "./api-server.ts";
import { ROUTES } from "./route-list.ts";
import { tellingStore } from "./telling-store.ts";

/** For tests only: an API over stand-ins that keep everything in memory. The rules in them are those of core. */

export const ADMIN_TOKEN = "test-admin-token";
export const NOON = Date.parse("2025-11-15T12:00:00Z");

/** The parts of the store that the API uses; the others fail loudly. */
export class MemoryStore {
  readonly budgetRows = new Map<string, Budget>();
  readonly accountRows = new Map<string, Account>();
  readonly keyRows = new Map<string, VirtualKey>();
  readonly auditRows: AuditRow[] = [];
  readonly crossingRows: { account: string; percent: number; at: number }[] = [];
  readonly outbox: { seq: number; payload: string }[] = [];
  readonly facts: string[] = [];
  readonly ratings: string[] = [];
  readonly doubts = new Map<string, Hold>();
  readonly tracked = new Map<string, string>();
  readonly booked = new Map<string, { bookedNano: Nano; traces: number }>();
  parked = 0;
  readonly backlogRows = new Map<string, BacklogItem>();
  readonly backlog: BacklogStore = {
    list: async () => [...this.backlogRows.values()],
    put: async (changes) =>
      changes.map(({ item, change }) => {
        this.backlogRows.set(item.id, item);
        this.#audit(change);
        return item;
      }),
  };
  readonly alerts = { counts: async () => ({ waiting: 0, dead: 0 }) };
  findings: string[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async budgets() {
    return [...this.budgetRows.values()];
  }

  async budgetsNamed(ids: readonly string[]) {
    return ids.flatMap((id) => this.budgetRows.get(id) ?? []);
  }

  async putBudget(budget: Budget, change: AuditedChange) {
    const before = this.budgetRows.get(budget.id);
    this.budgetRows.set(budget.id, budget);
    if (before && before.limitNano !== budget.limitNano) {
      for (const account of this.accountRows.values()) {
        if (account.budgetId === budget.id) this.change(account.id, "set_limit", limitInForce(budget));
      }
    }
    this.#audit(change);
    return budget;
  }

  async putBudgets(changes: readonly { budget: Budget; change: AuditedChange }[]) {
    return Promise.all(changes.map(({ budget, change }) => this.putBudget(budget, change)));
  }

  async raises() {
    return [];
  }

  async accounts(ids: readonly string[], at: number) {
    return ids.flatMap((id) => {
      const budget = this.budgetRows.get(id);
      return budget ? [this.open(budget, at)] : [];
    });
  }

  open(budget: Budget, at: number): Account {
    const window = windowAt(budget.window, budget.zone, at);
    return this.accountRows.get(accountId(budget.id, window)) ?? openAccount(budget, window);
  }

  async crossings(accounts: readonly string[]) {
    return this.crossingRows.filter(({ account }) => accounts.includes(account));
  }

  async track(request: TrackRequest): Promise<TrackAnswer> {
    const key = `${request.tenant} ${request.requestId}`;
    const seen = this.tracked.get(key);
    if (seen !== undefined && seen !== request.fingerprint) return { outcome: "conflict" };
    const created = request.create.filter(({ id }) => !this.budgetRows.has(id));
    for (const budget of created) this.budgetRows.set(budget.id, budget);
    const accounts = request.wants.map(({ budgetId, window }) => {
      const id = accountId(budgetId, window);
      if (!this.accountRows.has(id)) this.accountRows.set(id, openAccount(this.budgetRows.get(budgetId)!, window));
      return id;
    });
    if (seen === undefined) {
      this.tracked.set(key, request.fingerprint);
      for (const id of accounts) this.change(id, "track", request.amountNano, request);
      this.outbox.push({ seq: this.outbox.length + 1, payload: request.trace });
      const sum = this.booked.get(request.tenant) ?? { bookedNano: 0n, traces: 0 };
      this.booked.set(request.tenant, { bookedNano: sum.bookedNano + request.amountNano, traces: sum.traces + 1 });
    }
    return { outcome: seen === undefined ? "booked" : "repeated", accounts: accounts.map((id) => this.accountRows.get(id)!), created };
  }

  /** Posts to one account, opening nothing. */
  change(id: string, kind: PostingKind, amountNano: Nano, tokens = { inputTokens: 0, outputTokens: 0 }): void {
    const before = this.accountRows.get(id)!;
    const after = post(before, { kind, amountNano, heldNano: kind === "doubt" ? amountNano : 0n, ...tokens });
    this.accountRows.set(id, after);
    const { thresholds } = this.budgetRows.get(after.budgetId)!;
    for (const percent of crossedThresholds({ before: before.spentNano, after: after.spentNano, limit: after.limitNano, thresholds })) {
      this.crossingRows.push({ account: id, percent, at: this.#now() });
    }
  }

  async holdsInDoubt(limit: number) {
    return [...this.doubts.values()].slice(0, limit);
  }

  async resolveDoubt(request: { holdId: string; amountNano: Nano; at: number; actor: string; reason: string }) {
    const hold = this.doubts.get(request.holdId);
    if (!hold) throw new Problem("hold_not_found", { hold: request.holdId });
    this.doubts.delete(request.holdId);
    const { actor, reason } = request;
    this.#audit({ actor, action: "hold.resolve", target: hold.holdId, reason, before: "1", after: "0.5" });
    return hold;
  }

  async keys() {
    return [...this.keyRows.values()];
  }

  async putKey(key: VirtualKey, change: AuditedChange) {
    this.keyRows.set(key.id, key);
    this.#audit(change);
    return key;
  }

  async audit(limit: number) {
    return this.auditRows.toReversed().slice(0, limit);
  }

  async appendAudit(change: AuditedChange) {
    this.#audit(change);
  }

  #audit(change: AuditedChange): void {
    this.auditRows.push({ ...change, seq: this.auditRows.length + 1, at: this.#now() });
  }

  async keepFacts(facts: readonly string[], topic: FactTopic = "fact_usage") {
    (topic === "rating" ? this.ratings : this.facts).push(...facts);
  }

  async readOutbox(_topic: string, limit: number) {
    return this.outbox.slice(0, limit);
  }

  async outboxDepth() {
    return { waiting: this.outbox.length, parked: this.parked };
  }

  async bookedPerTenant() {
    return Array.from(this.booked, ([tenant, sum]) => ({ tenant, ...sum }));
  }

  async verify() {
    return {
      entries: this.tracked.size,
      accounts: this.accountRows.size,
      auditRows: this.auditRows.length,
      outboxWaiting: this.outbox.length,
      outboxParked: this.parked,
      inDoubtHolds: this.doubts.size,
      findings: this.findings,
    };
  }
}

/** Answers what a test puts into it. */
export class MemoryWarehouse implements Warehouse {
  rows: RequestTrace[] = [];
  costRows: CostsRow[] = [];
  modelCostRows: ModelCostRow[] = [];
  usageFactRows: UsageFactRow[] = [];
  asked: (CostsQuestion | TracesQuestion)[] = [];
  down = false;

  async insertTraces(traces: readonly string[]) {
    for (const text of traces) this.rows.unshift(JSON.parse(text));
    return { accepted: traces.length, rejected: [] };
  }

  async insertTraceFile() {
    return true;
  }

  async insertFacts(facts: readonly string[]) {
    return { accepted: facts.length, rejected: [] };
  }

  async insertFactFile() {
    return true;
  }

  async insertRatings(ratings: readonly string[]) {
    return { accepted: ratings.length, rejected: [] };
  }

  async insertRatingFile() {
    return true;
  }

  async ratings() {
    this.#answer();
    return [];
  }

  async unitCosts() {
    this.#answer();
    return this.modelCostRows;
  }

  async usageFacts() {
    this.#answer();
    return this.usageFactRows;
  }

  async runLives() {
    this.#answer();
    return [];
  }

  async controlSignals() {
    this.#answer();
    return [];
  }

  async groundedness() {
    this.#answer();
    return [];
  }

  async hourlySpends() {
    this.#answer();
    return [];
  }

  async poolShares(): Promise<PoolShares> {
    this.#answer();
    return { sharedAtto: null, rows: [] };
  }

  async costs(question: CostsQuestion) {
    this.#answer(question);
    return this.costRows;
  }

  async traces(question: TracesQuestion) {
    this.#answer(question);
    return this.rows.slice(0, question.limit);
  }

  async callsInOrder({ from, to, after, limit }: CallsQuestion): Promise<OrderedCall[]> {
    this.#answer();
    const calls = this.rows.map(({ ts, trace_id: traceId, tenant, outcome, held_usd: held, unit_cost_usd: cost }) => {
      const costNano = cost === null ? null : parseDecimal(cost, 9)!;
      return { at: Date.parse(ts), traceId, tenant, outcome, heldNano: parseDecimal(held, 9)!, costNano };
    });
    const isAfter = ({ at, traceId }: OrderedCall) => !after || at > after.at || (at === after.at && traceId > after.traceId);
    const asked = calls.filter((call) => call.at >= from.getTime() && call.at < to.getTime() && isAfter(call));
    return asked.sort((a, b) => a.at - b.at || (a.traceId < b.traceId ? -1 : 1)).slice(0, limit);
  }

  evidence: LeverEvidence = { rows: [], genTokensP95: null };
  evidenceAsked: LeverQuestion[] = [];

  async leverEvidence(question: LeverQuestion) {
    this.#answer();
    this.evidenceAsked.push(question);
    return this.evidence;
  }

  savingCellRows: SavingCellRow[] = [];
  leverCostRows: LeverCostRow[] = [];

  async savingCells({ useCase }: SavingsQuestion) {
    this.#answer();
    return this.savingCellRows.filter((row) => useCase === undefined || row.useCase === useCase);
  }

  async leverCosts({ useCase }: SavingsQuestion) {
    this.#answer();
    return this.leverCostRows.filter((row) => useCase === undefined || row.served === useCase);
  }

  async bookedPerTenant() {
    this.#answer();
    const sums = new Map<string, { tenant: string; traces: number; bookedNano: bigint }>();
    for (const { tenant, unit_cost_usd: cost } of this.rows) {
      const sum = sums.get(tenant) ?? { tenant, traces: 0, bookedNano: 0n };
      sums.set(tenant, { tenant, traces: sum.traces + 1, bookedNano: sum.bookedNano + (parseDecimal(cost ?? "0", 9) ?? 0n) });
    }
    return [...sums.values()];
  }

  async query() {
    return [];
  }

  /** What is asked of these is tested with the real engine. */
  get facts(): never {
    throw new Problem("warehouse_unavailable");
  }

  async ping() {
    this.#answer();
  }

  async close() {}

  #answer(question?: CostsQuestion | TracesQuestion): void {
    if (this.down) throw new Problem("warehouse_unavailable");
    if (question) this.asked.push(question);
  }
}

/** $3 and $15 per million tokens, for "sonnet" only. */
const PRICES: PriceLookup = {
  costOf({ model }, { inputTokens, outputTokens }) {
    if (model.toLowerCase() !== "sonnet") return { outcome: "unpriced" };
    const [input, output] = [inputTokens * 3, outputTokens * 15];
    return {
      outcome: "priced",
      provider: "anthropic",
      model: "sonnet",
      bookedNano: BigInt(input + output) * 1000n,
      inputUsd: (input / 1e6).toFixed(6),
      outputUsd: (output / 1e6).toFixed(6),
      priceId: "list/sonnet@start",
    };
  },
  find: (provider, model) =>
    createPriceBook({
      lists: [],
      overrides: parsePriceRows([{ provider: "anthropic", model: "sonnet", input_mtok: 3, output_mtok: 15 }], "test"),
    }).find(provider, model, 0),
  tokenPrices: (provider, model) =>
    provider === "anthropic" && model === "sonnet" ? { inputUsdMtok: "3", outputUsdMtok: "15" } : undefined,
  show(provider, model) {
    if ((provider ?? "anthropic") !== "anthropic" || (model ?? "sonnet") !== "sonnet") return [];
    const rate = { per: "million_tokens", above_input_tokens: null };
    const rates = [
      { component: "input", usd: "3", ...rate },
      { component: "output", usd: "15", ...rate },
    ];
    return [
      {
        price_id: "list/sonnet@start",
        provider: "anthropic",
        model: "sonnet",
        source: "test",
        valid_from: null,
        valid_to: null,
        known_at: null,
        currency: "USD",
        terms: [],
        rates,
      },
    ];
  },
};

export const DEFAULT_BUDGET: DefaultBudget = {
  limitNano: usd("1000"),
  window: "month",
  zone: "UTC",
  hard: true,
  onShort: "deny",
  thresholds: [50, 80, 100],
  warnPercent: 80,
};

export interface TestApi {
  readonly app: FastifyInstance;
  readonly store: MemoryStore;
  readonly warehouse: MemoryWarehouse;
  readonly budgets: BudgetCatalog;
  readonly metrics: Metrics;
  /** Held by calls under way, per budget id. */
  readonly held: Map<string, Nano>;
  readonly logged: string[];
  /** Sends a request and checks the answer against the schema its route declares. */
  ask(
    method: "GET" | "POST",
    url: string,
    options?: { body?: unknown; token?: string | null } & Omit<InjectOptions, "body">,
  ): Promise<Asked>;
}

interface Asked {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of many shapes, each checked against its schema before.
  readonly body: any;
  readonly text: string;
}

/** A server without policies. */
export const NO_CONTROLS: ApiParts["controls"] = {
  subjects: new Map(),
  budgetIds: new Map(),
  look: async () => ({
    ...{ at: NOON, facts: new Map(), held: new Map(), inDoubtNano: new Map(), withoutSignals: undefined },
    stored: { controls: [], approvals: [], switch: { revision: 0, stopped: null } },
  }),
  turnSwitch: async () => false,
  wake: () => {},
  counts: { ticks: 0, failedTicks: 0, changes: 0, reverts: {}, held: {} },
  turned: () => [],
};

export async function testApi(changes: Partial<ApiParts> & { at?: number } = {}): Promise<TestApi> {
  const { at = NOON, ...given } = changes;
  const now = () => at;
  const store = new MemoryStore(now);
  const own = store as unknown as LedgerStore;
  const ledger = given.statuses ? tellingStore(own, given.statuses) : own;
  const warehouse = new MemoryWarehouse();
  const defaultBudget = given.defaultBudget === undefined ? DEFAULT_BUDGET : given.defaultBudget;
  const budgets = await BudgetCatalog.open(ledger, defaultBudget);
  const held = new Map<string, Nano>();
  const logged: string[] = [];
  const metrics = new Metrics({ version: "0.0.0-test", now });
  let ids = 0;
  const sink = new Writable({
    write(chunk, _, done) {
      logged.push(String(chunk));
      done();
    },
  });
  const deps: ApiParts = {
    store: ledger,
    knowledge: { parts: [], sinceMs: 0, priceLists: new Map() },
    budgets,
    keys: await KeyRing.open(ledger, now),
    desk: {
      status: async (budgetIds, when) =>
        (await store.accounts(budgetIds, when)).map((account) => {
          const heldNano = held.get(account.budgetId) ?? 0n;
          const freeNano = account.limitNano - account.spentNano - account.inDoubtNano - heldNano;
          return { ...account, heldNano, idleNano: 0n, elsewhereNano: 0n, freeNano, hasRefused: false };
        }),
    },
    levers: new LeverBoard(),
    prices: PRICES,
    ignoredUsageKeys: new Set(["usage.dance_steps"]),
    routesOf: () => [],
    warehouse,
    wantsWarehouse: true,
    metrics,
    now,
    adminToken: ADMIN_TOKEN,
    openReads: true,
    tiers: new Map([["starter", { limitNano: usd("500"), warnPercent: 70 }]]),
    budgetsInFile: new Set(),
    alertChannels: [],
    statuses: undefined,
    controls: NO_CONTROLS,
    unitCosts: NO_UNIT_COST_SETTINGS,
    newTraceId: () => `trace-${++ids}`,
    log: pino({ level: "trace" }, sink),
    readiness: async () => [{ name: "store", ok: true, detail: "writable" }],
    ...given,
    defaultBudget,
  };
  const app = buildApi(deps);
  const ask: TestApi["ask"] = async (method, url, { body, token = ADMIN_TOKEN, headers, ...rest } = {}) => {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const payload = body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) };
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await app.inject({ method, url, ...rest, ...payload, headers: { ...type, ...authorization, ...headers } });
    const json = /json/.test(String(answer.headers["content-type"])) ? JSON.parse(answer.payload) : undefined;
    checkShape(method, url, answer.statusCode, String(answer.headers["content-type"]), json);
    return { status: answer.statusCode, headers: answer.headers, body: json, text: answer.payload };
  };
  return { app, store, warehouse, budgets, metrics, held, logged, ask };
}

/** Every answer in every test: the declared schema, or the problem's. */
function checkShape(method: string, url: string, status: number, type: string, json: unknown): void {
  const path = url.split("?")[0]!;
  const matches = ({ path: pattern }: { path: string }) => new RegExp(`^${pattern.replaceAll(/:\w+/g, "[^/]+")}$`).test(path);
  const candidates = ROUTES.filter((route) => route.method === method && matches(route));
  const route = candidates.find((candidate) => candidate.path === path) ?? candidates[0];
  const shape = route?.answers[status];
  const schema = type.startsWith("application/problem+json") ? problemAnswer : shape?.schema;
  if (!shape && schema !== problemAnswer && status !== 401) throw new Error(`${method} ${path} declares no answer ${status}`);
  // Text such as CSV has no shape to check.
  if (!schema || json === undefined) return;
  const errors = [...Value.Errors(schema, json)];
  if (errors.length > 0) throw new Error(`${method} ${path} ${status}: ${JSON.stringify(errors)} in ${JSON.stringify(json)}`);
}
