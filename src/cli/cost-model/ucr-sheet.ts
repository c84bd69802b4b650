import { centralPoint, modelCosts } from "../../core/scenario/evaluate-scenario.ts";
import { minus, ONE, type Rational, sumOf, ZERO } from "../../core/scenario/rational.ts";
import type { ScenarioResult } from "../../core/scenario/run-scenarios.ts";
import { UCR_COMPONENTS, type UcrComponent } from "../../core/scenario/scenario-inputs.ts";
import type { Cell, CellLook } from "../../std/xlsx-workbook.ts";
import { HEAD_ROWS, headOf, letterOf, modelsOf, nearestNumber, rowOf, SCENARIO_WIDTHS, scenarioNames } from "./cost-model-frame.ts";
import type { inputsSheet, Placed } from "./inputs-sheet.ts";
import type { pricesSheet } from "./prices-sheet.ts";

const WORDS: Readonly<Record<UcrComponent, string>> = {
  input: "Sum over models below",
  generation: "Sum over models below",
  retrieval: "Requests that reach a model x queries x depth k x price of one result",
  rerank: "Requests that reach a model x candidates x price of one candidate",
  vector_io: "Reads and writes x price, for every request",
  orchestration: "Per request, and the monthly pool over the month's requests",
  hitl: "Minutes of a person x rate",
};

/** The unit cost per request of the economics document: seven components from inputs and prices, and their sum. Places beside theirs: "ucr", "without_pool". */
export function ucrSheet(
  results: readonly ScenarioResult[],
  inputs: ReturnType<typeof inputsSheet>,
  prices: ReturnType<typeof pricesSheet>,
): Placed {
  const note = "All formulas: change Inputs and Prices. USD per request.";
  const rows = headOf("Unit cost per request (UCR)", note, ["component", "unit", "how", ...scenarioNames(results)]);
  const models = modelsOf(results);
  // Fixed before the rows are written, since the components above refer to what is below.
  const at = (offset: number) => HEAD_ROWS + UCR_COMPONENTS.length + offset;
  const [ucrRow, withoutPoolRow, missedRow, mixRow, inputRow] = [at(1), at(2), at(4), at(5), at(7)];
  const generationRow = inputRow + models.length + 1;
  const tables = results.map(({ scenario, cost }, index) => ({ scenario, cost, index, letter: letterOf(index) }));
  const sumOver = (letter: string, first: number) => `SUM(${letter}${first}:${letter}${first + models.length - 1})`;
  const formulas: Readonly<Record<UcrComponent, (index: number, letter: string) => string>> = {
    input: (_, letter) => sumOver(letter, inputRow),
    generation: (_, letter) => sumOver(letter, generationRow),
    retrieval: (index, letter) => product(`${letter}${missedRow}`, inputs, ["queries", "depth_k"], prices, "retrieval_usd_per_k", index),
    rerank: (index, letter) => product(`${letter}${missedRow}`, inputs, ["rerank_candidates"], prices, "rerank_usd", index),
    vector_io: (index) => product("", inputs, ["vector_ops"], prices, "vector_usd", index),
    orchestration: (index) =>
      `${prices.place("orchestration_usd", index)}+${pooled(prices.place("orchestration_monthly_usd", index), inputs.place("monthly_volume", index))}`,
    hitl: (index) => product("", inputs, ["hitl_minutes"], prices, "hitl_usd_per_minute", index),
  };
  for (const component of UCR_COMPONENTS) {
    const cells = tables.map(({ cost, index, letter }) =>
      cost.components ? formula(formulas[component](index, letter), cost.components[component], "unit") : undefined,
    );
    rows.push(rowOf(component, "usd", WORDS[component], cells));
  }
  const [first, last] = [HEAD_ROWS + 1, HEAD_ROWS + UCR_COMPONENTS.length];
  const ucr = tables.map(({ cost, index, letter }) =>
    formula(cost.components ? `SUM(${letter}${first}:${letter}${last})` : inputs.place("ucr_usd", index), cost.ucr, "unitTotal"),
  );
  rows.push(rowOf("UCR", "usd", "The sum of the seven", ucr));
  const orchestrationRow = first + UCR_COMPONENTS.indexOf("orchestration");
  const withoutPool = tables.map(({ scenario, cost, index, letter }) => {
    if (!cost.components) return formula(`${letter}${ucrRow}`, cost.ucr, "unit");
    const own = centralPoint(scenario).get("orchestration_usd") ?? ZERO;
    const others = UCR_COMPONENTS.filter((name) => name !== "orchestration").map((name) => cost.components?.[name] ?? ZERO);
    const sums = `SUM(${letter}${first}:${letter}${orchestrationRow - 1})+SUM(${letter}${orchestrationRow + 1}:${letter}${last})`;
    return formula(`${sums}+${prices.place("orchestration_usd", index)}`, sumOf([...others, own]), "unit");
  });
  rows.push(rowOf("UCR without the monthly pool", "usd", "What stays the same when the volume changes", withoutPool), []);
  rows.push(...shareRows(tables, inputs), []);
  for (const part of ["input", "generation"] as const) {
    for (const model of models) {
      const cells = tables.map(({ scenario, index, letter }) => {
        if (scenario.statedUcr) return undefined;
        const value = modelCosts(scenario, centralPoint(scenario)).find((cost) => cost.model === model)?.[part];
        if (!value) return undefined;
        const share = `${letter}${missedRow}*${inputs.place(`mix.${model}`, index)}/${letter}${mixRow}`;
        return formula(modelFormula(share, part, model, index, inputs, prices), value, "unit");
      });
      rows.push(rowOf(`${part}: ${model}`, "usd", part === "input" ? "Share x tokens x price" : "Share x (tokens x price + fee)", cells));
    }
    if (part === "input") rows.push([]);
  }
  const places = new Map([
    ["ucr", ucrRow],
    ["without_pool", withoutPoolRow],
  ]);
  UCR_COMPONENTS.forEach((component, index) => {
    places.set(component, first + index);
  });
  return {
    sheet: { name: "UCR", rows, widths: SCENARIO_WIDTHS, frozen: { rows: HEAD_ROWS, columns: 1 } },
    place: (figure, scenario) => `UCR!${letterOf(scenario)}${places.get(figure)}`,
  };
}

function shareRows(
  tables: readonly { scenario: ScenarioResult["scenario"]; index: number; letter: string }[],
  inputs: ReturnType<typeof inputsSheet>,
): (Cell | undefined)[][] {
  const [firstMix, lastMix] = inputs.mixRows;
  const missed = tables.map(({ scenario, index }) =>
    // An input has at most twelve decimals; so rounded, the difference is as exact as what it is made of.
    formula(`ROUND(1-${inputs.place("cache_hit", index)},12)`, minus(ONE, figure(scenario, "cache_hit")), "share"),
  );
  const shares = tables.map(({ scenario, letter }) => {
    if (scenario.models.length === 0) return undefined;
    const sum = sumOf(scenario.models.map((model) => figure(scenario, `mix.${model}`)));
    return formula(`SUM(Inputs!${letter}${firstMix}:${letter}${lastMix})`, sum, "share");
  });
  return [
    rowOf("requests that reach a model", "share", "1 - cache hit", missed),
    rowOf("sum of the mix", "share", "100% where the shares are complete", shares),
  ];
}

function figure(scenario: ScenarioResult["scenario"], name: Parameters<ReturnType<typeof centralPoint>["get"]>[0]): Rational {
  return centralPoint(scenario).get(name) ?? ZERO;
}

function modelFormula(
  share: string,
  part: "input" | "generation",
  model: string,
  index: number,
  inputs: Placed,
  prices: ReturnType<typeof pricesSheet>,
): string {
  if (part === "input") {
    return `${share}*${inputs.place(`models.${model}.prompt_tokens`, index)}*${prices.priceOf(model, "input_usd_mtok", index)}/1000000`;
  }
  const tokens = `${inputs.place(`models.${model}.gen_tokens`, index)}*${prices.priceOf(model, "output_usd_mtok", index)}/1000000`;
  return `${share}*(${tokens}+${prices.priceOf(model, "fee_usd", index)})`;
}

function product(factor: string, inputs: Placed, counts: readonly string[], prices: Placed, price: string, index: number): string {
  const parts = [factor, ...counts.map((count) => inputs.place(count, index)), prices.place(price, index)];
  return parts.filter((part) => part !== "").join("*");
}

export function pooled(pool: string, volume: string): string {
  return `IF(${volume}=0,0,${pool}/${volume})`;
}

export function formula(text: string, value: Rational, look: CellLook): Cell {
  return { formula: text, value: nearestNumber(value), look };
}
