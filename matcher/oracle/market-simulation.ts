import type { DevnetMarket } from "../protocol/devnet-markets.ts";
import { priceTicksFromUsd } from "../protocol/market.ts";
import { MARKETS, WIDTH } from "../protocol/spec.ts";
import { SeededNoise, UNIT } from "./seeded-noise.ts";

/** How lively a market is. */
export interface MarketMood {
  /** Standard deviation of the price over one second, parts per million of it. */
  readonly volatilityPpm: bigint;
  /** Share of the variance that all markets have in common, parts per million. */
  readonly commonPpm: bigint;
}

/** By market index. */
const MOODS: readonly MarketMood[] = [
  { volatilityPpm: 110n, commonPpm: 800_000n },
  { volatilityPpm: 140n, commonPpm: 650_000n },
  { volatilityPpm: 190n, commonPpm: 500_000n },
  { volatilityPpm: 230n, commonPpm: 400_000n },
];

const PPM = 1_000_000n;
/** Prices are kept in 2^-32 ticks, so that small steps are not lost to rounding. */
const FRACTION_BITS = 32n;
/** A price stays within this factor of its start, so that a run of days cannot leave a price's width. */
const RANGE_FACTOR = 16n;

interface Walk {
  readonly startTicks: bigint;
  readonly mood: MarketMood;
  scaledTicks: bigint;
}

/** ⌊√value⌋, by Newton. */
function squareRootFloor(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/**
 * Prices that wander together: geometric random walks with a common and an own part each, in integers, the same for the same
 * seed. This is a toy that moves prices on a devnet; it stands in for no source of prices anywhere else.
 */
export class MarketSimulation {
  readonly #noise: SeededNoise;
  readonly #calm: boolean;
  /** By market index; undefined where no market is live. */
  readonly #walks: readonly (Walk | undefined)[];

  /** @param calm nothing moves by itself */
  constructor(seed: bigint, markets: readonly DevnetMarket[], calm = false) {
    this.#noise = new SeededNoise(seed);
    this.#calm = calm;
    this.#walks = Array.from({ length: MARKETS }, (_, index): Walk | undefined => {
      const entry = markets.find(({ market }) => market.index === index);
      if (entry === undefined) return undefined;
      const startTicks = BigInt(priceTicksFromUsd(entry.market, entry.seedPriceUsd));
      return { startTicks, mood: MOODS[index % MOODS.length]!, scaledTicks: startTicks << FRACTION_BITS };
    });
  }

  /** Lets time pass. @param elapsedMs at least 0; deviations grow with its square root. */
  advance(elapsedMs: number): void {
    if (this.#calm) return;
    // √(seconds) in millionths.
    const rootSecondsPpm = squareRootFloor(BigInt(Math.round(elapsedMs)) * 1_000_000_000n);
    const common = this.#noise.normal();
    for (const walk of this.#walks) {
      const own = this.#noise.normal();
      if (walk === undefined) continue;
      const { volatilityPpm, commonPpm } = walk.mood;
      const commonShare = squareRootFloor(commonPpm * PPM);
      const ownShare = squareRootFloor((PPM - commonPpm) * PPM);
      // In UNIT · ppm: one deviation of a mixture whose variances add up to one.
      const mixed = common * commonShare + own * ownShare;
      const changePerPpmUnit = volatilityPpm * rootSecondsPpm * mixed;
      const moved = walk.scaledTicks + (walk.scaledTicks * changePerPpmUnit) / (PPM * PPM * PPM * UNIT);
      walk.scaledTicks = this.#clamp(walk, moved);
    }
  }

  /** Moves a market by a share of its price, parts per million; one that is not live stays so. */
  move(market: number, movePpm: bigint): void {
    const walk = this.#walks[market];
    if (walk !== undefined) walk.scaledTicks = this.#clamp(walk, walk.scaledTicks + (walk.scaledTicks * movePpm) / PPM);
  }

  /** The prices now, rounded to the nearest tick, 0 where no market is live. */
  pricesTicks(): number[] {
    const half = 1n << (FRACTION_BITS - 1n);
    return this.#walks.map((walk) => (walk === undefined ? 0 : Number((walk.scaledTicks + half) >> FRACTION_BITS)));
  }

  #clamp({ startTicks }: Walk, scaledTicks: bigint): bigint {
    const scaledStart = startTicks << FRACTION_BITS;
    const widest = (1n << BigInt(WIDTH.priceTicks)) - 1n;
    const most = startTicks * RANGE_FACTOR > widest ? widest << FRACTION_BITS : scaledStart * RANGE_FACTOR;
    const least = scaledStart / RANGE_FACTOR;
    const floor = least < 1n << FRACTION_BITS ? 1n << FRACTION_BITS : least;
    if (scaledTicks > most) return most;
    return scaledTicks < floor ? floor : scaledTicks;
  }
}
