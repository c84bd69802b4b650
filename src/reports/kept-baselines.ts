import type { Rational } from "../core/scenario/rational.ts";
import type { Instant } from "../core/time/window.ts";
import type { UnitCostSettings } from "../core/unit-cost/unit-cost-settings.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { baselineUsd } from "./unit-costs.ts";

/** Late traces may still change what a period cost. */
const KEEP_MS = 3_600_000;

/** What requests of use cases should cost, measured ones for an hour at a time: a scrape must not sum up a month. */
export class KeptBaselines {
  readonly #settings: UnitCostSettings;
  readonly #kept = new Map<string, { readonly until: Instant; readonly usd: Rational | null }>();

  constructor(settings: UnitCostSettings) {
    this.#settings = settings;
  }

  useCases(): readonly string[] {
    return [...new Set(this.#settings.baselines.map(({ useCase }) => useCase))];
  }

  /** Null when nobody says, or it was to be measured and nothing was. The last that the configuration names holds. */
  async of(useCase: string, warehouse: Warehouse | undefined, now: Instant): Promise<Rational | null> {
    const baseline = this.#settings.baselines.findLast((one) => one.useCase === useCase);
    if (baseline === undefined) return null;
    if (baseline.kind === "given") return baseline.usd;
    const kept = this.#kept.get(useCase);
    if (kept && kept.until > now) return kept.usd;
    if (!warehouse) return null;
    const usd = await baselineUsd(warehouse, this.#settings, baseline, now);
    this.#kept.set(useCase, { until: now + KEEP_MS, usd });
    return usd;
  }
}
