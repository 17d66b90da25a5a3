import type { PriceReport, ReportedRound } from "../protocol/price-report.ts";
import { MARKETS } from "../protocol/spec.ts";

/** What one signer has reported last. */
export interface SignerStatus {
  readonly signer: string;
  readonly round: number | null;
  readonly timeSeconds: number | null;
  readonly ageSeconds: number | null;
  /** How far its prices were from the median of the newest round, ppm, by market; null where either is missing. */
  readonly driftPpm: readonly (number | null)[];
  /** Reports that were refused. */
  readonly refused: number;
}

/** What the newest round says of one market. */
export interface MarketStatus {
  readonly market: number;
  readonly medianTicks: number;
  readonly ageSeconds: number;
  /** Prices behind the median. */
  readonly prices: number;
}

export interface OracleStatus {
  readonly threshold: number;
  /** Newest complete round; 0 before the first. */
  readonly round: number;
  readonly signers: readonly SignerStatus[];
  /** Markets that have had a median. */
  readonly markets: readonly MarketStatus[];
}

const PPM = 1_000_000;

/** Remembers what signers reported, for whoever wants to see that prices have more than one source. */
export class OracleBoard {
  readonly #signers: readonly string[];
  readonly #reports = new Map<string, PriceReport>();
  readonly #refused = new Map<string, number>();
  readonly #medians = new Map<number, Omit<MarketStatus, "ageSeconds"> & { timeSeconds: number }>();

  readonly #threshold: number;
  #round = 0;

  constructor(signers: readonly string[], threshold: number) {
    this.#signers = signers;
    this.#threshold = threshold;
  }

  reported(signer: string, report: PriceReport): void {
    this.#reports.set(signer, report);
  }

  /** @param signer who sent it, if that is known */
  refused(signer: string | undefined): void {
    if (signer !== undefined) this.#refused.set(signer, (this.#refused.get(signer) ?? 0) + 1);
  }

  completed({ number, timeSeconds, pricesTicks, reports }: ReportedRound): void {
    this.#round = number;
    for (let market = 0; market < MARKETS; market++) {
      const medianTicks = pricesTicks[market] ?? 0;
      if (medianTicks === 0) continue;
      const prices = reports.filter((report) => report.pricesTicks[market] !== 0).length;
      this.#medians.set(market, { market, medianTicks, prices, timeSeconds });
    }
  }

  status(nowSeconds: number): OracleStatus {
    const signers = this.#signers.map((signer): SignerStatus => {
      const report = this.#reports.get(signer);
      const driftPpm = Array.from({ length: MARKETS }, (_, market) =>
        this.#driftPpm(report?.pricesTicks[market], market),
      );
      const { round = null, timeSeconds = null } = report ?? {};
      const ageSeconds = timeSeconds === null ? null : nowSeconds - timeSeconds;
      return { signer, round, timeSeconds, ageSeconds, driftPpm, refused: this.#refused.get(signer) ?? 0 };
    });
    const markets = [...this.#medians.values()]
      .sort((a, b) => a.market - b.market)
      .map(({ timeSeconds, ...median }) => ({ ...median, ageSeconds: nowSeconds - timeSeconds }));
    return { threshold: this.#threshold, round: this.#round, signers, markets };
  }

  #driftPpm(priceTicks: number | undefined, market: number): number | null {
    const median = this.#medians.get(market)?.medianTicks;
    if (priceTicks === undefined || priceTicks === 0 || median === undefined) return null;
    return Math.round(((priceTicks - median) * PPM) / median);
  }
}
