import type { Interface, Provider } from "ethers";
import { EXCHANGE, MARKET_REGISTRY } from "../../matcher/chain/contract-interfaces.ts";
import { readLog } from "../../matcher/chain/l1-event.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import { EPOCH_WORD, HEADER } from "../../matcher/protocol/spec.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** What a settled batch says about funding. */
export interface PublishedDigest {
  readonly batchNumber: number;
  readonly epochNumber: number;
  readonly epochTimeSeconds: number;
  readonly fundingDigest: bigint;
}

/** What a parameter version says about funding. */
export interface PublishedTerms {
  /** Bound of funding, ppm of the price per hour. */
  readonly rateMaxPpmPerHour: number;
  /** Markets whose indices may move. One that retires is none of them, though it closes before its epochs say that it is retired. */
  readonly liveMarkets: readonly number[];
}

/** Everything about funding that is on L1. */
export interface PublishedFunding {
  /** 1, 2, …, with prices, margin fractions and funding indices. */
  readonly epochs: readonly OpenedEpoch[];
  readonly batches: readonly PublishedDigest[];
  /** By parameter version: those of the epochs. */
  readonly terms: ReadonlyMap<number, PublishedTerms>;
}

/** MarketStatus.Live of the registry. */
const LIVE = 1n;
/** Many servers refuse to search more blocks at once. */
const BLOCKS_AT_ONCE = 5_000;

/** Reads it from the Exchange's logs. @throws Refusal when an epoch is missing: the search began too late */
export async function readPublishedFunding(
  provider: Pick<Provider, "getBlockNumber" | "getLogs" | "call">,
  exchange: string,
  firstBlock: number,
): Promise<PublishedFunding> {
  const epochs: OpenedEpoch[] = [];
  const batches: PublishedDigest[] = [];
  const head = await provider.getBlockNumber();
  for (let fromBlock = firstBlock; fromBlock <= head; fromBlock += BLOCKS_AT_ONCE) {
    const toBlock = Math.min(head, fromBlock + BLOCKS_AT_ONCE - 1);
    for (const log of await provider.getLogs({ address: exchange, fromBlock, toBlock })) {
      const event = readLog(log);
      if (event?.type === "epoch") epochs.push(event.epoch);
      if (event?.type !== "data") continue;
      const { epochNumber, epochTimeSeconds } = unpack(EPOCH_WORD, event.words[HEADER.epoch] as bigint);
      batches.push({
        batchNumber: event.batchNumber,
        epochNumber: Number(epochNumber),
        epochTimeSeconds: Number(epochTimeSeconds),
        fundingDigest: event.words[HEADER.fundingDigest] as bigint,
      });
    }
  }
  const gap = epochs.findIndex(({ number }, i) => number !== i + 1);
  if (gap >= 0)
    throw new Refusal(
      `The logs from block ${firstBlock} on lack epoch ${gap + 1}: begin with an earlier --first-block.`,
    );
  const ask = async (to: string, contract: Interface, method: string, values: readonly unknown[] = []) =>
    contract.decodeFunctionResult(
      method,
      await provider.call({ to, data: contract.encodeFunctionData(method, values) }),
    )[0];
  const registry: string = await ask(exchange, EXCHANGE, "registry");
  const terms = new Map<number, PublishedTerms>();
  for (const { paramVersion } of epochs) {
    if (terms.has(paramVersion)) continue;
    const parameters = await ask(registry, MARKET_REGISTRY, "parameters", [paramVersion]);
    const markets: readonly { status: bigint }[] = [...parameters.markets];
    terms.set(paramVersion, {
      rateMaxPpmPerHour: Number(parameters.maxFundingRatePpmPerHour),
      liveMarkets: markets.flatMap(({ status }, market) => (status === LIVE ? [market] : [])),
    });
  }
  return { epochs, batches, terms };
}
