import type { Epoch } from "../protocol/epoch.ts";
import {
  type FundingInterval,
  type FundingMarketTerms,
  type FundingSample,
  fundingIntervalWords,
  GENESIS_FUNDING_DIGEST,
  type MarketSample,
  nextFundingDigest,
} from "../protocol/funding-interval.ts";
import {
  checkFundingSchedule,
  type FundingSchedule,
  fundingIntervalAt,
  fundingSpans,
} from "../protocol/funding-schedule.ts";
import { chargedRate8hPpm, fundingDeltaPicoUsdTowardZero } from "../risk/funding-delta.ts";
import { fundingOf, type MarketFunding, rateMax8hPpm } from "../risk/funding-rate.ts";
import { type Impact, premiumMaxPpm } from "../risk/premium.ts";

/** On what terms funding is measured. */
export interface FundingTerms {
  readonly schedule: FundingSchedule;
  /** By market index; null where no market is live. Markets without an entry have no funding. */
  readonly markets: readonly (Pick<FundingMarketTerms, "impactNotionalMicroUsd" | "interest8hPpm"> | null)[];
}

/** An interval that nothing can change any more. */
export interface SealedInterval {
  readonly interval: number;
  /** Canonical encoding (protocol/funding-interval.ts). */
  readonly words: readonly bigint[];
  readonly previousDigest: bigint;
  /** Head of the hash chain with this interval. */
  readonly digest: bigint;
  readonly terms: readonly FundingMarketTerms[];
  /** Times at which a sample was taken. */
  readonly sampleCount: number;
  readonly funding: readonly MarketFunding[];
}

/** What a moment seals, not done yet. */
export interface Sealing {
  readonly intervals: readonly SealedInterval[];
  /** Head of the hash chain after them. */
  readonly digest: bigint;
}

/** What is kept of a sealed interval. */
interface Charged {
  readonly digest: bigint;
  /** By market. */
  readonly rates8hPpm: ReadonlyMap<number, number>;
}

/** The meter as plain data. */
export interface FundingMeterSnapshot {
  readonly open: number;
  readonly first: number;
  readonly head: bigint;
  readonly lastSampleSeconds: number;
  readonly samples: readonly FundingSample[];
  /** interval, digest, [market, rate]. */
  readonly sealed: readonly [number, bigint, readonly (readonly [number, number])[]][];
}

/** A clock that jumps further than this is wrong: two years of minutes. */
const INTERVALS_AT_ONCE_MAX = 1_000_000;

/**
 * Samples of the open interval, and the rates of those before it. It has no clock: time comes with the commands, and the first one
 * beyond an interval's end, a sample or an epoch, seals it. From the first epoch on, every interval is sealed, with samples or without.
 */
export class FundingMeter {
  readonly terms: FundingTerms;
  private samples: FundingSample[] = [];
  private lastSampleSeconds = -1;
  /** The interval that takes samples; −1 before the first epoch. */
  private open = -1;
  private first = -1;
  private head = GENESIS_FUNDING_DIGEST;
  /** Sealed intervals, ascending, as far back as an epoch may still charge their rates. */
  private readonly sealed = new Map<number, Charged>();

  /** @throws RangeError for a schedule whose parts do not divide each other */
  constructor(terms: FundingTerms) {
    checkFundingSchedule(terms.schedule);
    this.terms = terms;
  }

  /** Head of the hash chain over the sealed intervals. */
  get digest(): bigint {
    return this.head;
  }

  /** The interval that takes samples, as it would be sealed now; null before the first epoch. */
  openInterval(epoch: Epoch | undefined): FundingInterval | null {
    return this.open < 0 || epoch === undefined ? null : this.interval(this.open, epoch, this.samples);
  }

  /**
   * What a moment would seal: every interval that ends by then.
   * @param epoch in force until then; undefined before the first
   * @throws RangeError for a time so far ahead that it must be wrong
   */
  sealing(timeSeconds: number, epoch: Epoch | undefined): Sealing {
    const now = fundingIntervalAt(this.terms.schedule, timeSeconds);
    const intervals: SealedInterval[] = [];
    let digest = this.head;
    if (epoch === undefined || this.open < 0) return { intervals, digest };
    if (now - this.open > INTERVALS_AT_ONCE_MAX) throw new RangeError(`funding interval ${now} after ${this.open}`);
    for (let interval = this.open; interval < now; interval++) {
      const content = this.interval(interval, epoch, interval === this.open ? this.samples : []);
      const words = fundingIntervalWords(content);
      const previousDigest = digest;
      digest = nextFundingDigest(previousDigest, words);
      const { terms, samples } = content;
      const sampleCount = samples.length;
      intervals.push({ interval, words, previousDigest, digest, terms, sampleCount, funding: fundingOf(content) });
    }
    return { intervals, digest };
  }

  /** Does what {@link sealing} said. Rates that no later epoch can charge are forgotten. @param epoch in force from now on */
  seal(timeSeconds: number, { intervals, digest }: Sealing, epoch: Epoch): void {
    const { schedule } = this.terms;
    const now = fundingIntervalAt(schedule, timeSeconds);
    if (this.open < 0) this.first = now;
    if (now > this.open) {
      this.open = now;
      this.samples = [];
    }
    this.head = digest;
    for (const { interval, digest, funding } of intervals) {
      const rates8hPpm = new Map(funding.map(({ market, rate8hPpm }) => [market, rate8hPpm]));
      this.sealed.set(interval, { digest, rates8hPpm });
    }
    const oldest = fundingIntervalAt(schedule, epoch.timeSeconds) - 1;
    for (const interval of this.sealed.keys()) {
      if (interval >= oldest) break;
      this.sealed.delete(interval);
    }
  }

  /**
   * What the batches of an epoch carry: the hash chain through the interval before the one that the epoch's time is in, however many
   * were sealed since. Those are the intervals whose rates its funding indices may hold.
   * @param sealing of the epoch's time
   */
  digestOf({ timeSeconds }: Epoch, { intervals }: Sealing): bigint {
    const newest = fundingIntervalAt(this.terms.schedule, timeSeconds) - 1;
    const last = intervals.at(-1);
    if (last?.interval === newest) return last.digest;
    return this.chargedIn(newest)?.digest ?? GENESIS_FUNDING_DIGEST;
  }

  /**
   * The sample of a moment, from the books as they are; it is taken with {@link take}.
   * @throws RangeError for a time that is not on the schedule, or not after the last sample and the last sealed interval
   */
  sampleAt(timeSeconds: number, epoch: Epoch, impactOf: (market: number, notional: bigint) => Impact): FundingSample {
    const { schedule } = this.terms;
    if (timeSeconds % schedule.sampleSeconds !== 0) {
      throw new RangeError(`a funding sample at ${timeSeconds} s, not every ${schedule.sampleSeconds} s`);
    }
    if (timeSeconds <= this.lastSampleSeconds || fundingIntervalAt(schedule, timeSeconds) < this.open) {
      throw new RangeError(`a funding sample at ${timeSeconds} s comes too late`);
    }
    const markets: MarketSample[] = [];
    for (const { market, impactNotionalMicroUsd } of this.marketTerms(epoch)) {
      const { priceTicks: indexTicks, imfPpm, mmfPpm } = epoch.markets[market] as Epoch["markets"][number];
      const { impactBidTicksQ20, impactAskTicksQ20 } = impactOf(market, impactNotionalMicroUsd);
      const premiumMax = premiumMaxPpm(imfPpm, mmfPpm);
      markets.push({ market, indexTicks, premiumMaxPpm: premiumMax, impactBidTicksQ20, impactAskTicksQ20 });
    }
    if (markets.length === 0) throw new RangeError("a funding sample while no market is live");
    return { timeSeconds, epochNumber: epoch.number, markets };
  }

  /** Adds a sample to the open interval, which {@link seal} has brought up to its time. */
  take(sample: FundingSample): void {
    this.samples.push(sample);
    this.lastSampleSeconds = sample.timeSeconds;
  }

  /**
   * What an epoch adds to the funding indices: the rates of the intervals before, for the time since the last epoch.
   * @param pricesTicks of the new epoch, by market; 0 where no market is live
   * @param rateMaxPpmPerHour the contract's bound
   * @returns pico-USD per lot by market, or null while an interval that it depends on is not sealed
   */
  deltasPicoUsdTowardZero(
    pricesTicks: readonly number[],
    fromSeconds: number,
    toSeconds: number,
    rateMaxPpmPerHour: number,
  ): bigint[] | null {
    const spans = fundingSpans(this.terms.schedule, fromSeconds, toSeconds);
    const newest = spans.at(-1);
    if (newest !== undefined && (this.open < 0 || newest.interval >= this.open)) return null;
    return pricesTicks.map((priceTicks, market) => {
      if (priceTicks === 0) return 0n;
      const rates = spans.map(({ interval, seconds }) => {
        const rate8hPpm = chargedRate8hPpm(this.chargedIn(interval)?.rates8hPpm.get(market) ?? 0, rateMaxPpmPerHour);
        return { rate8hPpm, seconds };
      });
      return fundingDeltaPicoUsdTowardZero(priceTicks, rates);
    });
  }

  /** Time of the last sample; −1 before the first. */
  get lastSampleTimeSeconds(): number {
    return this.lastSampleSeconds;
  }

  /** Everything that a later command depends on, as plain data. */
  snapshot(): FundingMeterSnapshot {
    const { open, first, head, lastSampleSeconds } = this;
    const sealed = [...this.sealed].map(
      ([interval, { digest, rates8hPpm }]): FundingMeterSnapshot["sealed"][number] => {
        return [interval, digest, [...rates8hPpm]];
      },
    );
    return { open, first, head, lastSampleSeconds, samples: [...this.samples], sealed };
  }

  /** Takes {@link snapshot} back. */
  restore({ open, first, head, lastSampleSeconds, samples, sealed }: FundingMeterSnapshot): void {
    this.open = open;
    this.first = first;
    this.head = head;
    this.lastSampleSeconds = lastSampleSeconds;
    this.samples = [...samples];
    this.sealed.clear();
    for (const [interval, digest, rates] of sealed) this.sealed.set(interval, { digest, rates8hPpm: new Map(rates) });
  }

  /** undefined before the first interval: nothing was measured then. @throws RangeError for one before the epoch in force */
  private chargedIn(interval: number): Charged | undefined {
    const charged = this.sealed.get(interval);
    if (charged === undefined && this.first >= 0 && interval >= this.first) {
      throw new RangeError(`funding interval ${interval} is forgotten`);
    }
    return charged;
  }

  private interval(interval: number, epoch: Epoch, samples: readonly FundingSample[]): FundingInterval {
    const { schedule } = this.terms;
    return { interval, schedule, epochNumber: epoch.number, terms: this.marketTerms(epoch), samples };
  }

  private marketTerms(epoch: Epoch): FundingMarketTerms[] {
    return epoch.markets.flatMap(({ priceTicks, priceMinTicks, priceMaxTicks, imfPpm, mmfPpm }, market) => {
      const terms = this.terms.markets[market];
      if (terms === undefined || terms === null || priceTicks === 0 || priceMinTicks > priceMaxTicks) return [];
      const { impactNotionalMicroUsd, interest8hPpm } = terms;
      return [{ market, impactNotionalMicroUsd, interest8hPpm, rateMax8hPpm: rateMax8hPpm(imfPpm, mmfPpm) }];
    });
  }
}
