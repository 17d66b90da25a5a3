import { expect } from "chai";
import { Metrics } from "../../matcher/ops/metrics.ts";
import { LatencyHistogram } from "../../matcher/timing/latency-histogram.ts";

describe("Metrics", () => {
  it("count a duration in the first bucket that is not below it, at the bound and beyond", () => {
    const histogram = new LatencyHistogram([1, 5, 10]);
    for (const ms of [0, 1, 1.001, 5, 9.99, 10, 10.01, 1e9]) histogram.record(ms);
    expect(histogram.counts).to.deep.equal([2, 2, 2, 2]);
    expect(histogram.count).to.equal(8);
    expect(histogram.sumMs).to.be.closeTo(1e9 + 37.001, 0.001);
  });

  it("are read when they are asked for, in Prometheus' text, with histograms in seconds and added up", async () => {
    const metrics = new Metrics();
    const histogram = new LatencyHistogram([1, 2_500]);
    let value = 1;
    metrics.gauge("clearbook_x", "A number", () => value);
    metrics.counter("clearbook_y_total", "By code", () => [
      { labels: { code: "A" }, value: 2 },
      { labels: { code: 'quo"ted' }, value: 3 },
    ]);
    metrics.histogram("clearbook_z_seconds", "A time", () => [{ labels: { stage: "s" }, of: histogram }]);
    value = 7;
    for (const ms of [0.5, 2, 2_500, 9_999.5]) histogram.record(ms);
    expect(metrics.contentType).to.match(/^text\/plain/);
    expect((await metrics.text()).trim().split("\n")).to.deep.equal([
      "# HELP clearbook_x A number",
      "# TYPE clearbook_x gauge",
      "clearbook_x 7",
      "",
      "# HELP clearbook_y_total By code",
      "# TYPE clearbook_y_total counter",
      'clearbook_y_total{code="A"} 2',
      'clearbook_y_total{code="quo\\"ted"} 3',
      "",
      "# HELP clearbook_z_seconds A time",
      "# TYPE clearbook_z_seconds histogram",
      'clearbook_z_seconds_bucket{stage="s",le="0.001"} 1',
      'clearbook_z_seconds_bucket{stage="s",le="2.5"} 3',
      'clearbook_z_seconds_bucket{stage="s",le="+Inf"} 4',
      'clearbook_z_seconds_sum{stage="s"} 12.502',
      'clearbook_z_seconds_count{stage="s"} 4',
    ]);
  });

  it("may be added at any time, but not twice under one name", async () => {
    const metrics = new Metrics();
    metrics.gauge("clearbook_stream_connections", "Open streams", () => 3);
    expect(await metrics.text()).to.contain("clearbook_stream_connections 3");
    expect(() => metrics.gauge("clearbook_stream_connections", "again", () => 4)).to.throw(/already been registered/);
  });
});
