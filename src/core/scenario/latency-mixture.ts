import { centralPoint, type Latency, type Scenario } from "./evaluate-scenario.ts";
import { minus, ONE, over, type Rational, sumOf, ZERO } from "./rational.ts";
import { CACHE } from "./read-scenarios.ts";

/** The 95th percentile of the standard normal distribution. */
const Z95 = 1.6448536269514722;

/**
 * The p95 latency of all requests: as stated, or that of the mixture of cache and models, each taken as log-normal through its own
 * p50 and p95. Percentiles of parts cannot be averaged; the mixture's is found where its share of slower requests is 5 %.
 * @returns undefined where a part that answers requests has no latency: then nobody knows
 */
export function latencyMsP95(scenario: Scenario): number | undefined {
  if (scenario.statedLatencyMsP95 !== undefined) return scenario.statedLatencyMsP95;
  const parts = partsOf(scenario);
  if (!parts || parts.length === 0) return undefined;
  let [below, above] = [0, Math.max(...parts.map(({ latency }) => latency.p95Ms))];
  for (let step = 0; step < 60; step++) {
    const middle = (below + above) / 2;
    const slower = parts.reduce((sum, { weight, latency }) => sum + weight * shareSlower(latency, middle), 0);
    if (slower > 0.05) below = middle;
    else above = middle;
  }
  return Math.round(above);
}

function partsOf(scenario: Scenario): { weight: number; latency: Latency }[] | undefined {
  const point = centralPoint(scenario);
  const hit = point.get("cache_hit") ?? ZERO;
  const missed = minus(ONE, hit);
  const shares = sumOf(scenario.models.map((model) => point.get(`mix.${model}`) ?? ZERO));
  if (shares.top === 0n) return undefined;
  const weights = new Map<string, number>([[CACHE, numberOf(hit)]]);
  for (const model of scenario.models) {
    weights.set(model, numberOf(missed) * numberOf(over(point.get(`mix.${model}`) ?? ZERO, shares)));
  }
  const parts = [...weights]
    .filter(([, weight]) => weight > 0)
    .map(([name, weight]) => ({ weight, latency: scenario.latencies.get(name) }));
  return parts.every((part): part is { weight: number; latency: Latency } => part.latency !== undefined) ? parts : undefined;
}

function shareSlower({ p50Ms, p95Ms }: Latency, ms: number): number {
  if (p95Ms === p50Ms) return ms < p50Ms ? 1 : 0;
  const sigma = Math.log(p95Ms / p50Ms) / Z95;
  return 1 - normalBelow(Math.log(ms / p50Ms) / sigma);
}

/** Abramowitz and Stegun 26.2.17, within 7.5e-8. */
function normalBelow(z: number): number {
  if (z < 0) return 1 - normalBelow(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** Weights of latencies are no money. */
function numberOf({ top, bottom }: Rational): number {
  return Number((top * 1_000_000_000n) / bottom) / 1e9;
}
