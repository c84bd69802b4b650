import type { Static } from "typebox";
import { readConfig } from "../../config/read-config.ts";
import { readPriceBook } from "../../config/read-price-book.ts";
import { readScenarioFile } from "../../config/read-scenario-file.ts";
import type { costsAnswer } from "../../contract/costs-contract.ts";
import type { unitCostsAnswer } from "../../contract/unit-costs-contract.ts";
import { tokenPrices } from "../../core/pricing/token-prices.ts";
import { rational } from "../../core/scenario/rational.ts";
import { readScenarios } from "../../core/scenario/read-scenarios.ts";
import type { PriceOf, ScenarioPlan } from "../../core/scenario/scenario-plan.ts";
import { type Candidate, type MeasuredParts, type MeasuredTraffic, trafficDocument } from "../../core/scenario/traffic-document.ts";
import type { CostComponentName } from "../../core/unit-cost/measures.ts";
import { type ApiClient, clientFor } from "../api-client.ts";
import type { CommandContext, CommandOption } from "../command.ts";
import { UsageError } from "../usage-error.ts";
import { moveOf, WHAT_IF_OPTIONS } from "./what-if-options.ts";

/** Where scenarios come from, and what is tried on them. */
export const SCENARIO_OPTIONS: readonly CommandOption[] = [
  { name: "file", type: "string", short: "f", value: "file", description: "Scenario file, YAML or JSON; needs no server" },
  {
    name: "from-traffic",
    type: "string",
    value: "window",
    description: "Start from what a server measured in the last hours or days, such as 24h, 7d or 30d",
  },
  { name: "use-case", type: "string", value: "name", description: "With --from-traffic: only calls of this use case" },
  ...WHAT_IF_OPTIONS,
];

export interface ScenarioSource {
  readonly plan: ScenarioPlan;
  /** One sentence each: where the figures come from, for the head of a report. */
  readonly basis: { readonly inputs: string; readonly prices: string };
  /** What whoever reads the figures should know, such as that the window is longer than what was measured. */
  readonly notes: readonly string[];
}

/** @param window where the command starts from measured traffic unless told otherwise @throws UsageError, Problem scenario_invalid */
export async function readScenarioSource(context: CommandContext, window?: string): Promise<ScenarioSource> {
  const file = context.text("file");
  const measured = context.text("from-traffic") ?? (file === undefined ? window : undefined);
  if ((file === undefined) === (measured === undefined)) {
    throw new UsageError("One of --file and --from-traffic is needed.", "samples/economics-scenarios.yaml is a file to start from.");
  }
  const hours = measured === undefined ? 0 : hoursOf(measured);
  const book = readPriceBook(readConfig({ path: context.text("config") }));
  const now = Date.now();
  const priceOf: PriceOf = (provider, model, promptTokens) => tokenPrices(book.find(provider, model, now), promptTokens);
  if (file === undefined) return await measuredSource(context, hours, priceOf);
  const basis = { inputs: `From the scenario file ${file}.`, prices: "Prices are those of the scenario file, or of the price book." };
  return { plan: readScenarioFile(file, priceOf), basis, notes: [] };
}

const HOUR_MS = 3_600_000;

function hoursOf(window: string): number {
  const [, digits = "0", unit] = /^(\d{1,4})([hd])$/.exec(window) ?? [];
  const hours = Number(digits) * (unit === "d" ? 24 : 1);
  if (hours >= 1 && hours <= 24 * 400) return hours;
  throw new UsageError(`--from-traffic ${window} is no window.`, "Write it as --from-traffic 7d or 24h; 400 days at most.");
}

type CostsAnswer = Static<typeof costsAnswer>;

async function measuredSource(context: CommandContext, hours: number, priceOf: PriceOf): Promise<ScenarioSource> {
  const client = clientFor(context);
  const end = Date.now() + 1;
  const [from, to] = [new Date(end - hours * HOUR_MS).toISOString(), new Date(end).toISOString()];
  const filter = { from, to, use_case: context.text("use-case") };
  const { rows } = await client.get<CostsAnswer>("/api/v1/costs", { ...filter, group_by: "use_case,provider,model" });
  const traffic = rows.map(trafficOf);
  const days = rational(BigInt(hours), 24n);
  const parts = await measuredParts(client, filter);
  const document = trafficDocument({ rows: traffic, days, parts }, priceOf, candidateOf(context, traffic, priceOf));
  if (document.scenarios.length === 0) {
    throw new UsageError(
      `No call of the last ${context.text("from-traffic") ?? "7d"} was measured.`,
      "Ask for a longer window, or leave --use-case out.",
    );
  }
  const reading = readScenarios({ name: `Traffic of ${from} to ${to}`, ...document }, priceOf);
  if (reading.outcome === "wrong") throw new Error(`measured traffic makes no scenario: ${JSON.stringify(reading.findings)}`);
  const basis = {
    inputs: `Measured: ${rows.reduce((sum, { calls, cached }) => sum + calls + cached, 0)} requests, scaled to a month of 30 days.`,
    prices: "Prices are those that give back what was booked: the list's, scaled by booked over list.",
  };
  return { plan: reading.plan, basis, notes: [...unpricedNotes(rows), ...(await sinceNotes(client, filter, hours))] };
}

/** What applications told of beside their calls, and shares of monthly pools, per use case. */
async function measuredParts(client: ApiClient, filter: Readonly<Record<string, string | undefined>>): Promise<Map<string, MeasuredParts>> {
  const { rows, pools } = await client.get<Static<typeof unitCostsAnswer>>("/api/v1/unit-costs", { ...filter, group_by: "use_case" });
  const isPooled = pools.some(({ shared }) => shared);
  return new Map(
    rows.map((row) => {
      const {
        retrieval,
        rerank,
        vector_io: vectorIo,
        orchestration,
        human,
      } = row.components as Readonly<Record<CostComponentName, string>>;
      return [String((row as { use_case?: string }).use_case ?? ""), { retrieval, rerank, vectorIo, orchestration, human, isPooled }];
    }),
  );
}

function trafficOf(row: CostsAnswer["rows"][number]): MeasuredTraffic {
  const { use_case = "", provider = "", model = "" } = row as { use_case?: string; provider?: string; model?: string };
  const { calls, cached, prompt_tokens: promptTokens, gen_tokens: genTokens, cost_usd: costUsd } = row;
  const { latency_ms_p50: p50Ms, latency_ms_p95: p95Ms } = row;
  const latency = p50Ms === null || p95Ms === null ? undefined : { p50Ms, p95Ms };
  return { useCase: use_case, provider, model, calls, cached, promptTokens, genTokens, costUsd, latency };
}

function unpricedNotes(rows: CostsAnswer["rows"]): string[] {
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced, 0);
  return unpriced === 0
    ? []
    : [`The cost of ${unpriced} of these calls is not known; it counts as nothing here, so the figures are too low.`];
}

/** A server that has run for a day has measured a day, whatever it is asked for. */
async function sinceNotes(client: ApiClient, filter: Readonly<Record<string, string | undefined>>, hours: number): Promise<string[]> {
  const unit = hours <= 48 ? "hour" : "day";
  const { rows } = await client.get<CostsAnswer>("/api/v1/costs", { ...filter, group_by: unit });
  const times = rows.map((row) => String((row as Record<string, unknown>)[unit])).sort();
  const first = Date.parse(times[0] ?? "");
  const unitMs = unit === "hour" ? HOUR_MS : 24 * HOUR_MS;
  const missedMs = first - Date.parse(String(filter.from));
  if (Number.isNaN(first) || missedMs < unitMs) return [];
  const measured = Math.ceil((hours * HOUR_MS - missedMs) / HOUR_MS);
  const shorter = measured > 48 ? `${Math.ceil(measured / 24)}d` : `${measured}h`;
  return [
    `The first of these calls is of ${times[0]}, and a month is scaled from the whole window: if nothing was measured before, ask --from-traffic ${shorter}.`,
  ];
}

/** The model that --move names, "provider/model" or the name alone where a provider of the traffic has a price for it. */
function candidateOf(context: CommandContext, traffic: readonly MeasuredTraffic[], priceOf: PriceOf): Candidate | undefined {
  const to = moveOf(context)?.to;
  if (to === undefined) return undefined;
  const slash = to.indexOf("/");
  const named = slash > 0 ? [{ provider: to.slice(0, slash), model: to.slice(slash + 1) }] : [];
  const among = [...new Set(traffic.map(({ provider }) => provider))].map((provider) => ({ provider, model: to }));
  return [...named, ...among].find(({ provider, model }) => priceOf(provider, model, 0) !== undefined);
}
