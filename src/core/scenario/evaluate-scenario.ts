import { invariant } from "../invariant.ts";
import { add, minus, ONE, over, type Rational, rational, sumOf, times, toMillionths, ZERO } from "./rational.ts";
import type { FigureName, InputName, ModelInputName, UcrComponent } from "./scenario-inputs.ts";
import type { Spread } from "./spread.ts";

/** One case to be costed: which models, and every number with its range. */
export interface Scenario {
  readonly name: string;
  readonly useCase: string | undefined;
  readonly tenant: string | undefined;
  readonly models: readonly string[];
  readonly figures: ReadonlyMap<FigureName, Spread>;
  /** Stated by whoever wrote the scenario; then nothing below is computed from prices. */
  readonly statedUcr: Spread | undefined;
  readonly statedLatencyMsP95: number | undefined;
  readonly latencies: ReadonlyMap<string, Latency>;
}

/** Measured or promised latency of one model, or of an answer from the cache under the name "cache". */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** One value for each number of a scenario. */
export type Point = ReadonlyMap<FigureName | "ucr_usd", Rational>;

export interface ScenarioCost {
  readonly volume: Rational;
  /** Per request, in USD; they add up to `ucr`. Undefined where the unit cost was stated as one figure. */
  readonly components: Readonly<Record<UcrComponent, Rational>> | undefined;
  readonly ucr: Rational;
  /** Per month, in USD: `volume * ucr`. */
  readonly runRate: Rational;
}

/** The likeliest value of everything. */
export function centralPoint(scenario: Scenario): Point {
  const point = new Map<FigureName | "ucr_usd", Rational>();
  for (const [name, spread] of scenario.figures) point.set(name, spread.likely);
  if (scenario.statedUcr) point.set("ucr_usd", scenario.statedUcr.likely);
  return point;
}

/**
 * The unit cost per request of the economics document, and what a month of it comes to, exactly.
 * A request from the cache pays no model, retrieval and rerank; vector I/O, orchestration and people are paid for every request.
 * Shares of the mix are taken in proportion, so that drawn or shifted ones need not add up to one.
 */
export function evaluateScenario(scenario: Scenario, point: Point): ScenarioCost {
  const volume = figureAt(point, "monthly_volume");
  const stated = point.get("ucr_usd");
  if (stated) return { volume, components: undefined, ucr: stated, runRate: times(volume, stated) };
  const components = componentsOf(scenario, point, volume);
  const ucr = sumOf(Object.values(components));
  return { volume, components, ucr, runRate: times(volume, ucr) };
}

function componentsOf(scenario: Scenario, point: Point, volume: Rational): Record<UcrComponent, Rational> {
  const of = (name: InputName) => figureAt(point, name);
  const missed = minus(ONE, of("cache_hit"));
  const parts = modelCosts(scenario, point);
  const pool = of("orchestration_monthly_usd");
  const pooled = volume.top === 0n ? ZERO : over(pool, volume);
  return {
    input: sumOf(parts.map((part) => part.input)),
    generation: sumOf(parts.map((part) => part.generation)),
    retrieval: times(missed, times(of("queries"), times(of("depth_k"), of("retrieval_usd_per_k")))),
    rerank: times(missed, times(of("rerank_candidates"), of("rerank_usd"))),
    vector_io: times(of("vector_ops"), of("vector_usd")),
    orchestration: add(of("orchestration_usd"), pooled),
    hitl: times(of("hitl_minutes"), of("hitl_usd_per_minute")),
  };
}

export interface ModelCost {
  readonly model: string;
  /** Per request of the scenario, whichever model it goes to. */
  readonly input: Rational;
  readonly generation: Rational;
}

/** What each model adds to the unit cost. */
export function modelCosts(scenario: Scenario, point: Point): ModelCost[] {
  const missed = minus(ONE, figureAt(point, "cache_hit"));
  const shares = sumOf(scenario.models.map((model) => figureAt(point, `mix.${model}`)));
  return scenario.models.map((model) => {
    const own = (name: ModelInputName) => figureAt(point, `models.${model}.${name}`);
    const tokens = (name: "prompt_tokens" | "gen_tokens") => point.get(`models.${model}.${name}`) ?? figureAt(point, name);
    const share = times(missed, over(figureAt(point, `mix.${model}`), shares));
    return {
      model,
      input: times(share, perMillion(times(tokens("prompt_tokens"), own("input_usd_mtok")))),
      generation: times(share, add(perMillion(times(tokens("gen_tokens"), own("output_usd_mtok"))), own("fee_usd"))),
    };
  });
}

const MILLION = rational(1_000_000n);

function perMillion(value: Rational): Rational {
  return over(value, MILLION);
}

function figureAt(point: Point, name: FigureName): Rational {
  const value = point.get(name);
  invariant(value !== undefined, `a scenario without ${name}`);
  return value;
}

export interface ScenarioMonth extends ScenarioCost {
  /** From 1. */
  readonly month: number;
}

/** Month after month, the volume growing by the rate of the scenario. A pool is spread over each month's own requests. Volumes are kept to a
 * millionth of a request, rounded up. */
export function projectMonths(scenario: Scenario, point: Point, months: number): ScenarioMonth[] {
  const factor = add(ONE, figureAt(point, "growth"));
  const projected: ScenarioMonth[] = [];
  let volume = figureAt(point, "monthly_volume");
  for (let month = 1; month <= months; month++) {
    projected.push({ month, ...evaluateScenario(scenario, new Map(point).set("monthly_volume", volume)) });
    volume = toMillionths(times(volume, factor));
  }
  return projected;
}
