import type { ServerProcess } from "../bench/full-path/bench-process.ts";

/** The place that is under load, and who runs it. */
export interface LoadSite {
  /** HTTP address of the exchange. */
  readonly url: string;
  readonly server: ServerProcess;
}

/** What one kind of trouble did, in words and numbers for the table. */
export interface Trouble {
  /** One phrase on what was sent. */
  readonly sent: string;
  /** What must hold beside the valid traffic's latency; empty when all did. */
  readonly faults: readonly string[];
}

/**
 * Something that happens to an exchange while others trade there. It begins when it is called and ends by itself or soon after the signal;
 * the valid traffic is measured meanwhile.
 */
export interface Scenario {
  readonly name: string;
  run(site: LoadSite, signal: AbortSignal): Promise<Trouble>;
}
