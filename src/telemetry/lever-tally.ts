import type { CallFacts } from "./call-tally.ts";

interface LeverSeries {
  readonly metric: "ballast_lever_calls_total" | "ballast_cache_hits_total" | "ballast_lever_refusals_total";
  readonly labels: Readonly<Record<string, string>>;
  calls: number;
}

const REFUSALS: ReadonlySet<string> = new Set(["paced", "model_frozen", "cache_only_enforced", "call_deferred"]);
const OTHER = "other";

/** What levers and caches did to calls. Use cases beyond `limit` series count as "other", so that callers' words cannot grow it. */
export class LeverTally {
  readonly #limit: number;
  readonly #series = new Map<string, LeverSeries>();

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  add({ levers = [], cache, refusedBy, useCase }: Pick<CallFacts, "levers" | "cache" | "refusedBy" | "useCase">): void {
    for (const lever of levers) this.#count("ballast_lever_calls_total", "lever", lever.split("=", 1)[0]!, useCase);
    if (cache !== undefined) this.#count("ballast_cache_hits_total", "kind", cache, useCase);
    if (refusedBy !== undefined && REFUSALS.has(refusedBy)) this.#count("ballast_lever_refusals_total", "code", refusedBy, useCase);
  }

  series(): Iterable<LeverSeries> {
    return this.#series.values();
  }

  #count(metric: LeverSeries["metric"], label: string, value: string, useCase: string): void {
    const key = `${metric} ${value} ${useCase}`;
    const known = this.#series.get(key);
    if (known) known.calls++;
    else if (this.#series.size < this.#limit || useCase === OTHER) {
      this.#series.set(key, { metric, labels: { [label]: value, use_case: useCase }, calls: 1 });
    } else this.#count(metric, label, value, OTHER);
  }
}
