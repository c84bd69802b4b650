import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraws } from "../../std/seeded-draws.ts";
import { breakEvenOf } from "./break-even.ts";
import { centralPoint, evaluateScenario } from "./evaluate-scenario.ts";
import { monteCarlo } from "./monte-carlo.ts";
import { compare, decimalText, minus, parseRational, rational, sumOf } from "./rational.ts";
import { runScenarios } from "./run-scenarios.ts";
import { BASE, INPUTS, MODELS, planOf } from "./scenario-test-kit.ts";
import { sensitivityOf } from "./sensitivity.ts";
import { draw } from "./spread.ts";
import { tryWhatIf } from "./what-if.ts";
import { runThrough } from "./work-steps.ts";

const scenarioOf = (changes: object) => planOf({ models: MODELS, inputs: INPUTS, scenarios: [{ ...BASE, ...changes }] }).scenarios[0];
const text = (value: { top: bigint; bottom: bigint }) => decimalText(value, 9, "up");

describe("sensitivity", () => {
  it("puts the number that moves the run-rate most first, moved by the swing or over its range", () => {
    const bars = runThrough(sensitivityOf(scenarioOf({ cache_hit: { low: "50%", likely: "60%", high: "70%" } }), rational(1n, 10n)));
    expect(bars[0]).toMatchObject({ figure: "cache_hit" });
    expect([text(bars[0]!.runRateLow), text(bars[0]!.runRateHigh)]).toEqual(["8392", "6328"]);
    expect(bars[1]).toMatchObject({ figure: "monthly_volume" });
    expect([text(bars[1]!.runRateLow), text(bars[1]!.runRateHigh)]).toEqual(["6624", "8096"]);
    const lengths = bars
      .map(({ runRateLow, runRateHigh }) => minus(runRateHigh, runRateLow))
      .map(({ top, bottom }) => rational(top < 0n ? -top : top, bottom));
    for (let index = 1; index < lengths.length; index++) expect(compare(lengths[index - 1]!, lengths[index]!)).toBeGreaterThanOrEqual(0);
  });
});

describe("ranges", () => {
  it("give the same figures for the same seed and others for another", () => {
    const scenario = scenarioOf({ cache_hit: { low: 0.4, high: 0.8 }, gen_tokens: { low: 300, likely: 500, high: 900 } });
    const of = (seed: number) => text(runThrough(monteCarlo(scenario, 500, seededDraws(seed)))!.runRate.p50);
    expect(of(7)).toBe(of(7));
    expect(of(7)).not.toBe(of(8));
  });

  it("are none where every number is known", () => {
    expect(runThrough(monteCarlo(scenarioOf({}), 500, seededDraws(1)))).toBeUndefined();
  });

  it("are met in their middle by draws that favour no side", () => {
    const drawn = runThrough(monteCarlo(scenarioOf({ monthly_volume: { low: 0.000001, high: 1_600_000 } }), 4_000, seededDraws(3)))!;
    expect(Math.abs(Number(text(drawn.runRate.mean)) / 7360 - 1)).toBeLessThan(0.03);
    expect(Math.abs(Number(text(drawn.runRate.p95)) / (2 * 7360 * 0.95) - 1)).toBeLessThan(0.03);
  });

  it("hold every draw, and a peaked one has its median where the triangle has it", () => {
    const [low, likely, high] = ["10", "20", "60"].map((one) => parseRational(one)!) as [never, never, never];
    const drawn = Array.from(
      { length: 4_000 },
      (
        (next) => () =>
          draw({ low, likely, high, peaked: true }, next)
      )(seededDraws(5)),
    ).sort(compare);
    expect(compare(drawn[0]!, low)).toBeGreaterThanOrEqual(0);
    expect(compare(drawn.at(-1)!, high)).toBeLessThanOrEqual(0);
    // high - sqrt((high - low)(high - likely) / 2) = 60 - sqrt(1000)
    expect(Math.abs(Number(decimalText(drawn[2_000]!, 6, "nearest")) - (60 - Math.sqrt(1_000)))).toBeLessThan(0.8);
  });
});

it("works in steps short enough that a server can relay calls between them", () => {
  const plan = planOf({
    models: MODELS,
    inputs: { ...INPUTS, cache_hit: { low: 0.1, high: 0.9 } },
    monte_carlo: { draws: 1_000 },
    scenarios: [BASE, { ...BASE, name: "Again", cache_hit: undefined }],
  });
  const steps = runScenarios(plan, seededDraws);
  const stepsMs: number[] = [];
  for (let before = performance.now(); !steps.next().done; before = performance.now()) {
    stepsMs.push(performance.now() - before);
  }
  expect(stepsMs.length).toBeGreaterThan(1_000 / 20);
  // Not the longest: another process may take the processor away in any one step.
  expect(stepsMs.sort((one, other) => one - other)[Math.floor(stepsMs.length * 0.9)]).toBeLessThan(50);
});

describe("break-even", () => {
  const own = {
    name: "Own",
    monthly_volume: 1,
    mix: { house: 1 },
    orchestration_usd: 0,
    orchestration_monthly_usd: 3_000,
    prompt_tokens: 1_000,
    gen_tokens: 0,
  };
  const bought = { name: "Bought", monthly_volume: 1, mix: { small: 1 }, prompt_tokens: 1_000, gen_tokens: 0 };
  const models = { small: { input_usd_mtok: 10, output_usd_mtok: 0 }, house: { input_usd_mtok: 2, output_usd_mtok: 0 } };
  const question = { between: ["Own", "Bought"], over: "monthly_volume" } as const;

  it("is the volume at which a pool is paid back, and tells who is cheaper above it", () => {
    const plan = planOf({ models, scenarios: [own, bought] });
    const found = breakEvenOf(question, plan);
    expect(found).toMatchObject({ outcome: "crosses", cheaperAbove: "Own" });
    expect(found.outcome === "crosses" && [text(found.at), text(found.runRate)]).toEqual(["375000", "3750"]);
  });

  it("is none where one option is cheaper at every volume, or both cost the same", () => {
    const plan = planOf({ models, scenarios: [{ ...own, orchestration_monthly_usd: 0 }, bought, { ...bought, name: "Twin" }] });
    expect(breakEvenOf(question, plan)).toMatchObject({ outcome: "never", cheaper: "Own" });
    expect(breakEvenOf({ ...question, between: ["Bought", "Twin"] }, plan)).toMatchObject({ outcome: "same" });
  });
});

describe("what if", () => {
  it("takes a moved share from the other models in proportion, and leaves the sum as it was", () => {
    const change = { volume: parseRational("2"), move: { share: parseRational("20%")!, to: "small" } };
    const tried = tryWhatIf(scenarioOf({}), change, "Moved");
    if (typeof tried === "string") throw new Error(tried);
    const point = centralPoint(tried);
    expect(["small", "medium", "large"].map((model) => decimalText(point.get(`mix.${model}`)!, 6, "nearest"))).toEqual([
      "0.75",
      "0.194444",
      "0.055556",
    ]);
    expect(text(evaluateScenario(tried, point).volume)).toBe("1600000");
  });

  it("refuses a model that the mix does not have, and a share that the others do not have", () => {
    const share = parseRational("50%")!;
    expect(tryWhatIf(scenarioOf({}), { volume: undefined, move: { share, to: "huge" } }, "x")).toBe("no_such_model");
    expect(tryWhatIf(scenarioOf({}), { volume: undefined, move: { share, to: "small" } }, "x")).toBe("share_too_large");
  });
});

it("adds up: the components are the unit cost and volume times it is the run-rate, exactly, whatever the numbers", () => {
  const decimal = fc.nat(10 ** 6).map((value) => `${value}e-6`);
  fc.assert(
    fc.property(
      decimal,
      decimal,
      decimal,
      decimal,
      fc.nat(5_000),
      fc.integer({ min: 1, max: 10 ** 7 }),
      (hit, share, price, pool, tokens, monthly_volume) => {
        const models = { a: { input_usd_mtok: price, output_usd_mtok: "7.77" }, b: { input_usd_mtok: "0.1", output_usd_mtok: price } };
        const mix = { a: { low: share, likely: share, high: share }, b: { low: "0.3", high: "0.9" } };
        const inputs = {
          mix,
          cache_hit: hit,
          prompt_tokens: tokens,
          gen_tokens: 31,
          depth_k: 3,
          retrieval_usd_per_k: price,
          orchestration_monthly_usd: pool,
        };
        const [scenario] = planOf({ models, inputs, scenarios: [{ name: "x", monthly_volume }] }).scenarios;
        const cost = evaluateScenario(scenario, centralPoint(scenario));
        expect(compare(sumOf(Object.values(cost.components!)), cost.ucr)).toBe(0);
        expect(compare(rational(cost.volume.top * cost.ucr.top, cost.volume.bottom * cost.ucr.bottom), cost.runRate)).toBe(0);
      },
    ),
  );
});
