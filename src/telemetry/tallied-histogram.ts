import { Histogram, type MetricType, type MetricValueWithName, type Registry } from "prom-client";

/** Counts per bucket of one set of labels. */
export class BucketCounts {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
  }
}

/** A Prometheus histogram whose counting happened elsewhere: `read` gives the counts when someone scrapes. */
export class TalliedHistogram extends Histogram<string> {
  readonly #read: () => Iterable<{ labels: Record<string, string>; counts: BucketCounts }>;
  readonly #name: string;
  readonly #help: string;

  constructor(
    shape: { name: string; help: string; labels: readonly string[]; bounds: readonly number[]; registry: Registry },
    read: () => Iterable<{ labels: Record<string, string>; counts: BucketCounts }>,
  ) {
    super({
      name: shape.name,
      help: shape.help,
      labelNames: [...shape.labels],
      buckets: [...shape.bounds],
      registers: [shape.registry],
    });
    this.#name = shape.name;
    this.#help = shape.help;
    this.#read = read;
  }

  override async get() {
    const values: MetricValueWithName<string>[] = [];
    for (const { labels, counts } of this.#read()) {
      let cumulated = 0;
      for (let bucket = 0; bucket <= counts.bounds.length; bucket++) {
        cumulated += counts.counts[bucket]!;
        const le = bucket < counts.bounds.length ? counts.bounds[bucket]! : "+Inf";
        values.push({ metricName: `${this.#name}_bucket`, value: cumulated, labels: { le, ...labels } });
      }
      values.push({ metricName: `${this.#name}_sum`, value: counts.sum, labels });
      values.push({ metricName: `${this.#name}_count`, value: cumulated, labels });
    }
    // The typings declare the type as a number; the library itself writes and reads these words.
    const type = "histogram" as unknown as MetricType;
    return { name: this.#name, help: this.#help, type, values, aggregator: "sum" as const, collect: () => {} };
  }

  /** What prom-client asks for when it writes text; its own would look at counts this class never keeps. */
  getForPromString() {
    return this.get();
  }
}
