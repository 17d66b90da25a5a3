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
const ANSWER_LIMIT_MS = 4_000;

export interface AggregatorSourceOptions {
  readonly provider: Provider;
  /** Which contract tells which market's price in USD. */
  readonly aggregators: readonly { readonly market: Market; readonly address: string }[];
  /** How long an aggregator's answer is waited for; 4,000 unless told otherwise. */
  readonly answerLimitMs?: number;
}

/** @throws (rejects) Error when the answer does not come in time: a node that accepts calls may still never answer them. */
async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Aggregator {
  readonly market: Market;
  readonly address: string;
  readonly contract: Contract;
}

/** Reads Chainlink-style aggregators on some chain. Their own time of update is the price's time. */
export class AggregatorSource implements PriceSource {
  readonly name = "aggregator";
  readonly #answerLimitMs: number;
  readonly #feeds: readonly Aggregator[];
  /** A contract's decimals never change. */
  readonly #decimals = new Map<string, number>();

  constructor({ provider, aggregators, answerLimitMs = ANSWER_LIMIT_MS }: AggregatorSourceOptions) {
    this.#answerLimitMs = answerLimitMs;
    this.#feeds = aggregators.map((entry) => ({
      ...entry,
      contract: new Contract(entry.address, AGGREGATOR_ABI, provider),
    }));
  }

  async pricesAt(): Promise<(SourceAnswer | undefined)[]> {
    const answers: (SourceAnswer | undefined)[] = [];
    await Promise.all(
      this.#feeds.map(async (feed) => {
        answers[feed.market.index] = await within(this.#answerLimitMs, this.#read(feed)).catch((error: unknown) => ({
          reason: `the aggregator ${feed.address} does not answer: ${error instanceof Error ? error.message : error}`,
        }));
      }),
    );
    return answers;
  }

  async #read({ market, address, contract }: Aggregator): Promise<SourcePrice | NoPrice> {
    let decimals = this.#decimals.get(address);
    if (decimals === undefined) {
      decimals = Number(await contract.getFunction("decimals").staticCall());
      if (decimals > DECIMALS_MAX) return { reason: `the aggregator ${address} has ${decimals} decimals` };
      this.#decimals.set(address, decimals);
    }
    const [roundId, answer, , updatedAt, answeredInRound] = await contract.getFunction("latestRoundData").staticCall();
    if (answeredInRound < roundId) return { reason: `the aggregator ${address} carries an older round's answer` };
    if (updatedAt === 0n) return { reason: `the aggregator ${address} has no complete round` };
    return nearestTicks(market, answer, decimals, Number(updatedAt));
  }
}
