import { writeFileSync } from "node:fs";
import type { Static } from "typebox";
import { readConfig } from "../../config/read-config.ts";
import { readPriceBook } from "../../config/read-price-book.ts";
import { readScenarioFile } from "../../config/read-scenario-file.ts";
import { COST_WINDOWS, type costsAnswer } from "../../contract/costs-contract.ts";
import { scenarioView } from "../../contract/scenario-view.ts";
import { tokenPrices } from "../../core/pricing/token-prices.ts";
import type { Scenario } from "../../core/scenario/evaluate-scenario.ts";
import { parseRational, type Rational, rational } from "../../core/scenario/rational.ts";
import { readScenarios } from "../../core/scenario/read-scenarios.ts";
import { runScenarios } from "../../core/scenario/run-scenarios.ts";
import type { PriceOf, ScenarioPlan } from "../../core/scenario/scenario-plan.ts";
import { type Candidate, type MeasuredTraffic, trafficDocument } from "../../core/scenario/traffic-document.ts";
import { tryWhatIf, type WhatIf } from "../../core/scenario/what-if.ts";
import { runThrough } from "../../core/scenario/work-steps.ts";
import { seededDraws } from "../../std/seeded-draws.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";
import { budgetSettings } from "../scenario/scenario-budgets.ts";
import { scenarioChart } from "../scenario/scenario-chart.ts";
import { scenarioMarkdown } from "../scenario/scenario-markdown.ts";
import { scenarioTable } from "../scenario/scenario-table.ts";
import { UsageError } from "../usage-error.ts";

/** Windows of the costs API whose length is the same every time. */
const TRAFFIC_WINDOWS = COST_WINDOWS.filter((window) => window !== "month");

export const scenarioCommand: Command = {
  name: "scenario",
  summary: "What volume, model mix, retrieval depth, cache hit and growth would cost: from a file, or from measured traffic.",
  usage: "",
  options: [
    { name: "file", type: "string", short: "f", value: "file", description: "Scenario file, YAML or JSON; needs no server" },
    {
      name: "from-traffic",
      type: "string",
      value: "window",
      description: `Start from what a server measured: one of ${TRAFFIC_WINDOWS.join(", ")}`,
    },
    { name: "use-case", type: "string", value: "name", description: "With --from-traffic: only calls of this use case" },
    { name: "volume", type: "string", value: "factor", description: "What if there were this many times the requests, such as 2" },
    {
      name: "move",
      type: "string",
      value: "share:model",
      description: "What if this share of the requests went to that model instead, such as 20%:small",
    },
    { name: "markdown", type: "string", value: "file", description: "Write the report as Markdown, such as scenarios.md" },
    { name: "svg", type: "string", value: "file", description: "Write the charts as SVG" },
    { name: "propose-budgets", type: "boolean", description: "Print monthly caps as budgets for ballast.yaml instead of the table" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const plan = withWhatIf(await readPlan(context), context);
    const answer = scenarioView(runThrough(runScenarios(plan, seededDraws)));
    const [markdown, svg] = [context.text("markdown"), context.text("svg")];
    if (markdown !== undefined) writeFileSync(markdown, scenarioMarkdown(answer));
    if (svg !== undefined) writeFileSync(svg, scenarioChart(answer));
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(context.flag("propose-budgets") ? budgetSettings(answer) : scenarioTable(answer));
    return 0;
  },
};

async function readPlan(context: CommandContext): Promise<ScenarioPlan> {
  const file = context.text("file");
  const window = oneOf(context, "from-traffic", TRAFFIC_WINDOWS);
  if ((file === undefined) === (window === undefined)) {
    throw new UsageError("One of --file and --from-traffic is needed.", "samples/economics-scenarios.yaml is a file to start from.");
  }
  const book = readPriceBook(readConfig({ path: context.text("config") }));
  const now = Date.now();
  const priceOf: PriceOf = (provider, model, promptTokens) => tokenPrices(book.find(provider, model, now), promptTokens);
  if (file !== undefined) return readScenarioFile(file, priceOf);
  return await measuredPlan(context, window!, priceOf);
}

async function measuredPlan(context: CommandContext, window: string, priceOf: PriceOf): Promise<ScenarioPlan> {
  const query = { window, group_by: "use_case,provider,model", use_case: context.text("use-case") };
  const { from, to, rows } = await clientFor(context).get<Static<typeof costsAnswer>>("/api/v1/costs", query);
  const traffic = rows.map((row) => {
    const { use_case = "", provider = "", model = "" } = row as { use_case?: string; provider?: string; model?: string };
    const { calls, cached, prompt_tokens: promptTokens, gen_tokens: genTokens, cost_usd: costUsd } = row;
    return { useCase: use_case, provider, model, calls, cached, promptTokens, genTokens, costUsd };
  });
  const days = rational(BigInt(Date.parse(to) - Date.parse(from)), 86_400_000n);
  const document = trafficDocument(traffic, days, priceOf, candidateOf(context, traffic, priceOf));
  if (document.scenarios.length === 0) {
    throw new UsageError(`No call of the last ${window} was measured.`, "Ask for a longer window, or leave --use-case out.");
  }
  const reading = readScenarios({ name: `Traffic of ${from} to ${to}`, ...document }, priceOf);
  if (reading.outcome === "read") return reading.plan;
  throw new Error(`measured traffic makes no scenario: ${JSON.stringify(reading.findings)}`);
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

/**
 * Every scenario beside itself with the change that --volume and --move ask for. One that cannot give that much, as it is all on that
 * model, stands as it is; when none can, the command is refused.
 */
function withWhatIf(plan: ScenarioPlan, context: CommandContext): ScenarioPlan {
  const change: WhatIf = { volume: numberOf(context, "volume"), move: moveOf(context) };
  if (!change.volume && !change.move) return plan;
  const [volume, move] = [context.text("volume"), context.text("move")];
  const words = [volume && `${volume} times the volume`, move && `moved ${move}`].filter((word) => word).join(", ");
  const scenarios = plan.scenarios.flatMap((scenario) => {
    const tried = tryWhatIf(scenario, forModelsOf(scenario, change), `${scenario.name}, ${words}`);
    if (tried === "share_too_large") return [scenario];
    if (tried !== "no_such_model") return [scenario, tried];
    const hint = `There are ${scenario.models.join(", ")}; with --from-traffic also what the price book has as provider/model.`;
    throw new UsageError(`${scenario.name} has no model ${change.move?.to}.`, hint);
  });
  if (scenarios.length > plan.scenarios.length) return { ...plan, scenarios: scenarios as unknown as ScenarioPlan["scenarios"] };
  throw new UsageError(`--move ${move} leaves the others less than nothing.`, "Move less.");
}

/** The change with the model by the name that it has in this scenario. */
function forModelsOf(scenario: Scenario, change: WhatIf): WhatIf {
  const { move } = change;
  const name = move && scenario.models.find((model) => namesOf(model).includes(move.to));
  return move && name !== undefined ? { ...change, move: { ...move, to: name } } : change;
}

/** "openai/gpt-4o (ops)", as a measured model is called, "openai/gpt-4o" and "gpt-4o". */
function namesOf(model: string): string[] {
  const bare = model.replace(/ \([^)]*\)$/, "");
  return [model, bare, bare.replace(/^[^/]*\//, "")];
}

function moveOf(context: CommandContext): WhatIf["move"] {
  const text = context.text("move");
  if (text === undefined) return undefined;
  const at = text.indexOf(":");
  const share = at > 0 ? parseRational(text.slice(0, at)) : undefined;
  if (share && share.top > 0n) return { share, to: text.slice(at + 1) };
  throw new UsageError(`--move ${text} is no share and model.`, "Write it as --move 20%:small.");
}

function numberOf(context: CommandContext, name: string): Rational | undefined {
  const text = context.text(name);
  if (text === undefined) return undefined;
  const number = parseRational(text);
  if (number && number.top > 0n) return number;
  throw new UsageError(`--${name} ${text} is no number above zero.`, `Write it as --${name} 2.`);
}
