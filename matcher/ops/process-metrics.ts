import type { EventLoop } from "./event-loop.ts";
import type { Metrics } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";
import type { SteadyClock } from "./steady-clock.ts";

export interface ProcessSources {
  readonly eventLoop: EventLoop;
  readonly clock: SteadyClock;
  readonly readiness: Readiness;
}

/** What the process can tell of itself. */
export function processMetrics(metrics: Metrics, { eventLoop, clock, readiness }: ProcessSources): void {
  metrics.gauge("clearbook_ready", "1 while GET /ready answers 200", () =>
    readiness.hindrances().length === 0 ? 1 : 0,
  );
  metrics.histogram("clearbook_event_loop_lag_seconds", "How late the main thread's timers are", () => [
    { labels: {}, of: eventLoop.lag },
  ]);
  metrics.gauge("clearbook_memory_bytes", "Of the main process", () =>
    Object.entries(process.memoryUsage()).map(([kind, value]) => ({ labels: { kind }, value })),
  );
  metrics.counter("clearbook_cpu_seconds_total", "Of the main process with its threads", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge("clearbook_uptime_seconds", "Since the process started", () => process.uptime());
  metrics.gauge("clearbook_clock_offset_seconds", "The machine's clock to the exchange's", () => {
    clock.nowMs();
    return clock.offsetMs / 1_000;
  });
}
