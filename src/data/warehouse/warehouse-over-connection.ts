import { Problem } from "../../contract/problem.ts";
import type { Warehouse } from "../../ports/warehouse.ts";
import { costFactsOver } from "./cost-facts-over-connection.ts";
import { insertTraceFile, insertTraces } from "./insert-traces.ts";
import { requireOnlyReads } from "./only-reads.ts";
import { callsInOrder } from "./questions/calls-in-order.ts";
import { controlSignals } from "./questions/control-signals.ts";
import { costsByGroup } from "./questions/costs-by-group.ts";
import { leverEvidence } from "./questions/evidence-per-model.ts";
import { groundedness } from "./questions/groundedness.ts";
import { hourlySpends } from "./questions/hourly-spends.ts";
import { newestTraces } from "./questions/newest-traces.ts";
import { poolShares } from "./questions/pool-shares.ts";
import { ratingsByUseCase } from "./questions/ratings-by-use-case.ts";
import { runLives } from "./questions/run-lives.ts";
import { leverCosts, savingCells } from "./questions/saving-cells.ts";
import { tracedPerTenant } from "./questions/traced-per-tenant.ts";
import { unitCostsByGroup } from "./questions/unit-costs-by-group.ts";
import { usageFactsByGroup } from "./questions/usage-facts-by-group.ts";
import { EngineRefusal, type WarehouseConnection } from "./warehouse-connection.ts";
import { warehouseSql } from "./warehouse-sql.ts";

const PING = warehouseSql("ping.sql");

/** The port over any connection: all SQL is shared, so a laptop and a cluster give the same answers. */
export function warehouseOver(connection: WarehouseConnection): Warehouse {
  const facts = costFactsOver(connection);
  return {
    insertTraces: (traces) => ours(insertTraces(connection, traces)),
    insertTraceFile: (path) => ours(insertTraceFile(connection, path)),
    insertFacts: (facts) => ours(insertTraces(connection, facts, "facts")),
    insertFactFile: (path) => ours(insertTraceFile(connection, path, "facts")),
    insertRatings: (ratings) => ours(insertTraces(connection, ratings, "ratings")),
    insertRatingFile: (path) => ours(insertTraceFile(connection, path, "ratings")),
    ratings: (question) => ours(ratingsByUseCase(connection, question)),
    costs: (question) => ours(costsByGroup(connection, question)),
    traces: (question) => ours(newestTraces(connection, question)),
    callsInOrder: (question) => ours(callsInOrder(connection, question)),
    leverEvidence: (question) => ours(leverEvidence(connection, question)),
    savingCells: (question) => ours(savingCells(connection, question)),
    leverCosts: (question) => ours(leverCosts(connection, question)),
    bookedPerTenant: (from, to) => ours(tracedPerTenant(connection, from, to)),
    facts: {
      priceVersions: () => ours(facts.priceVersions()),
      priceParts: (version) => ours(facts.priceParts(version)),
      rememberPrices: (parts, knownAt) => ours(facts.rememberPrices(parts, knownAt)),
      callsPerMinute: (from, to) => ours(facts.callsPerMinute(from, to)),
      calledModels: (from, to) => ours(facts.calledModels(from, to)),
      usageShapes: (question) => ours(facts.usageShapes(question)),
      appendRepriced: (repricing, question, shapes) => ours(facts.appendRepriced(repricing, question, shapes)),
      factTotals: (from, to) => ours(facts.factTotals(from, to)),
    },
    controlSignals: (question) => ours(controlSignals(connection, question)),
    groundedness: (question) => ours(groundedness(connection, question)),
    hourlySpends: (question) => ours(hourlySpends(connection, question)),
    unitCosts: (question) => ours(unitCostsByGroup(connection, question)),
    usageFacts: (question) => ours(usageFactsByGroup(connection, question)),
    poolShares: (question) => ours(poolShares(connection, question)),
    runLives: (question) => ours(runLives(connection, question)),
    query: async (statement, parameters = {}) => {
      requireOnlyReads(statement);
      return await theirs(connection.rows(statement, parameters));
    },
    ping: async () => {
      await ours(connection.rows(PING, {}));
    },
    close: () => connection.close(),
  };
}

/** Our own statement was refused: the engine has no room, no time or no memory, or it is broken. */
async function ours<T>(work: Promise<T>): Promise<T> {
  return await explain(work, "warehouse_unavailable");
}

/** Somebody else's statement was refused: it is usually the statement. */
async function theirs<T>(work: Promise<T>): Promise<T> {
  return await explain(work, "invalid_request");
}

async function explain<T>(work: Promise<T>, code: "warehouse_unavailable" | "invalid_request"): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    throw new Problem(code, { engineCode: error.engineCode, reason: error.message }, { cause: error });
  }
}
