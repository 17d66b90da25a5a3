import type { Signer } from "ethers";
import type { MarketSimulation } from "./market-simulation.ts";
import { type OracleContext, signReport } from "./report-signer.ts";

export interface PriceFeedOptions {
  readonly context: OracleContext;
  readonly signer: Signer;
  readonly simulation: MarketSimulation;
  /** The matcher's door for operators. */
  readonly matcherUrl: string;
  /** At least 1000: rounds have whole seconds. */
  readonly everyMs: number;
  readonly onPrices?: (pricesTicks: readonly number[]) => void;
  /** Told when the matcher refuses a report, and once when it stops answering. */
  readonly onTrouble?: (sentence: string) => void;
}

const ANSWER_LIMIT_MS = 5_000;

/** Reports simulated prices to the matcher, again and again. A report that does not arrive is not repeated: the next is newer. */
export class PriceFeed {
  readonly #options: PriceFeedOptions;
  #lastSeconds = 0;
  #silent = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PriceFeedOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#report(), this.#options.everyMs);
    await this.#report();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #report(): Promise<void> {
    const { context, signer, simulation, everyMs, onPrices } = this.#options;
    simulation.advance(everyMs);
    const timeSeconds = Math.floor(Date.now() / 1000);
    if (timeSeconds <= this.#lastSeconds) return;
    this.#lastSeconds = timeSeconds;
    const pricesTicks = simulation.pricesTicks();
    // The time is the round's number, too: it only grows, also when the feed is started again.
    const report = await signReport(signer, context, { round: timeSeconds, timeSeconds, pricesTicks });
    await this.#send(JSON.stringify(report));
    onPrices?.(pricesTicks);
  }

  async #send(body: string): Promise<void> {
    const { matcherUrl, onTrouble } = this.#options;
    try {
      const response = await fetch(new URL("/oracle/reports", matcherUrl), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      const answer = await response.text();
      if (!response.ok) onTrouble?.(`the matcher refused a report: ${answer}`);
      this.#silent = false;
    } catch (error) {
      if (!this.#silent) onTrouble?.(`the matcher does not answer: ${error instanceof Error ? error.message : error}`);
      this.#silent = true;
    }
  }
}
