import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { buildApi } from "./api/api-server.ts";
import { priceLookup } from "./api/show-prices.ts";
import type { Config, ProviderConfig } from "./config/config-schema.ts";
import { isLoopback } from "./config/read-config.ts";
import { readPriceFiles } from "./config/read-price-files.ts";
import { Problem } from "./contract/problem.ts";
import { createPriceBook, type PriceBook } from "./core/pricing/price-book.ts";
import { parsePriceRows } from "./core/pricing/price-row.ts";
import { BudgetCatalog } from "./data/store/budget-catalog.ts";
import { CallJournal } from "./data/store/call-journal.ts";
import { KeyRing } from "./data/store/key-ring.ts";
import { LeaseDesk, retryWithBackoff } from "./data/store/lease-desk.ts";
import { ProcessLife } from "./data/store/process-life.ts";
import { openPostgresLedgerStore, openSqliteLedgerStore } from "./data/store/sqlite-ledger-store.ts";
import { openChdbWarehouse } from "./data/warehouse/chdb-warehouse.ts";
import { openClickhouseWarehouse } from "./data/warehouse/clickhouse-warehouse.ts";
import {
  applyBudgets,
  callSettings,
  channelSettings,
  defaultBudgetOf,
  notifySettings,
  placesOf,
  servedProvider,
  tiersOf,
} from "./from-config.ts";
import { BodyInspector } from "./gateway/body-inspector.ts";
import type { CallRecord, CallResult } from "./gateway/call-record.ts";
import { answerBrokenConnections, gatewayDoor, isGatewayPath } from "./gateway/gateway-door.ts";
import type { Gateway } from "./gateway/handle-call.ts";
import type { ServedProvider } from "./gateway/route-table.ts";
import { ProviderConnections } from "./gateway/send-attempt.ts";
import { startJobs } from "./jobs.ts";
import { openChannels } from "./notify/channel-list.ts";
import type { LedgerStore } from "./ports/ledger-store.ts";
import type { Warehouse } from "./ports/warehouse.ts";
import { bootId } from "./std/boot-id.ts";
import { packageRoot } from "./std/package-root.ts";
import { idSource } from "./std/random-id.ts";
import { siblingModule } from "./std/sibling-module.ts";
import { steadyClock, systemClock } from "./std/system-clock.ts";
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

/** How long calls under way may take to end when the server stops. */
const LONGEST_FAREWELL_MS = 20_000;

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
  const store = await openLedgerStore(
    config,
    { folder: ledgerFolder, bootId: bootId(now), openedAt: now(), name: `${hostname()}:${process.pid}`, maxPages: options.maxPages },
    now,
  );
  let openHolds = () => 0;
  // Calls that did not end in time are left to the next start, which finds them in the journal.
  opened.push(() => store.close(openHolds() === 0));
  if (store.recovery.deadProcesses > 0)
    log.warn({ recovery: describe(store.recovery) }, "the last process did not end in order; its holds are in doubt");

  const defaultBudget = defaultBudgetOf(config);
  const budgets = await BudgetCatalog.open(store, defaultBudget);
  const keys = await KeyRing.open(store, now);
  const journal = new CallJournal(ledgerFolder, store.epoch);
  opened.push(() => journal.close());
  const recallWaitMs = config.gateway.recall_wait_ms;
  const desk = new LeaseDesk({ store, catalog: budgets, journal, beforeRetry: retryWithBackoff(log), recallWaitMs });
  const life = new ProcessLife({ store, budgets, keys, desk, log });
  openHolds = () => desk.openHolds();
  opened.push(() => desk.giveBackIdle("all", now()));
  const changedSince = await applyBudgets(config, budgets, now());
  if (changedSince.length > 0)
    log.info({ budgets: changedSince }, "budgets that were changed since the configuration file was last applied stand as they are");

  const prices = createPriceBook({ ...readPriceFiles(), overrides: parsePriceRows(config.prices, "prices") });
  const providers: ServedProvider[] = [];
  for (const provider of config.providers) {
    const simUrl = provider.kind === "sim" ? await startSimProcess(provider, opened) : undefined;
    providers.push(servedProvider(provider, simUrl));
  }
  const warehouse = await openWarehouse(config, log);
  if (warehouse) opened.push(() => warehouse.close());

  const metrics = new Metrics({ version: packageVersion(), now });
  const adminToken = adminTokenOf(config);
  const newTraceId = idSource(store.epoch, now);
  const inspector = new BodyInspector();
  opened.push(() => inspector.close());
  const connections = new ProviderConnections();
  opened.push(() => connections.close());

  const settings = callSettings(config, providers, prices);
  const gateway: Gateway = {
    keys,
    desk,
    store,
    prices,
    settings,
    connections,
    inspect: (dialect, bytes) => inspector.inspect(dialect, bytes),
    now,
    steadyNow: steadyClock,
    newId: newTraceId,
    random: Math.random,
    observe: (record, result, latencyMs) => observeCall(metrics, record, result, latencyMs),
    log,
  };
  const door = gatewayDoor(gateway);
  const onLoopback = isLoopback(config.listen.host);
  const openReads = config.api.open_reads === "auto" ? onLoopback : config.api.open_reads;
  const channels = openChannels(config.notify.channels.map(channelSettings), log);
  const lists = [...new Set([...providers.map((provider) => provider.target.priceList), "openai", "anthropic"])];
  let server!: Server;
  const api = buildApi(
    {
      store,
      budgets,
      keys,
      desk,
      prices: priceLookup(prices, lists),
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
      newTraceId,
      log,
      readiness: () => readiness(store, warehouse, config),
    },
    {
      serverFactory(handler) {
        server = createServer(
          {
            headersTimeout: 15_000,
            requestTimeout: config.gateway.body_timeout_ms,
            connectionsCheckingInterval: 1000,
            keepAliveTimeout: 75_000,
          },
          (request, response) => {
            if (isGatewayPath(request.url ?? "/")) {
              metrics.enter();
              response.once("close", () => metrics.leave());
              door(request, response);
            } else if (onLoopback && !namesThisMachine(request)) refuseHost(request, response);
            else handler(request, response);
          },
        );
        answerBrokenConnections(server);
        return server;
      },
    },
  );
  const spool = join(resolve(ledgerFolder), "outbox.spool");
  const notify = { channels, ...notifySettings(config) };
  const stopJobs = startJobs({ store, warehouse, desk, life, budgets, spool, now, random: Math.random, log, notify });
  opened.push(stopJobs);
  await api.ready();
  await listen(server, config.listen);
  opened.push(() => farewell(server, desk));
  const { port } = server.address() as AddressInfo;
  const host = config.listen.host.includes(":") ? `[${config.listen.host}]` : config.listen.host;
  const url = `http://${host}:${port}`;
  log.info(
    {
      url,
      data_dir: config.data_dir,
      providers: providers.map(({ target }) => target.name),
      warehouse: !warehouse ? "none" : config.stores.warehouse === "chdb" ? "chdb" : "clickhouse",
    },
    "ballast serves",
  );
  return { url, adminToken, store, keys, budgets, desk, warehouse, prices, log, close: closeAll };
}

/** The simulated provider is a process of its own, as a real one would be elsewhere. It ends with this one. */
async function startSimProcess(provider: ProviderConfig, opened: (() => unknown)[]): Promise<string> {
  const main = fileURLToPath(siblingModule(import.meta.url, "./adapters/providers/sim/sim-main"));
  const child: ChildProcess = spawn(process.execPath, [main, "--options", JSON.stringify(provider.options ?? {})], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  opened.push(() => {
    child.kill("SIGTERM");
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("error", reject);
    child.once("exit", () =>
      reject(
        new Problem(
          "config_invalid",
          { provider: provider.name },
          { message: `The sim provider ${provider.name} did not start; see its message above.` },
        ),
      ),
    );
  });
  child.removeAllListeners("exit");
  return (JSON.parse(line) as { url: string }).url;
}

function openLedgerStore(config: Config, options: Parameters<typeof openSqliteLedgerStore>[0], now: () => number): Promise<LedgerStore> {
  const { ledger } = config.stores;
  return ledger === "sqlite"
    ? openSqliteLedgerStore(options, now)
    : openPostgresLedgerStore({ ...options, postgresUrl: ledger, usageDays: config.stores.usage_days }, now);
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

async function readiness(store: LedgerStore, warehouse: Warehouse | undefined, config: Config) {
  const check = async (name: string, look: () => Promise<string>) => {
    try {
      return { name, ok: true, detail: await look() };
    } catch (error) {
      return { name, ok: false, detail: (error as Error).message };
    }
  };
  const none = config.stores.warehouse === "none";
  const waiting = none ? "rows are in the outbox, and stay there while no warehouse is configured" : "rows wait in the outbox";
  const ledger = check("ledger", async () => `${(await store.outboxDepth()).waiting} ${waiting}`);
  const missing = async () => {
    if (none) return "none configured: calls and budgets work, there are no reports";
    throw new Problem("warehouse_missing");
  };
  const facts = check("warehouse", warehouse ? async () => warehouse.ping().then(() => "answers") : missing);
  return Promise.all([ledger, facts]);
}

function observeCall(metrics: Metrics, record: CallRecord, result: CallResult, latencyMs: number): void {
  const { scope } = record.caller!;
  if (result.bookedNano !== null && result.bookedNano > record.heldNano && result.basis === "measured") metrics.holdExceeded();
  metrics.call({
    tenant: scope.tenant,
    useCase: scope.use_case ?? "",
    provider: record.provider,
    model: record.model,
    outcome: result.outcome,
    reportType: "",
    bookedNano: result.bookedNano ?? 0n,
    inputTokens: result.usage?.inputTokens ?? 0,
    outputTokens: result.usage?.outputTokens ?? 0,
    durationMs: latencyMs,
    overheadMs: Math.max(0, latencyMs - record.upstreamMs),
  });
}

/**
 * A server that only this machine reaches answers only to this machine's names: a web page elsewhere must not reach it through a
 * name of its own that it points here.
 */
function namesThisMachine(request: IncomingMessage): boolean {
  const host = request.headers.host ?? "";
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.split(":")[0]!;
  return isLoopback(name);
}

function refuseHost(request: IncomingMessage, response: ServerResponse): void {
  const problem = new Problem("host_not_allowed");
  const body = JSON.stringify({
    type: `/problems/${problem.code}`,
    title: problem.message,
    status: problem.status,
    code: problem.code,
    remedy: problem.remedy,
  });
  response.writeHead(problem.status, { "content-type": "application/problem+json; charset=utf-8" });
  response.end(body);
  request.resume();
}

/** Listens for a moment. What takes the address between now and later is still found by the server itself. */
async function tryAddress(address: Config["listen"]): Promise<void> {
  if (address.port === 0) return;
  const probe = createServer();
  await listen(probe, address);
  await new Promise((resolve) => probe.close(resolve));
}

/** @throws Problem address_in_use that names the setting */
function listen(server: Server, { host, port }: Config["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const address = `${host}:${port}`;
      const message =
        error.code === "EADDRINUSE"
          ? `Something else listens on ${address} (listen.port is ${port}).`
          : `${address} cannot be listened on (listen.host is ${host}, listen.port is ${port}): ${error.message}.`;
      reject(new Problem("address_in_use", { address }, { cause: error, message }));
    });
    server.listen(port, host, resolve);
  });
}

/** No new calls; those under way may end. */
async function farewell(server: Server, desk: LeaseDesk): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const until = steadyClock() + LONGEST_FAREWELL_MS;
  while (desk.openHolds() > 0 && steadyClock() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  server.closeAllConnections();
  await closed;
}

function describe(recovery: LedgerStore["recovery"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(recovery).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]));
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL("package.json", packageRoot(import.meta.url)), "utf8")) as { version: string }).version;
}
