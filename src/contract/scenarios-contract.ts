import { type Static, Type } from "typebox";
import { MODEL_INPUTS, SCENARIO_INPUTS, type ScenarioInput, UCR_COMPONENTS } from "../core/scenario/scenario-inputs.ts";
import { BREAK_EVEN_INPUTS } from "../core/scenario/scenario-plan.ts";
import { closed, count, orNull, usdText } from "./field-contract.ts";

const number = Type.Unsafe<number | string>({ type: ["number", "string"] });
const numberOrRange = (description: string) =>
  Type.Unsafe<unknown>({
    description: `${description}; a number, decimal text or percent, or a range`,
    anyOf: [number, closed({ low: number, likely: Type.Optional(number), high: number })],
  });
const inputsOf = (inputs: readonly ScenarioInput[]) =>
  Object.fromEntries(inputs.map(({ name, meaning }) => [name, Type.Optional(numberOrRange(meaning))]));

const text = Type.String({ minLength: 1, maxLength: 128 });
const latency = closed({ p50: Type.Integer({ minimum: 1 }), p95: Type.Integer({ minimum: 1 }) });
const figures = {
  mix: Type.Optional(Type.Record(Type.String(), numberOrRange("Share of the requests that reach a model"))),
  ucr_usd: Type.Optional(numberOrRange("The unit cost itself, where it is known as one figure")),
  p95_latency_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  ...inputsOf(SCENARIO_INPUTS),
};
const model = closed({
  provider: Type.Optional(text),
  model: Type.Optional(text),
  latency_ms: Type.Optional(latency),
  ...inputsOf(MODEL_INPUTS),
});

/** A scenario file and a request alike. */
export const scenariosBody = closed({
  name: Type.Optional(text),
  use_case: Type.Optional(text),
  tenant: Type.Optional(text),
  months: Type.Optional(Type.Integer({ minimum: 1, maximum: 60 })),
  models: Type.Optional(Type.Record(Type.String(), model)),
  cache_latency_ms: Type.Optional(latency),
  inputs: Type.Optional(closed(figures, { description: "What holds for every scenario that does not say otherwise" })),
  scenarios: Type.Array(closed({ name: text, use_case: Type.Optional(text), tenant: Type.Optional(text), ...figures }), {
    minItems: 1,
    maxItems: 50,
  }),
  sensitivity: Type.Optional(closed({ swing: Type.Optional(number) })),
  monte_carlo: Type.Optional(closed({ draws: Type.Optional(Type.Integer()), seed: Type.Optional(Type.Integer()) })),
  break_even: Type.Optional(
    Type.Array(closed({ between: Type.Array(text, { minItems: 2, maxItems: 2 }), over: Type.Optional(Type.Enum([...BREAK_EVEN_INPUTS])) })),
  ),
});

const decimal = Type.String({ pattern: "^-?\\d+(\\.\\d+)?$", description: "Decimal text" });
const drawn = closed({ p5: usdText, p50: usdText, p95: usdText, mean: usdText });
const components = closed(Object.fromEntries(UCR_COMPONENTS.map((name) => [name, usdText])));
const scenarioAnswer = closed({
  name: Type.String(),
  use_case: orNull(Type.String()),
  tenant: orNull(Type.String()),
  monthly_volume: decimal,
  mix: Type.Record(Type.String(), decimal),
  depth_k: decimal,
  cache_hit: decimal,
  growth: decimal,
  p95_latency_ms: orNull(count),
  ucr_usd: usdText,
  components: orNull(components),
  run_rate_usd: usdText,
  months: Type.Array(closed({ month: count, volume: decimal, ucr_usd: usdText, run_rate_usd: usdText })),
  total_usd: usdText,
  sensitivity: Type.Array(
    closed({ figure: Type.String(), low: decimal, high: decimal, run_rate_low_usd: usdText, run_rate_high_usd: usdText }),
  ),
  monte_carlo: orNull(closed({ draws: count, seed: count, ucr_usd: drawn, run_rate_usd: drawn })),
});
export const scenariosAnswer = closed({
  name: Type.String(),
  swing: decimal,
  scenarios: Type.Array(scenarioAnswer),
  break_even: Type.Array(
    closed({
      between: Type.Array(Type.String()),
      over: Type.Enum([...BREAK_EVEN_INPUTS]),
      outcome: Type.Enum(["crosses", "never", "same"]),
      at: orNull(decimal),
      run_rate_usd: orNull(usdText),
      cheaper_above: orNull(Type.String({ description: "The cheaper option above that value" })),
      cheaper: orNull(Type.String({ description: "The option that is cheaper at every value" })),
    }),
  ),
  proposed_budgets: Type.Array(
    closed({
      scope: Type.Record(Type.String(), Type.String()),
      window: Type.Literal("month"),
      limit_usd: usdText,
      thresholds: Type.Array(Type.Integer()),
      scenario: Type.String({ description: "The scenario that asks for most" }),
      planned_usd: usdText,
    }),
  ),
});
export type ScenariosAnswer = Static<typeof scenariosAnswer>;
export type ScenarioAnswer = ScenariosAnswer["scenarios"][number];
