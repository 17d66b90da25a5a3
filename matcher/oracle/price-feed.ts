import type { Signer } from "ethers";
import { type PriceSource, type Reportable, reportable } from "./price-source.ts";
import { type OracleContext, signReport } from "./report-signer.ts";

export interface PriceFeedOptions {
  readonly context: OracleContext;
  readonly signer: Signer;
  readonly source: PriceSource;
  /** The matcher's door for operators. */
  readonly matcherUrl: string;
  /** Whole seconds. Rounds are of the multiples of it since 1970, so that the feeds of all signers meet. */
  readonly periodSeconds: number;
  /** Older prices are not reported. */
  readonly maxAgeSeconds: number;
  readonly onPrices?: (pricesTicks: readonly number[]) => void;
  /** Told once when the matcher begins to refuse reports, and when matcher, source or a market's price is gone. */
  readonly onTrouble?: (sentence: string) => void;
  readonly nowMs?: () => number;
}

const ANSWER_LIMIT_MS = 5_000;

/**
 * Reports a source's prices to the matcher, again and again. A report that does not arrive is not repeated: the next is newer. A clock that
 * is off by less than a period costs this signer a round now and then, and nobody else anything.
 */
export class PriceFeed {
  readonly #options: PriceFeedOptions;
  #lastSeconds = 0;
  /** Troubles that were told and have not ended. */
  #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #reporting = false;

  constructor(options: PriceFeedOptions) {
    if (!Number.isInteger(options.periodSeconds) || options.periodSeconds < 1) {
      throw new RangeError(`a period of ${options.periodSeconds} s`);
    }
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#reportOnce();
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }

  /** Until the next time of the grid. */
  #wait(): void {
    const periodMs = this.#options.periodSeconds * 1_000;
    this.#timer = setTimeout(
      () => {
        this.#wait();
        void this.#reportOnce();
      },
      periodMs - (this.#nowMs % periodMs),
    );
  }

  /** A report that takes longer than a period costs the rounds that it overlaps: it would overtake, or be overtaken. */
  async #reportOnce(): Promise<void> {
    if (this.#reporting) return this.#tell("pace", "a report takes longer than a period, so rounds are left out");
    this.#reporting = true;
    try {
      await this.#report();
    } finally {
      this.#reporting = false;
    }
  }

  async #report(): Promise<void> {
    const { context, signer, periodSeconds, onPrices } = this.#options;
    const nowSeconds = Math.floor(this.#nowMs / 1_000);
    const timeSeconds = nowSeconds - (nowSeconds % periodSeconds);
    if (timeSeconds <= this.#lastSeconds) return;
    this.#lastSeconds = timeSeconds;
    const prices = await this.#pricesAt(timeSeconds);
    if (prices === undefined || prices.pricesTicks.every((price) => price === 0)) return;
    const { pricesTicks } = prices;
    // The time is the round's number, too: it only grows, also when the feed is started again.
    const report = await signReport(signer, context, { round: timeSeconds, timeSeconds, pricesTicks });
    await this.#send(JSON.stringify(report));
    onPrices?.(pricesTicks);
  }

  async #pricesAt(timeSeconds: number): Promise<Reportable | undefined> {
    const { source, maxAgeSeconds } = this.#options;
    try {
      const found = reportable(await source.pricesAt(timeSeconds), timeSeconds, maxAgeSeconds);
      this.#ended("source");
      for (let market = 0; market < found.pricesTicks.length; market++) {
        const reason = found.reasons.get(market);
        if (reason === undefined) this.#ended(`market ${market}`);
        else this.#tell(`market ${market}`, `no price of market ${market} from the ${source.name}: ${reason}`);
      }
      return found;
    } catch (error) {
      this.#tell("source", `no prices from the ${source.name}: ${error instanceof Error ? error.message : error}`);
      return undefined;
    }
  }

  async #send(body: string): Promise<void> {
    const { matcherUrl } = this.#options;
    try {
      const response = await fetch(new URL("/oracle/reports", matcherUrl), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      const answer = await response.text();
      this.#ended("matcher");
      if (response.ok) this.#ended("report");
      else this.#tell("report", `the matcher refused a report: ${answer}`);
    } catch (error) {
      this.#tell("matcher", `the matcher does not answer: ${error instanceof Error ? error.message : error}`);
    }
  }

  #tell(what: string, sentence: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#options.onTrouble?.(sentence);
  }

  #ended(what: string): void {
    this.#told.delete(what);
  }
}
