import type { DevnetMarket } from "../protocol/devnet-markets.ts";
import { MarketSimulation } from "./market-simulation.ts";
import type { PriceSource, SourceAnswer } from "./price-source.ts";
import { SeededNoise, UNIT } from "./seeded-noise.ts";

/** A move that the simulation is told to make. */
export interface Shock {
  /** Since the simulation's start. */
  readonly atSeconds: number;
  readonly market: number;
  /** Of the price, parts per million; −200,000 is a fall by a fifth. Spread evenly over the seconds. */
  readonly movePpm: number;
  readonly seconds: number;
}

export interface SimulationSourceOptions {
  readonly markets: readonly DevnetMarket[];
  /** Of the market that all signers look at. */
  readonly seed: bigint;
  /** Where the walk begins: with the same seed and start it is the same in every process. */
  readonly startSeconds: number;
  /** What this signer sees beside the market: a few millionths of its own. */
  readonly noiseSeed: bigint;
  readonly shocks?: readonly Shock[];
  /** Nothing moves but by shocks, and every signer sees the same. */
  readonly calm?: boolean;
}

/** Standard deviation of what a signer sees beside the market. */
const NOISE_PPM = 15n;
const PPM = 1_000_000n;
/** A feed that was asleep for longer starts a walk anew rather than catch up for minutes. */
const CATCH_UP_SECONDS_MAX = 1_000_000;

/** The devnet's made-up markets as a source of prices, in steps of a second. */
export class SimulationSource implements PriceSource {
  readonly name = "simulation";
  readonly #options: SimulationSourceOptions;
  readonly #simulation: MarketSimulation;
  #seconds = 0;

  constructor(options: SimulationSourceOptions) {
    this.#options = options;
    this.#simulation = new MarketSimulation(options.seed, options.markets, options.calm === true);
  }

  /** Moves a market at once. */
  shock(market: number, movePpm: number): void {
    this.#simulation.move(market, BigInt(movePpm));
  }

  async pricesAt(timeSeconds: number): Promise<(SourceAnswer | undefined)[]> {
    const { startSeconds, noiseSeed, calm } = this.#options;
    const goal = timeSeconds - startSeconds;
    if (goal - this.#seconds > CATCH_UP_SECONDS_MAX) {
      throw new RangeError(`the simulation's start, ${startSeconds}, is too far behind ${timeSeconds}`);
    }
    while (this.#seconds < goal) this.#step();
    return this.#simulation.pricesTicks().map((priceTicks, market) => {
      if (priceTicks === 0) return undefined;
      if (calm) return { priceTicks, timeSeconds };
      // Of the signer, the second and the market alone, so that it does not matter when it is asked.
      const noise = new SeededNoise((noiseSeed << 40n) ^ (BigInt(timeSeconds) << 3n) ^ BigInt(market)).normal();
      const moved = (BigInt(priceTicks) * (PPM * UNIT + NOISE_PPM * noise)) / (PPM * UNIT);
      return { priceTicks: moved < 1n ? 1 : Number(moved), timeSeconds };
    });
  }

  #step(): void {
    this.#seconds += 1;
    this.#simulation.advance(1_000);
    for (const { atSeconds, market, movePpm, seconds } of this.#options.shocks ?? []) {
      if (this.#seconds <= atSeconds || this.#seconds > atSeconds + seconds) continue;
      // So that the parts add up to the whole of the price before it: each is measured against what the earlier ones left.
      const done = this.#seconds - atSeconds - 1;
      const left = PPM * BigInt(seconds) + BigInt(movePpm) * BigInt(done);
      this.#simulation.move(market, (BigInt(movePpm) * PPM) / left);
    }
  }
}
