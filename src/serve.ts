import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import type { ReadyCheck } from "./api/api-deps.ts";
import { buildApi } from "./api/api-server.ts";
import { priceLookup } from "./api/show-prices.ts";
import type { Config } from "./config/config-schema.ts";
import { isLoopback } from "./config/read-config.ts";
import { readControlPolicies } from "./config/read-control-policies.ts";
import { unitCostSettings } from "./config/read-unit-costs.ts";
import { Problem } from "./contract/problem.ts";
import { Controls } from "./controller/controls.ts";
import { applyPolicyBudgets } from "./controller/policy-budgets.ts";
import { subjectControls } from "./core/policy/subject-control.ts";
import type { PriceBook } from "./core/pricing/price-book.ts";
import type { BudgetCatalog } from "./data/store/budget-catalog.ts";
import type { KeyRing } from "./data/store/key-ring.ts";
import type { LeaseDesk } from "./data/store/lease-desk.ts";
import { openChdbWarehouse } from "./data/warehouse/chdb-warehouse.ts";
import { openClickhouseWarehouse } from "./data/warehouse/clickhouse-warehouse.ts";
import { applyBudgets, channelSettings, defaultBudgetOf, notifySettings, placesOf, tiersOf } from "./from-config.ts";
import { answerBrokenConnections, isGatewayPath } from "./gateway/gateway-door.ts";
import { GatewayWorkers, recoverFormerWorkers } from "./gateway-workers.ts";
import { startJobs } from "./jobs.ts";
import { farewell, listen, namesThisMachine, refuseHost, serverTimes, tryAddress } from "./listen.ts";
import { openChannels } from "./notify/channel-list.ts";
import { openGateway } from "./open-gateway.ts";
import type { LedgerStore } from "./ports/ledger-store.ts";
import type { SharedCache } from "./ports/shared-cache.ts";
import type { Warehouse } from "./ports/warehouse.ts";
import { startSims } from "./start-sim.ts";
import { packageRoot } from "./std/package-root.ts";
import { systemClock } from "./std/system-clock.ts";
import type { CallFacts } from "./telemetry/call-tally.ts";
import { createLogger } from "./telemetry/logger.ts";
import { Metrics } from "./telemetry/metrics.ts";

export interface RunningBallast {
  readonly url: string;
  readonly adminToken: string;
  readonly store: LedgerStore;
  readonly keys: KeyRing;
  readonly budgets: BudgetCatalog;
  readonly desk: LeaseDesk;
  readonly warehouse: Warehouse | undefined;
  readonly prices: PriceBook;
  readonly log: Logger;
  /** Calls under way, those of workers too. */
  openCalls(): number;
  /** Stops taking calls, lets those under way end, and leaves the folder in order. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly log?: Logger;
  /** Where the log goes when none is given; standard output unless said otherwise. */
  readonly logTo?: "stdout" | "stderr";
  /** Bounds the ledger's file, so that tests can fill it as a full disk would. */
  readonly maxPages?: number;
}

/**
 * Opens, wires and starts everything. What was opened is closed again when a later step fails.
 * @throws Problem data_dir_in_use, data_corrupt, address_in_use, store_unavailable
 */
export async function startBallast(config: Config, options: StartOptions = {}): Promise<RunningBallast> {
  const destination = options.logTo === "stderr" ? { destination: process.stderr } : {};
  const log = options.log ?? createLogger({ level: config.telemetry.log_level, ...destination });
  const opened: (() => unknown)[] = [];
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return await start(config, options, log, opened, closeAll);
  } catch (error) {
    await closeAll().catch((cause: unknown) => log.error({ err: cause }, "not everything could be closed"));
    if (!(error instanceof Problem) || error.code !== "data_dir_in_use") throw error;
    const message = `Another process has the data folder ${config.data_dir} open.`;
    throw new Problem("data_dir_in_use", { ...error.details, data_dir: config.data_dir }, { cause: error, message });
  }
}

async function start(
  config: Config,
  options: StartOptions,
  log: Logger,
  opened: (() => unknown)[],
  closeAll: () => Promise<void>,
): Promise<RunningBallast> {
  const now = systemClock;
  // Before anything is made: who starts a second server by mistake finds no empty data folder afterwards.
  await tryAddress(config.listen);
  const ledgerFolder = join(config.data_dir, "ledger");
  const { workers } = config.gateway;
  await recoverFormerWorkers(config, ledgerFolder, workers);
  // A wrong policy is told before anything is opened; one of controls that are off too.
  const named = readControlPolicies(config);
  const simUrls = await startSims(config, opened);
  const metrics = new Metrics({ version: packageVersion(), now });
  const place = { journalFolder: ledgerFolder, shared: workers > 1, name: `${hostname()}:${process.pid}`, doesJobs: true, simUrls };
  let controls: Controls | undefined;
  const observe = (facts: CallFacts, isExceeded: boolean) => {
    observeCall(metrics, facts, isExceeded);
    controls?.observe(facts);
  };
  const ledger = await openGateway(config, place, { log, opened, observe, maxPages: options.maxPages });
  const { store, cache, statuses, budgets, keys, desk, life, levers, prices, priceParts, providers, settings, door, newTraceId } = ledger;
  const changedSince = await applyBudgets(config, budgets, now());
  if (changedSince.length > 0)
    log.info({ budgets: changedSince }, "budgets that were changed since the configuration file was last applied stand as they are");
  const defaultBudget = defaultBudgetOf(config);
  const warehouse = await openWarehouse(config, log);
  if (warehouse) opened.push(() => warehouse.close());
  const subjects = subjectControls(config.controls.enabled ? named : []);
  const budgetIds = await applyPolicyBudgets(subjects, budgets, now());
  controls = new Controls({ store, warehouse, board: ledger.levers, controls: subjects, budgetIds, now, log });
  const adminToken = adminTokenOf(config);
  const onLoopback = isLoopback(config.listen.host);
  const openReads = config.api.open_reads === "auto" ? onLoopback : config.api.open_reads;
  const channels = openChannels(config.notify.channels.map(channelSettings), log);
  const priceLists = new Map(providers.map(({ target }) => [target.name, target.priceList]));
  const knowledge = { parts: priceParts, sinceMs: now(), priceLists };
  const lists = [...new Set([...providers.map((provider) => provider.target.priceList), "openai", "anthropic"])];
  let server!: Server;
  const api = buildApi(
    {
      store,
      budgets,
      keys,
      desk,
      levers,
      prices: priceLookup(prices, lists),
      knowledge,
      ignoredUsageKeys: settings.ignoredUsageKeys,
      routesOf: (model) => placesOf(model, settings.routes),
      warehouse,
      wantsWarehouse: config.stores.warehouse !== "none",
      metrics,
      now,
      adminToken,
      openReads,
      defaultBudget,
      tiers: tiersOf(config),
      budgetsInFile: new Set(config.budgets.map(({ id }) => id)),
      alertChannels: channels.map(({ name, kind }) => ({ name, kind })),
      statuses,
      controls,
      unitCosts: unitCostSettings(config),
      newTraceId,
      log,
      readiness: () => readiness({ store, desk, warehouse, cache }, config),
    },
    {
      serverFactory(handler) {
        server = createServer(serverTimes(config), (request, response) => {
          if (isGatewayPath(request.url ?? "/")) {
            metrics.enter();
            response.once("close", () => metrics.leave());
            door(request, response);
          } else if (onLoopback && !namesThisMachine(request)) refuseHost(request, response);
          else handler(request, response);
        });
        answerBrokenConnections(server);
        return server;
      },
    },
  );
  const spool = join(resolve(ledgerFolder), "outbox.spool");
  const notify = { channels, ...notifySettings(config) };
  const stopJobs = startJobs({ store, warehouse, desk, life, budgets, controls, spool, knowledge, now, random: Math.random, log, notify });
  opened.push(stopJobs);
  await api.ready();
  // With workers this process has the API, the warehouse and the jobs, and they have the address.
  await listen(server, workers > 1 ? { host: "127.0.0.1", port: 0 } : config.listen);
  opened.push(() => farewell(server, desk));
  let { port } = server.address() as AddressInfo;
  let callsElsewhere = () => 0;
  if (workers > 1) {
    const pool = new GatewayWorkers({
      config,
      simUrls,
      apiPort: port,
      log,
      observe,
      inFlight: (calls) => metrics.setInFlightElsewhere(calls),
    });
    opened.push(() => pool.close());
    port = await pool.start(workers);
    callsElsewhere = () => pool.inFlight();
  }
  const host = config.listen.host.includes(":") ? `[${config.listen.host}]` : config.listen.host;
  const url = `http://${host}:${port}`;
  log.info(
    {
      url,
      data_dir: config.data_dir,
      providers: providers.map(({ target }) => target.name),
      workers,
      warehouse: !warehouse ? "none" : config.stores.warehouse === "chdb" ? "chdb" : "clickhouse",
    },
    "ballast serves",
  );
  const openCalls = () => desk.openHolds() + callsElsewhere();
  return { url, adminToken, store, keys, budgets, desk, warehouse, prices, log, openCalls, close: closeAll };
}

/** Without the warehouse calls and budgets go on; their traces wait in the outbox. */
async function openWarehouse(config: Config, log: Logger): Promise<Warehouse | undefined> {
  const where = config.stores.warehouse;
  if (where === "none") return undefined;
  try {
    if (where === "chdb") return await openChdbWarehouse({ dir: join(config.data_dir, "warehouse"), log });
    return await openClickhouseWarehouse({ url: where });
  } catch (error) {
    if (error instanceof Problem && error.code === "data_dir_in_use") throw error;
    const problem = error instanceof Problem ? error : new Problem("warehouse_unavailable", {}, { cause: error });
    log.warn(
      { code: problem.code, said: (error as Error).message, remedy: problem.remedy },
      "there is no warehouse; reports answer nothing until there is",
    );
    return undefined;
  }
}

function adminTokenOf(config: Config): string {
  if (config.admin_token !== undefined) return config.admin_token;
  const file = join(config.data_dir, "admin-token");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  mkdirSync(config.data_dir, { recursive: true });
  const token = `ballast-admin-${randomBytes(24).toString("base64url")}`;
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return token;
}

interface ReadyParts {
  readonly store: LedgerStore;
  readonly desk: LeaseDesk;
  readonly warehouse: Warehouse | undefined;
  readonly cache: SharedCache;
}

async function readiness({ store, desk, warehouse, cache }: ReadyParts, config: Config): Promise<ReadyCheck[]> {
  const check = async (name: string, look: () => Promise<string>) => {
    try {
      return { name, ok: true, detail: await look() };
    } catch (error) {
      return { name, ok: false, detail: (error as Error).message };
    }
  };
  const none = config.stores.warehouse === "none";
  const waiting = none ? "rows are in the outbox, and stay there while no warehouse is configured" : "rows wait in the outbox";
  const ledger = check("ledger", async () => {
    const unwritten = desk.unwrittenEndings();
    if (unwritten > 0) throw new Error(`${unwritten} calls have ended and cannot be booked, so new ones are refused; the log says why`);
    return `${(await store.outboxDepth()).waiting} ${waiting}`;
  });
  const missing = async () => {
    if (none) return "none configured: calls and budgets work, there are no reports";
    throw new Problem("warehouse_missing");
  };
  const facts = check("warehouse", warehouse ? async () => warehouse.ping().then(() => "answers") : missing);
  const checks = await Promise.all([ledger, facts]);
  if (cache.kind === "memory") return checks;
  // Without it everything works from the ledger, so its loss must not take this process out of service.
  const { up, detail } = cache.state();
  return [...checks, { name: "cache", ok: true, ...(up ? {} : { degraded: true }), detail }];
}

function observeCall(metrics: Metrics, facts: CallFacts, isExceeded: boolean): void {
  if (isExceeded) metrics.holdExceeded();
  metrics.call(facts);
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL("package.json", packageRoot(import.meta.url)), "utf8")) as { version: string }).version;
}
