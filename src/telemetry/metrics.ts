import { Counter, Gauge, Registry } from "prom-client";
import { formatUsd, type Nano } from "../core/money/usd.ts";
import type { Instant } from "../core/time/window.ts";
import { type CallFacts, CallTally } from "./call-tally.ts";
import { LeverTally } from "./lever-tally.ts";
import { METRICS, type MetricName } from "./metric-list.ts";
import { MinuteRing } from "./minute-ring.ts";
import { BucketCounts, TalliedHistogram } from "./tallied-histogram.ts";

/** Seconds. Model calls take from tens of milliseconds to minutes. */
const DURATION_BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];
/** Seconds. The gateway's own part should be far below a millisecond or two. */
const OVERHEAD_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const MOST_PROVIDERS = 200;

/** What only the ledger and the warehouse know; read once per scrape by whoever serves it. */
export interface ScrapeFacts {
  readonly accounts: readonly {
    readonly budgetId: string;
    readonly limitNano: Nano;
    readonly spentNano: Nano;
    readonly heldNano: Nano;
    readonly inDoubtNano: Nano;
  }[];
  readonly accountsOmitted: number;
  /** One per tenant and model of hard budgets. */
  readonly hardLimits: readonly { readonly tenant: string; readonly model: string; readonly reached: boolean }[];
  /** What requests of use cases should cost, where that is known. */
  readonly baselines: readonly { readonly useCase: string; readonly usd: string }[];
  readonly levers: readonly { readonly subject: string; readonly lever: string; readonly value: number }[];
  readonly controls: {
    readonly ticks: number;
    readonly failedTicks: number;
    readonly changes: number;
    readonly reverts: Readonly<Record<string, number>>;
    readonly held: Readonly<Record<string, number>>;
  };
  readonly outboxWaiting: number;
  readonly outboxParked: number;
  readonly alertsWaiting: number;
  readonly alertsDead: number;
  readonly holdsInDoubt: number;
  readonly warehouseUp: boolean;
  readonly cacheUp: boolean;
  /** Since the start, by where they were answered from. */
  readonly statusReads: Readonly<Record<string, number>>;
}

/**
 * Counts calls as they end and writes Prometheus text. `call` is on the hot path: it only adds to maps, money as bigint;
 * prom-client's values are built when someone scrapes.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #now: () => Instant;
  readonly #startedAt: Instant;
  readonly #calls: CallTally;
  readonly #durations = new Map<string, BucketCounts>();
  readonly #overhead = new BucketCounts(OVERHEAD_BOUNDS);
  readonly #minutes = new MinuteRing();
  readonly #gauges = new Map<MetricName, Gauge<string>>();
  readonly #counters = new Map<MetricName, Counter<string>>();
  readonly #levers: LeverTally;
  #inputTokens = 0;
  #outputTokens = 0;
  #inFlight = 0;
  #inFlightElsewhere = 0;
  #holdsExceeded = 0;
  readonly #unpriced = new Map<string, { labels: { provider: string; reason: string }; calls: number }>();

  constructor(options: { version: string; now: () => Instant; mostSeries?: number }) {
    this.#now = options.now;
    this.#startedAt = options.now();
    this.#calls = new CallTally(options.mostSeries);
    this.#levers = new LeverTally(options.mostSeries);
    for (const [name, entry] of Object.entries(METRICS) as [MetricName, (typeof METRICS)[MetricName]][]) {
      const shape = { name, help: entry.help, labelNames: [...entry.labels], registers: [this.#registry] };
      if (entry.type === "gauge") this.#gauges.set(name, new Gauge<string>(shape));
      if (entry.type === "counter") this.#counters.set(name, new Counter<string>(shape));
    }
    const durations = METRICS.ballast_call_duration_seconds;
    new TalliedHistogram({ name: "ballast_call_duration_seconds", ...durations, bounds: DURATION_BOUNDS, registry: this.#registry }, () =>
      Array.from(this.#durations, ([provider, counts]) => ({ labels: { provider }, counts })),
    );
    const overhead = METRICS.ballast_overhead_seconds;
    new TalliedHistogram({ name: "ballast_overhead_seconds", ...overhead, bounds: OVERHEAD_BOUNDS, registry: this.#registry }, () => [
      { labels: {}, counts: this.#overhead },
    ]);
    this.#gauges.get("ballast_build_info")!.set({ version: options.version, node: process.version }, 1);
    this.#gauges.get("ballast_start_time_seconds")!.set(this.#startedAt / 1000);
  }

  /** Adds one ended, refused or tracked call. */
  call(facts: CallFacts): void {
    this.#calls.add(facts);
    this.#levers.add(facts);
    this.#inputTokens += facts.inputTokens;
    this.#outputTokens += facts.outputTokens;
    if (facts.unpricedReason !== undefined) this.#countUnpriced(facts.provider, facts.unpricedReason);
    this.#minutes.add(this.#now());
    if (facts.outcome === "tracked") return; // Nobody waited for it here.
    this.#durationsOf(facts.provider).add(facts.durationMs / 1000);
    this.#overhead.add(facts.overheadMs / 1000);
  }

  /** A call arrived; `leave` is due when it has ended, however it ends. */
  enter(): void {
    this.#inFlight++;
  }

  leave(): void {
    this.#inFlight--;
  }

  /** Calls under way in other processes of this server. */
  setInFlightElsewhere(calls: number): void {
    this.#inFlightElsewhere = calls;
  }

  holdExceeded(): void {
    this.#holdsExceeded++;
  }

  get startedAt(): Instant {
    return this.#startedAt;
  }

  /** The last 60 minutes, oldest first, as this process saw them. */
  callsPerMinute(): { start: Instant; calls: number }[] {
    return this.#minutes.last(this.#now());
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The whole exposition as text. */
  async expose(facts: ScrapeFacts): Promise<string> {
    this.#fillCounters(facts);
    this.#fillGauges(facts);
    return this.#registry.metrics();
  }

  #countUnpriced(provider: string, reason: string): void {
    const key = `${provider} ${reason}`;
    const counted = this.#unpriced.get(key);
    if (counted) counted.calls++;
    else this.#unpriced.set(key, { labels: { provider, reason }, calls: 1 });
  }

  #durationsOf(provider: string): BucketCounts {
    let counts = this.#durations.get(provider);
    if (counts) return counts;
    const name = this.#durations.size < MOST_PROVIDERS ? provider : "other";
    counts = this.#durations.get(name) ?? new BucketCounts(DURATION_BOUNDS);
    this.#durations.set(name, counts);
    return counts;
  }

  #fillCounters({ statusReads, controls }: ScrapeFacts): void {
    const counter = (name: MetricName) => this.#counters.get(name)!;
    for (const each of this.#counters.values()) each.reset();
    for (const series of this.#calls.series()) {
      const { tenant, provider, model, outcome } = series;
      const labels = { tenant, use_case: series.useCase, provider, model };
      counter("requests_total").inc({ ...labels, outcome }, series.calls);
    }
    fillMoney(counter("spend_usd_total"), this.#calls.series(), ({ tenant, useCase, provider, model }) => ({
      tenant,
      use_case: useCase,
      provider,
      model,
    }));
    fillMoney(counter("ai_token_usage_cost_usd"), this.#calls.series(), ({ tenant, model, reportType }) => ({
      tenant_id: tenant,
      model,
      report_type: reportType,
    }));
    counter("ballast_tokens_total").inc({ direction: "input" }, this.#inputTokens);
    counter("ballast_tokens_total").inc({ direction: "output" }, this.#outputTokens);
    counter("ballast_hold_exceeded_total").inc(this.#holdsExceeded);
    for (const { labels, calls } of this.#unpriced.values()) counter("ballast_unpriced_calls_total").inc(labels, calls);
    for (const { metric, labels, calls } of this.#levers.series()) counter(metric).inc(labels, calls);
    counter("ballast_control_ticks_total").inc({ result: "done" }, controls.ticks);
    counter("ballast_control_ticks_total").inc({ result: "failed" }, controls.failedTicks);
    counter("ballast_lever_changes_total").inc(controls.changes);
    for (const [cause, reverts] of Object.entries(controls.reverts)) counter("ballast_lever_reverts_total").inc({ cause }, reverts);
    for (const [result, reads] of Object.entries(statusReads)) counter("ballast_status_reads_total").inc({ result }, reads);
  }

  #fillGauges(facts: ScrapeFacts): void {
    const gauge = (name: MetricName) => this.#gauges.get(name)!;
    const perAccount = {
      ballast_account_limit_usd: "limitNano",
      ballast_account_spent_usd: "spentNano",
      ballast_account_held_usd: "heldNano",
      ballast_account_in_doubt_usd: "inDoubtNano",
    } as const;
    for (const [name, field] of Object.entries(perAccount) as [keyof typeof perAccount, (typeof perAccount)[keyof typeof perAccount]][]) {
      gauge(name).reset();
      for (const account of facts.accounts) gauge(name).set({ budget: account.budgetId }, usdOf(account[field]));
    }
    gauge("ai_budget_hard_limit_reached").reset();
    for (const { tenant, model, reached } of facts.hardLimits) {
      gauge("ai_budget_hard_limit_reached").set({ tenant_id: tenant, model }, reached ? 1 : 0);
    }
    gauge("ucr_baseline").reset();
    for (const { useCase, usd } of facts.baselines) gauge("ucr_baseline").set({ use_case: useCase }, Number(usd));
    gauge("ballast_lever_value").reset();
    for (const { subject, lever, value } of facts.levers) gauge("ballast_lever_value").set({ subject, lever }, value);
    gauge("ballast_controls_held").reset();
    for (const [reason, held] of Object.entries(facts.controls.held)) gauge("ballast_controls_held").set({ reason }, held);
    gauge("ballast_calls_in_flight").set(this.#inFlight + this.#inFlightElsewhere);
    gauge("ballast_outbox_waiting").set(facts.outboxWaiting);
    gauge("ballast_outbox_parked").set(facts.outboxParked);
    gauge("ballast_alerts_waiting").set(facts.alertsWaiting);
    gauge("ballast_alerts_dead").set(facts.alertsDead);
    gauge("ballast_holds_in_doubt").set(facts.holdsInDoubt);
    gauge("ballast_accounts_omitted").set(facts.accountsOmitted);
    gauge("ballast_warehouse_up").set(facts.warehouseUp ? 1 : 0);
    gauge("ballast_cache_up").set(facts.cacheUp ? 1 : 0);
    gauge("ballast_resident_memory_bytes").set(process.memoryUsage.rss());
  }
}

type Labels = Record<string, string>;

/** Adds money up as integers per label set before it becomes a number once, so that no rounding gathers. */
function fillMoney(
  counter: Counter<string>,
  series: ReturnType<CallTally["series"]>,
  labelsOf: (one: (typeof series)[number]) => Labels,
): void {
  const sums = new Map<string, { labels: Labels; nano: Nano }>();
  for (const one of series) {
    const labels = labelsOf(one);
    const key = Object.values(labels).join("\u0000");
    const sum = sums.get(key);
    if (sum) sum.nano += one.bookedNano;
    else sums.set(key, { labels, nano: one.bookedNano });
  }
  for (const { labels, nano } of sums.values()) counter.inc(labels, usdOf(nano));
}

function usdOf(nano: Nano): number {
  return Number(formatUsd(nano));
}
