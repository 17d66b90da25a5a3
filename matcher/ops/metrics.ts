import { type Metric, Registry } from "prom-client";
import type { LatencyHistogram } from "../timing/latency-histogram.ts";

export type Labels = Readonly<Record<string, string>>;

/** A number, or several that differ in their labels. */
export type Reading = number | readonly { readonly labels: Labels; readonly value: number }[];

interface Value {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

/**
 * The numbers of GET /metrics. Nothing is recorded here: each is read from its owner's own counters when somebody asks, so that orders
 * pay for plain additions only. Parts that come and go may add theirs at any time.
 */
export class Metrics {
  readonly #registry = new Registry();

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The page. One number that cannot be read fails all: half a page would look like a quiet exchange. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  gauge(name: string, help: string, read: () => Reading): void {
    this.#add(name, help, "gauge", () => valuesOf(read()));
  }

  /** @param name ends in _total */
  counter(name: string, help: string, read: () => Reading): void {
    this.#add(name, help, "counter", () => valuesOf(read()));
  }

  /** @param name ends in _seconds; the histograms count in milliseconds */
  histogram(name: string, help: string, read: () => readonly { labels: Labels; of: LatencyHistogram }[]): void {
    this.#add(name, help, "histogram", () => read().flatMap(({ labels, of }) => bucketsOf(name, labels, of)));
  }

  #add(name: string, help: string, type: string, values: () => Value[]): void {
    // The registry asks for no more of a metric than this.
    const metric = { name, help, type, aggregator: "sum", get: async () => ({ name, help, type, values: values() }) };
    this.#registry.registerMetric(metric as unknown as Metric);
  }
}

function valuesOf(reading: Reading): Value[] {
  return typeof reading === "number" ? [{ labels: {}, value: reading }] : [...reading];
}

const MS_PER_SECOND = 1_000;

function bucketsOf(name: string, labels: Labels, histogram: LatencyHistogram): Value[] {
  let value = 0;
  const { counts, boundsMs } = histogram;
  const buckets = counts.map((count, i) => {
    value += count;
    const boundMs = boundsMs[i];
    const le = boundMs === undefined ? "+Inf" : String(boundMs / MS_PER_SECOND);
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sumMs / MS_PER_SECOND },
    { metricName: `${name}_count`, labels, value: histogram.count },
  ];
}
