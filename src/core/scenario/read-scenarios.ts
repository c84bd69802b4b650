import { DocumentReader, type Path, type ScenarioFinding } from "./document-reader.ts";
import type { Latency, Scenario } from "./evaluate-scenario.ts";
import { compare, ONE, parseRational, type Rational, rational, sumOf, ZERO } from "./rational.ts";
import { type FigureName, MODEL_INPUTS, SCENARIO_INPUTS } from "./scenario-inputs.ts";
import { BREAK_EVEN_INPUTS, type BreakEvenQuestion, type PriceOf, type ScenarioPlan } from "./scenario-plan.ts";
import { fixed, isRange, type Spread } from "./spread.ts";

export type ScenarioReading =
  | { readonly outcome: "read"; readonly plan: ScenarioPlan }
  | { readonly outcome: "wrong"; readonly findings: readonly ScenarioFinding[] };

type Fields = Readonly<Record<string, unknown>>;

const INPUT_NAMES = SCENARIO_INPUTS.map(({ name }) => name as string);
const PLAN_FIELDS = ["name", "use_case", "tenant", "months", "models", "cache_latency_ms", "inputs", "scenarios"];
const ANALYSIS_FIELDS = ["sensitivity", "monte_carlo", "break_even"];
const CASE_FIELDS = ["mix", "ucr_usd", "p95_latency_ms", ...INPUT_NAMES];
const MODEL_FIELDS = ["provider", "model", "latency_ms", ...MODEL_INPUTS.map(({ name }) => name as string)];
const MOST_SCENARIOS = 50;
const MOST_MODELS = 50;
const MOST_DRAWS = 20_000;

/**
 * Reads a scenario document, from a file or a request alike.
 * @returns the plan, or everything that is wrong with it
 */
export function readScenarios(document: unknown, priceOf: PriceOf): ScenarioReading {
  const reader = new DocumentReader();
  const plan = readPlan(reader, document, priceOf);
  return plan && reader.findings.length === 0 ? { outcome: "read", plan } : { outcome: "wrong", findings: reader.findings };
}

function readPlan(reader: DocumentReader, document: unknown, priceOf: PriceOf): ScenarioPlan | undefined {
  const plan = reader.fields(document, [], [...PLAN_FIELDS, ...ANALYSIS_FIELDS]);
  if (!plan) return undefined;
  const name = reader.text(plan.name, ["name"]) ?? reader.text(plan.use_case, ["use_case"]) ?? "Scenarios";
  const shared = reader.fields(plan.inputs, ["inputs"], CASE_FIELDS, "optional") ?? {};
  const models = reader.record(plan.models, ["models"]);
  const entries = reader.list(plan.scenarios, ["scenarios"], MOST_SCENARIOS);
  const scenarios = entries.flatMap((entry, index) => {
    const fields = reader.fields(entry, ["scenarios", index], ["name", "use_case", "tenant", ...CASE_FIELDS]);
    return fields ? [new CaseReader(reader, { plan, shared, models, fields, index, priceOf }).read()] : [];
  });
  const names = scenarios.map((scenario) => scenario.name);
  names.forEach((one, index) => {
    if (names.indexOf(one) !== index) reader.note(["scenarios", index, "name"], `another scenario is called ${one}`);
  });
  const analysis = readAnalysis(reader, plan, names);
  const [first, ...more] = scenarios;
  if (!first) return entries.length > 0 ? undefined : reader.note(["scenarios"], "at least one scenario is needed");
  return { name, months: reader.whole(plan.months, ["months"], 1, 60) ?? 12, scenarios: [first, ...more], ...analysis };
}

function readAnalysis(reader: DocumentReader, plan: Fields, names: readonly string[]) {
  const sensitivity = reader.fields(plan.sensitivity, ["sensitivity"], ["swing"], "optional") ?? {};
  const draws = reader.fields(plan.monte_carlo, ["monte_carlo"], ["draws", "seed"], "optional") ?? {};
  const swing = sensitivity.swing === undefined ? undefined : reader.number(sensitivity.swing, ["sensitivity", "swing"], "share");
  const breakEvens = reader.list(plan.break_even, ["break_even"], MOST_SCENARIOS).flatMap((entry, index): BreakEvenQuestion[] => {
    const path: Path = ["break_even", index];
    const fields = reader.fields(entry, path, ["between", "over"]);
    const between = reader.list(fields?.between, [...path, "between"], 2);
    const over = BREAK_EVEN_INPUTS.find((input) => input === (fields?.over ?? "monthly_volume"));
    if (!over) reader.note([...path, "over"], `expected one of ${BREAK_EVEN_INPUTS.join(", ")}`);
    const [one, other] = between.map((option) => names.find((name) => name === option));
    if (fields && (one === undefined || other === undefined || one === other)) {
      reader.note([...path, "between"], `expected the names of two scenarios of ${names.join(", ")}`);
    }
    return over && one !== undefined && other !== undefined ? [{ between: [one, other], over }] : [];
  });
  return {
    swing: swing ?? rational(1n, 10n),
    monteCarlo: {
      draws:
        reader.whole(draws.draws, ["monte_carlo", "draws"], 100, Math.floor(MOST_DRAWS / Math.max(1, names.length))) ??
        Math.min(2_000, Math.floor(MOST_DRAWS / Math.max(1, names.length))),
      seed: reader.whole(draws.seed, ["monte_carlo", "seed"], 0, 4_294_967_295) ?? 1,
    },
    breakEvens,
  };
}

interface CaseSource {
  readonly plan: Fields;
  readonly shared: Fields;
  readonly models: Fields;
  readonly fields: Fields;
  readonly index: number;
  readonly priceOf: PriceOf;
}

/** One entry of `scenarios`; what it leaves out is taken from `inputs`. */
class CaseReader {
  readonly #reader: DocumentReader;
  readonly #source: CaseSource;

  constructor(reader: DocumentReader, source: CaseSource) {
    this.#reader = reader;
    this.#source = source;
  }

  read(): Scenario {
    const { plan, fields, index } = this.#source;
    const own = (name: string) => ["scenarios", index, name];
    const name = this.#reader.text(fields.name, own("name")) ?? this.#reader.note(own("name"), "a name is missing") ?? "";
    const figures = new Map<FigureName, Spread>();
    for (const input of SCENARIO_INPUTS) {
      const { value, path } = this.#find(input.name);
      const spread = this.#reader.spread(value ?? ("byDefault" in input ? input.byDefault : undefined), path, input.unit);
      if (spread) figures.set(input.name, spread);
      else if (value === undefined) this.#reader.note(path, `${input.name} is missing`);
    }
    const volume = figures.get("monthly_volume");
    if (volume && compare(volume.low, ZERO) <= 0) this.#reader.note(this.#find("monthly_volume").path, "expected a volume above 0");
    const ucr = this.#find("ucr_usd");
    const p95 = this.#find("p95_latency_ms");
    const stated = this.#reader.spread(ucr.value, ucr.path, "usd");
    const models = stated && this.#find("mix").value === undefined ? [] : this.#readMix(figures, stated !== undefined);
    return {
      name,
      useCase: this.#reader.text(fields.use_case, own("use_case")) ?? this.#reader.text(plan.use_case, ["use_case"]),
      tenant: this.#reader.text(fields.tenant, own("tenant")) ?? this.#reader.text(plan.tenant, ["tenant"]),
      models,
      figures,
      statedUcr: stated,
      statedLatencyMsP95: this.#reader.whole(p95.value, p95.path, 0, 10_000_000),
      latencies: this.#readLatencies(models),
    };
  }

  #find(name: string): { value: unknown; path: Path } {
    const { fields, shared, index } = this.#source;
    const inCase = fields[name] !== undefined || shared[name] === undefined;
    return inCase ? { value: fields[name], path: ["scenarios", index, name] } : { value: shared[name], path: ["inputs", name] };
  }

  /** Where the unit cost is stated, the mix is told and its prices are not needed. */
  #readMix(figures: Map<FigureName, Spread>, isStated: boolean): string[] {
    const { value, path } = this.#find("mix");
    const mix = this.#reader.record(value, path);
    const models = Object.keys(mix).slice(0, MOST_MODELS);
    if (Object.keys(mix).length > MOST_MODELS) this.#reader.note(path, `expected at most ${MOST_MODELS} models`);
    if (models.length === 0) this.#reader.note(path, "mix is missing: the share of each model, or state ucr_usd");
    const shares: Spread[] = [];
    for (const model of models) {
      const share = this.#reader.spread(mix[model], [...path, model], "share");
      if (!share) continue;
      shares.push(share);
      figures.set(`mix.${model}`, share);
      if (!isStated) this.#readModel(model, figures, [...path, model]);
    }
    const sum = sumOf(shares.map(({ likely }) => likely));
    const exact = !shares.some(isRange);
    if (shares.length > 0 && shares.length === models.length) {
      if (exact && compare(sum, ONE) !== 0) this.#reader.note(path, "the shares must add up to 100%");
      if (compare(sumOf(shares.map(({ low }) => low)), ZERO) <= 0) this.#reader.note(path, "one share at least must be above 0");
    }
    return models;
  }

  #readModel(model: string, figures: Map<FigureName, Spread>, named: Path): void {
    const path: Path = ["models", model];
    const entry = this.#source.models[model];
    if (entry === undefined) this.#reader.note(named, `models has no ${model}`);
    const fields = this.#reader.fields(entry, path, MODEL_FIELDS, "optional");
    if (!fields) return;
    for (const input of MODEL_INPUTS) {
      const byDefault = "byDefault" in input ? input.byDefault : undefined;
      const spread = this.#reader.spread(fields[input.name] ?? byDefault, [...path, input.name], input.unit);
      if (spread) figures.set(`models.${model}.${input.name}`, spread);
    }
    this.#readPrices(model, fields, figures, path);
  }

  #readPrices(model: string, fields: Fields, figures: Map<FigureName, Spread>, path: Path): void {
    const [input, output] = [`models.${model}.input_usd_mtok`, `models.${model}.output_usd_mtok`] as const;
    if (figures.has(input) && figures.has(output)) return;
    const provider = this.#reader.text(fields.provider, [...path, "provider"]);
    const name = this.#reader.text(fields.model, [...path, "model"]) ?? model;
    if (provider === undefined) {
      this.#reader.note(path, "expected input_usd_mtok and output_usd_mtok, or provider and model of the price book");
      return;
    }
    const tokens = figures.get(`models.${model}.prompt_tokens`) ?? figures.get("prompt_tokens");
    const found = this.#source.priceOf(provider, name, tokens ? upToWhole(tokens.likely) : 0);
    if (!found) {
      this.#reader.note(path, `the price book has no price of ${provider} ${name}; write input_usd_mtok and output_usd_mtok`);
      return;
    }
    if (!figures.has(input)) figures.set(input, fixed(parseRational(found.inputUsdMtok) ?? ZERO));
    if (!figures.has(output)) figures.set(output, fixed(parseRational(found.outputUsdMtok) ?? ZERO));
  }

  #readLatencies(models: readonly string[]): Map<string, Latency> {
    const latencies = new Map<string, Latency>();
    const read = (name: string, value: unknown, path: Path) => {
      const fields = this.#reader.fields(value, path, ["p50", "p95"], "optional");
      if (!fields) return;
      const p50Ms = this.#reader.whole(fields.p50, [...path, "p50"], 1, 10_000_000);
      const p95Ms = this.#reader.whole(fields.p95, [...path, "p95"], 1, 10_000_000);
      if (p50Ms === undefined || p95Ms === undefined || p95Ms < p50Ms) this.#reader.note(path, "expected p50 and p95, which is not less");
      else latencies.set(name, { p50Ms, p95Ms });
    };
    read(CACHE, this.#source.plan.cache_latency_ms, ["cache_latency_ms"]);
    for (const model of models) {
      const fields = this.#source.models[model];
      if (typeof fields === "object" && fields !== null) read(model, (fields as Fields).latency_ms, ["models", model, "latency_ms"]);
    }
    return latencies;
  }
}

/** The latency of answers from the cache; no model can be called so, as its name has no colon before it. */
export const CACHE = ":cache";

function upToWhole({ top, bottom }: Rational): number {
  return Number((top + bottom - 1n) / bottom);
}
