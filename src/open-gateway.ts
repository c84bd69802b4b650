import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "./config/config-schema.ts";
import { readPrices } from "./config/read-price-book.ts";
import { SimilarQuestions } from "./core/answer-reuse/similar-questions.ts";
import { TurnMemory } from "./core/compression/turn-memory.ts";
import { createPriceBook } from "./core/pricing/price-book.ts";
import { ShareControllers } from "./core/routing/share-controller.ts";
import { BudgetCatalog } from "./data/store/budget-catalog.ts";
import { CallJournal } from "./data/store/call-journal.ts";
import { KeyRing } from "./data/store/key-ring.ts";
import { LeaseDesk, retryWithBackoff } from "./data/store/lease-desk.ts";
import { LeverBoard } from "./data/store/lever-board.ts";
import { ProcessLife } from "./data/store/process-life.ts";
import { openPostgresLedgerStore, openSqliteLedgerStore } from "./data/store/sqlite-ledger-store.ts";
import { callSettings, defaultBudgetOf, reuseSettings, runawayRuleOf, runBudgetOf, servedProvider } from "./from-config.ts";
import { AnswerCache } from "./gateway/answer-cache.ts";
import { BodyInspector } from "./gateway/body-inspector.ts";
import type { CallRecord, CallResult } from "./gateway/call-record.ts";
import { gatewayDoor } from "./gateway/gateway-door.ts";
import type { Gateway } from "./gateway/handle-call.ts";
import { AnswerPrewarmer } from "./gateway/prewarm-answers.ts";
import { RunawayGuard } from "./gateway/runaway-guard.ts";
import { ProviderConnections } from "./gateway/send-attempt.ts";
import { SharedAnswers } from "./gateway/shared-answers.ts";
import { UnknownUnits } from "./gateway/unknown-units.ts";
import { openCache } from "./open-cache.ts";
import type { LedgerStore } from "./ports/ledger-store.ts";
import { bootId } from "./std/boot-id.ts";
import { idSource } from "./std/random-id.ts";
import { steadyClock, systemClock } from "./std/system-clock.ts";
import type { CallFacts } from "./telemetry/call-tally.ts";

/** Where a gateway process stands among others. */
export interface GatewayPlace {
  /** For the journal of its calls; no two processes have the same. */
  readonly journalFolder: string;
  /** Whether other processes of this machine have the embedded ledger open too. */
  readonly shared: boolean;
  /** For people: host and process id. */
  readonly name: string;
  /** Whether it does, when it is the oldest, what one process does for all. */
  readonly doesJobs: boolean;
  readonly simUrls: ReadonlyMap<string, string>;
}

export interface GatewayParts {
  readonly log: Logger;
  /** What was opened, to be closed in the opposite order. */
  readonly opened: (() => unknown)[];
  /** Told of every call that ended. @param isExceeded whether it cost more than its hold */
  readonly observe: (facts: CallFacts, isExceeded: boolean) => void;
  readonly maxPages?: number | undefined;
}

export type OpenGateway = Awaited<ReturnType<typeof openGateway>>;

/**
 * What takes calls: ledger, budgets, keys, journal, prices and providers, wired. A server has one, and each of its workers.
 * @throws Problem data_dir_in_use, data_corrupt, store_unavailable
 */
export async function openGateway(config: Config, place: GatewayPlace, { log, opened, observe, maxPages }: GatewayParts) {
  const now = systemClock;
  // What takes long is done before the ledger is told that this process lives, since others listen for its heartbeats from then on.
  const { parts: priceParts, sources } = readPrices(config);
  const prices = createPriceBook(sources);
  const providers = config.providers.map((provider) => servedProvider(provider, place.simUrls.get(provider.name)));
  const ledger = await openLedgerStore(config, place, maxPages);
  let openHolds = () => 0;
  // Calls that did not end in time are left to the next start, which finds them in the journal.
  opened.push(() => ledger.close(openHolds() === 0));
  const { store, cache, statuses } = await openCache(config, ledger, log, opened);
  if (store.recovery.deadProcesses > 0)
    log.warn({ recovery: describe(store.recovery) }, "the last process did not end in order; its holds are in doubt");
  const budgets = await BudgetCatalog.open(store, defaultBudgetOf(config), { budget: runBudgetOf(config) });
  const keys = await KeyRing.open(store, now);
  const journal = new CallJournal(place.journalFolder, store.epoch);
  opened.push(() => journal.close());
  const levers = new LeverBoard();
  // What was turned before a restart is still turned: the controls go on from there.
  levers.renew(await store.controls.states());
  const recallWaitMs = config.gateway.recall_wait_ms;
  const desk = new LeaseDesk({ store, catalog: budgets, journal, beforeRetry: retryWithBackoff(log), recallWaitMs });
  const life = new ProcessLife({ store, budgets, keys, desk, levers, log });
  if (store.shared) keys.catchUp = () => life.catchUp();
  openHolds = () => desk.openHolds();
  opened.push(() => desk.giveBackIdle("all", now()));

  const inspector = new BodyInspector();
  opened.push(() => inspector.close());
  const connections = new ProviderConnections();
  opened.push(() => connections.close());
  const settings = callSettings(config, providers, prices);
  const newTraceId = idSource(store.epoch, now);
  const prewarm = new AnswerPrewarmer();
  const questions = new SimilarQuestions(config.answer_cache.most_questions);
  const gateway: Gateway = {
    keys,
    desk,
    store,
    prices,
    levers,
    settings,
    connections,
    answers: new SharedAnswers(
      new AnswerCache(config.gateway.answer_cache_bytes, (owner, answer) => questions.forget(owner, answer)),
      cache.kind === "redis" ? cache : undefined,
    ),
    questions,
    reuse: reuseSettings(config),
    prewarm,
    inspect: (dialect, bytes) => inspector.inspect(dialect, bytes),
    bodies: inspector,
    turnMemory: new TurnMemory(),
    shares: new ShareControllers(),
    pacing: new Map(),
    now,
    steadyNow: steadyClock,
    newId: newTraceId,
    random: Math.random,
    unknownUnits: new UnknownUnits(),
    runaway: new RunawayGuard(runawayRuleOf(config)),
    observe: (record, result, latencyMs) => {
      observe(factsOf(record, result, latencyMs), isExceeded(record, result));
      // A refusal shows in the tenant's status, and is in no ledger.
      if (result.outcome === "refused") statuses?.changed([record.caller!.scope.tenant]);
    },
    log,
  };
  const ledgerParts = { store, cache, statuses, budgets, keys, desk, life, levers };
  return {
    ...ledgerParts,
    prices,
    priceParts,
    providers,
    settings,
    newTraceId,
    door: gatewayDoor(gateway),
    prewarmAnswers: () => prewarm.turn(gateway),
  };
}

/** The ledger of the configuration, opened as this process. */
export function openLedgerStore(config: Config, place: GatewayPlace, maxPages?: number): Promise<LedgerStore> {
  const { ledger } = config.stores;
  const { name, doesJobs, journalFolder } = place;
  const identity = { bootId: bootId(systemClock), openedAt: systemClock(), name, doesJobs, maxPages };
  if (ledger !== "sqlite") {
    const usageDays = config.stores.usage_days;
    return openPostgresLedgerStore({ ...identity, folder: journalFolder, postgresUrl: ledger, usageDays }, systemClock);
  }
  const folder = join(config.data_dir, "ledger");
  return openSqliteLedgerStore({ ...identity, folder, journalFolder: place.shared ? journalFolder : undefined }, systemClock);
}

function isExceeded(record: CallRecord, result: CallResult): boolean {
  return result.bookedNano !== null && result.bookedNano > record.heldNano && result.basis === "measured";
}

function factsOf(record: CallRecord, result: CallResult, latencyMs: number): CallFacts {
  const { scope } = record.caller!;
  return {
    tenant: scope.tenant,
    useCase: scope.use_case ?? "",
    provider: record.provider,
    model: record.model,
    outcome: result.outcome,
    levers: record.levers,
    cache: result.cache,
    refusedBy: result.errorCode || undefined,
    unpricedReason: result.unpriced?.reason,
    reportType: "",
    bookedNano: result.bookedNano ?? 0n,
    inputTokens: result.usage?.inputTokens ?? 0,
    outputTokens: result.usage?.outputTokens ?? 0,
    durationMs: latencyMs,
    overheadMs: Math.max(0, latencyMs - record.upstreamMs),
  };
}

function describe(recovery: LedgerStore["recovery"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(recovery).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]));
}
