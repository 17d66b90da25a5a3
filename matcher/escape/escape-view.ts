import { Contract, type Provider } from "ethers";
import { ESCAPE_ABI, EXCHANGE_ABI, MARKET_REGISTRY_ABI } from "../protocol/abi.ts";
import { MARKETS } from "../protocol/spec.ts";
import { EscapeRefused } from "./escape-refused.ts";

/** How far an exchange's end has come, as L1 has it. Times are L1's, seconds. */
export interface EscapeView {
  readonly escape: string;
  readonly frozen: boolean;
  /** The last second in which the head of the queue may wait; undefined while nothing waits. */
  readonly headDeadlineSeconds: number | undefined;
  readonly nowSeconds: number;
  readonly hasState: boolean;
  /** Next epoch that is wanted; 0 when none is. */
  readonly nextEpoch: number;
  readonly priceWindowSeconds: number;
  /** When claims close and the share is final; undefined before prices are pinned. */
  readonly claimsCloseSeconds: number | undefined;
  /** When the insurance fund may be paid. */
  readonly lateCloseSeconds: number | undefined;
  readonly pricesTicks: readonly number[];
  readonly poolMicroUsd: bigint;
  readonly filedMicroUsd: bigint;
  readonly lateMicroUsd: bigint;
}

const FOREVER = 2n ** 64n;

/** @throws EscapeRefused when there is no exchange with an escape at the address */
export async function readEscape(provider: Provider, exchange: string): Promise<EscapeView> {
  const contract = new Contract(exchange, EXCHANGE_ABI, provider);
  const ask = (on: Contract, name: string, ...values: unknown[]) => on.getFunction(name).staticCall(...values);
  const address = (await ask(contract, "escape").catch((error: Error) => {
    throw new EscapeRefused(`${exchange} answers as no exchange with an escape does: ${error.message}`);
  })) as string;
  const wayOut = new Contract(address, ESCAPE_ABI, provider);
  const [frozen, headDeadline, pinning, windows, totals, prices, block] = await Promise.all([
    ask(contract, "frozen"),
    ask(contract, "headDeadline"),
    ask(wayOut, "pinning"),
    ask(wayOut, "windows"),
    ask(wayOut, "totals"),
    ask(wayOut, "prices"),
    provider.getBlock("latest"),
  ]);
  const pinnedSeconds = Number(pinning.pricesPinnedSeconds);
  const claimsClose = pinnedSeconds + Number(windows.claimSeconds);
  return {
    escape: address,
    frozen,
    headDeadlineSeconds: headDeadline > FOREVER ? undefined : Number(headDeadline),
    nowSeconds: block?.timestamp ?? 0,
    hasState: pinning.hasState,
    nextEpoch: Number(pinning.nextEpoch),
    priceWindowSeconds: Number(windows.priceSeconds),
    claimsCloseSeconds: pinnedSeconds === 0 ? undefined : claimsClose,
    lateCloseSeconds: pinnedSeconds === 0 ? undefined : claimsClose + Number(windows.lateSeconds),
    pricesTicks: Array.from(prices, Number),
    poolMicroUsd: totals.poolMicroUsd,
    filedMicroUsd: totals.filedMicroUsd,
    lateMicroUsd: totals.lateMicroUsd,
  };
}

/** What prices depend on beside the epochs: which market an index stands for, and what has its settlement price. */
export async function readMarketEnds(
  provider: Provider,
  exchange: string,
): Promise<{ sinceSeconds: number[]; settledSinceEpoch: number[] }> {
  const contract = new Contract(exchange, EXCHANGE_ABI, provider);
  const registry = new Contract(await contract.getFunction("registry")(), MARKET_REGISTRY_ABI, provider);
  const since = (await registry.getFunction("sinceSeconds")()) as bigint[];
  const settled = await Promise.all(
    Array.from({ length: MARKETS }, (_, market) => contract.getFunction("settlementOf")(market)),
  );
  return {
    sinceSeconds: Array.from(since, Number),
    settledSinceEpoch: settled.map(({ sinceEpoch }) => Number(sinceEpoch)),
  };
}
