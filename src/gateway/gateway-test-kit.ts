import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SimOptions } from "../adapters/providers/sim/sim-options.ts";
import { startSim } from "../adapters/providers/sim/sim-server.ts";
import { readPriceFiles } from "../config/read-price-files.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import { SimilarQuestions } from "../core/answer-reuse/similar-questions.ts";
import { TurnMemory } from "../core/compression/turn-memory.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { usd } from "../core/money/usd.ts";
import { createPriceBook } from "../core/pricing/price-book.ts";
import { heuristicComplexity } from "../core/routing/complexity.ts";
import { ShareControllers } from "../core/routing/share-controller.ts";
import type { RunawayRule } from "../core/runaway/spend-course.ts";
import { type Scope, type ScopeDimension, selectorKey } from "../core/scope/scope.ts";
import { BudgetCatalog, type RunDefaults } from "../data/store/budget-catalog.ts";
import { CallJournal } from "../data/store/call-journal.ts";
import { KeyRing } from "../data/store/key-ring.ts";
import { LeaseDesk, retryWithBackoff } from "../data/store/lease-desk.ts";
import { LeverBoard } from "../data/store/lever-board.ts";
import { openSqliteLedgerStore } from "../data/store/sqlite-ledger-store.ts";
import type { ProviderTarget } from "../ports/provider.ts";
import type { SharedCache } from "../ports/shared-cache.ts";
import { idSource } from "../std/random-id.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { ReuseSettings } from "./answer-reuse.ts";
import { BodyInspector } from "./body-inspector.ts";
import type { CallSettings } from "./call-settings.ts";
import { answerBrokenConnections, gatewayDoor } from "./gateway-door.ts";
import type { Gateway } from "./handle-call.ts";
import { AnswerPrewarmer } from "./prewarm-answers.ts";
import { createRouteTable, type NamedRoute } from "./route-table.ts";
import { RunawayGuard } from "./runaway-guard.ts";
import { ProviderConnections } from "./send-attempt.ts";
import { SharedAnswers } from "./shared-answers.ts";
import { UnknownUnits } from "./unknown-units.ts";

export interface KitOptions {
  readonly sim?: SimOptions;
  /** Upstream in place of the sim's. */
  readonly upstreamUrl?: string;
  readonly settings?: Partial<Omit<CallSettings, "routes">>;
  readonly provider?: Partial<ProviderTarget>;
  /** A second provider for routes to fall back to. */
  readonly routes?: readonly NamedRoute[];
  readonly extraProviders?: readonly ProviderTarget[];
  readonly reuse?: Partial<ReuseSettings>;
  /** Shared with other processes. */
  readonly cache?: SharedCache;
  readonly limitUsd?: string;
  readonly budget?: Partial<Budget>;
  readonly runs?: RunDefaults;
  readonly runaway?: RunawayRule;
  readonly maxPages?: number;
  readonly requestTimeoutMs?: number;
  /** Of virtual time; the system's unless said. */
  readonly now?: () => number;
  readonly newId?: () => string;
  readonly answerCacheBytes?: number;
  readonly mostQuestions?: number;
}

/** A gateway over the real store and the sim provider, in a temporary folder, on a free port. */
export async function openGatewayKit(options: KitOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "ballast-gateway-"));
  const sim = await startSim(options.sim);
  const now = options.now ?? Date.now;
  const store = await openSqliteLedgerStore({ folder, bootId: "test", openedAt: now(), maxPages: options.maxPages }, now);
  const limits = { window: "month", zone: "UTC", hard: true, onShort: "deny", thresholds: [50, 80, 100], warnPercent: 80 } as const;
  const catalog = await BudgetCatalog.open(
    store,
    { ...limits, limitNano: usd(options.limitUsd ?? "1000"), ...options.budget },
    options.runs,
  );
  const keys = await KeyRing.open(store, now);
  const log: { level: string; facts: object; words: string }[] = [];
  const logger: Gateway["log"] = {
    warn: (facts, words) => log.push({ level: "warn", facts, words }),
    error: (facts, words) => log.push({ level: "error", facts, words }),
  };
  const journal = new CallJournal(folder, store.epoch);
  const desk = new LeaseDesk({ store, catalog, journal, beforeRetry: retryWithBackoff(logger) });
  const target: ProviderTarget = {
    name: "sim",
    dialects: ["openai", "anthropic"],
    baseUrl: options.upstreamUrl ?? sim.url,
    headers: { authorization: "Bearer upstream-secret", "x-api-key": "upstream-secret", "anthropic-version": "2023-06-01" },
    priceList: "openai",
    maxTokensField: "max_completion_tokens",
    headersTimeoutMs: 5000,
    bodyTimeoutMs: 5000,
    retries: 2,
    ...options.provider,
  };
  const claude = { ...target, name: "sim-anthropic", priceList: "anthropic" };
  const served = [
    { target, models: ["gpt-*", "o*", "text-embedding-*"] },
    { target: claude, models: ["claude-*"] },
    ...(options.extraProviders ?? []).map((extra) => ({ target: extra, models: [] })),
  ];
  const settings: CallSettings = {
    routes: createRouteTable(served, options.routes ?? [], () => [{ id: "gpt-4o-mini", provider: "sim" }]),
    maxBodyBytes: 8_000_000,
    maxAnswerBytes: 16_000_000,
    defaultMaxOutputTokens: 4096,
    ignoredUsageKeys: new Set(),
    unboundedInput: "refuse",
    drainMaxNano: usd("0.5"),
    drainMaxMs: 2000,
    idempotencyTtlMs: 86_400_000,
    idempotencyMaxBytes: 1_000_000,
    unitPrices: [],
    ladders: [],
    complexityOf: heuristicComplexity,
    holdoutShare: 0,
    ...options.settings,
  };
  const inspector = new BodyInspector();
  const levers = new LeverBoard();
  const questions = new SimilarQuestions(options.mostQuestions ?? 1000);
  const prewarm = new AnswerPrewarmer();
  const gateway: Gateway = {
    keys,
    desk,
    store,
    prices: createPriceBook(readPriceFiles()),
    levers,
    settings,
    connections: new ProviderConnections(),
    answers: new SharedAnswers(
      new AnswerCache(options.answerCacheBytes ?? 1_000_000, (owner, answer) => questions.forget(owner, answer)),
      options.cache,
    ),
    questions,
    prewarm,
    reuse: { exactMs: 0, semanticMs: 0, useCases: new Set(), ...options.reuse },
    inspect: (dialect, bytes) => inspector.inspect(dialect, bytes),
    bodies: inspector,
    turnMemory: new TurnMemory(),
    shares: new ShareControllers(),
    pacing: new Map(),
    now,
    steadyNow: () => performance.now(),
    newId: options.newId ?? idSource(store.epoch, now),
    random: Math.random,
    unknownUnits: new UnknownUnits(),
    runaway: new RunawayGuard(options.runaway),
    observe: () => {},
    log: logger,
  };
  const server = createServer(
    { requestTimeout: options.requestTimeoutMs ?? 300_000, connectionsCheckingInterval: 100 },
    gatewayDoor(gateway),
  );
  answerBrokenConnections(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const kit = {
    folder,
    sim,
    store,
    catalog,
    keys,
    desk,
    levers,
    questions,
    prewarm,
    gateway,
    log,
    url: `http://127.0.0.1:${port}`,
    port,
    async key(scope: Scope = { tenant: "acme" }, more: { mayName?: ScopeDimension[]; models?: string[]; expiresAt?: number } = {}) {
      const input = { name: "test", scope, mayName: more.mayName ?? [], models: more.models ?? [], expiresAt: more.expiresAt ?? null };
      return await keys.create(input, "test");
    },
    async budget(selector: Budget["selector"], limitUsd: string, more: Partial<Budget> = {}): Promise<Budget> {
      const stamps = { createdAt: now(), updatedAt: now(), origin: "api", covers: "all" } as const;
      const budget: Budget = { ...limits, ...stamps, id: selectorKey(selector), selector, limitNano: usd(limitUsd), ...more };
      const change = { actor: "test", action: "budget.set", target: budget.id, reason: "", before: null, after: null };
      return await catalog.put(budget, change);
    },
    /** Every trace so far, oldest first. */
    async traces(): Promise<RequestTrace[]> {
      return (await store.readOutbox("request_trace", 100_000)).map((row) => JSON.parse(row.payload) as RequestTrace);
    },
    /** Waits until the calls begun so far have ended, whatever became of their callers. */
    async settled(traces: number): Promise<RequestTrace[]> {
      for (let turn = 0; turn < 400; turn++) {
        const all = await kit.traces();
        if (all.length >= traces && desk.openHolds() === 0) return all;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`waited in vain for ${traces} traces; ${(await kit.traces()).length} came, ${desk.openHolds()} holds are open`);
    },
    async account(budgetId = "tenant=acme") {
      const [status] = await desk.status([budgetId], now());
      return status!;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway.connections.close();
      await inspector.close();
      await store.close();
      await sim.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return kit;
}

export type GatewayKit = Awaited<ReturnType<typeof openGatewayKit>>;

/** A chat request for the sim: `directive` steers its answer. */
export function chatBody(directive: Record<string, unknown> = {}, more: Record<string, unknown> = {}): string {
  const content = `How are you today? [[sim ${JSON.stringify(directive)}]]`;
  return JSON.stringify({ model: "gpt-4o-mini", max_tokens: 200, messages: [{ role: "user", content }], ...more });
}
