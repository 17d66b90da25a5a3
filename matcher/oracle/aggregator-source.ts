import { Contract, type Provider } from "ethers";
import type { Market } from "../protocol/market.ts";
import { nearestTicks } from "./nearest-ticks.ts";
import type { NoPrice, PriceSource, SourceAnswer, SourcePrice } from "./price-source.ts";

/** The part of AggregatorV3Interface that is read. */
const AGGREGATOR_ABI = [
  "function decimals() view returns (uint8)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
];
const DECIMALS_MAX = 36;

export interface AggregatorSourceOptions {
  readonly provider: Provider;
  /** Which contract tells which market's price in USD. */
  readonly aggregators: readonly { readonly market: Market; readonly address: string }[];
}

/** Reads Chainlink-style aggregators on some chain. Their own time of update is the price's time. */
export class AggregatorSource implements PriceSource {
  readonly name = "aggregator";
  readonly #feeds: readonly { market: Market; address: string; contract: Contract }[];
  /** A contract's decimals never change. */
  readonly #decimals = new Map<string, number>();

  constructor({ provider, aggregators }: AggregatorSourceOptions) {
    this.#feeds = aggregators.map((entry) => ({
      ...entry,
      contract: new Contract(entry.address, AGGREGATOR_ABI, provider),
    }));
  }

  async pricesAt(timeSeconds: number): Promise<(SourceAnswer | undefined)[]> {
    const answers: (SourceAnswer | undefined)[] = [];
    await Promise.all(
      this.#feeds.map(async (feed) => {
        answers[feed.market.index] = await this.#read(feed, timeSeconds).catch((error: unknown) => ({
          reason: `the aggregator ${feed.address} does not answer: ${error instanceof Error ? error.message : error}`,
        }));
      }),
    );
    return answers;
  }

  async #read(
    { market, address, contract }: { market: Market; address: string; contract: Contract },
    timeSeconds: number,
  ): Promise<SourcePrice | NoPrice> {
    let decimals = this.#decimals.get(address);
    if (decimals === undefined) {
      decimals = Number(await contract.getFunction("decimals").staticCall());
      if (decimals > DECIMALS_MAX) return { reason: `the aggregator ${address} has ${decimals} decimals` };
      this.#decimals.set(address, decimals);
    }
    const [roundId, answer, , updatedAt, answeredInRound] = await contract.getFunction("latestRoundData").staticCall();
    if (answeredInRound < roundId) return { reason: `the aggregator ${address} carries an older round's answer` };
    if (updatedAt === 0n) return { reason: `the aggregator ${address} has no complete round` };
    if (updatedAt > BigInt(timeSeconds)) return { reason: `the aggregator ${address} answers from the future` };
    return nearestTicks(market, answer, decimals, Number(updatedAt));
  }
}
