import { Contract, type JsonRpcProvider } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { type L1Event, readLog } from "../../matcher/chain/l1-event.ts";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import { adjustedCollateralPicoUsd } from "../../matcher/protocol/account.ts";
import type { WireAccount } from "../../matcher/protocol/api-wire.ts";
import { parseDecimal } from "../../matcher/protocol/decimal.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { baseFromLots } from "../../matcher/protocol/market.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import { rebuildState } from "../../matcher/rebuild/rebuild-state.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import type { AccountStore } from "../../matcher/state/account-store.ts";
import type { CheckList } from "./check-list.ts";

/** Decimal places of a pico-USD, in which the API tells collateral. */
const PICO_DECIMALS = 12;

export interface PublishedContext {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly hash: Poseidon;
  /** How many batches the matcher says are settled. */
  readonly settledBatches: number;
  readonly clients: readonly ClearbookClient[];
}

/** Funding indices of an epoch, as its event on L1 tells them. */
async function indicesOfEpoch({ provider, deployment }: PublishedContext, number: number): Promise<readonly bigint[]> {
  const logs = await provider.getLogs({ address: deployment.exchange, fromBlock: deployment.firstBlock });
  const epochs = logs
    .map(readLog)
    .filter((event): event is Extract<L1Event, { type: "epoch" }> => event?.type === "epoch");
  const found = epochs.find(({ epoch }) => epoch.number === number);
  if (found === undefined) throw new Error(`epoch ${number} was never opened on L1`);
  return found.epoch.markets.map(({ fundingIndexPicoUsd }) => fundingIndexPicoUsd);
}

/** Everything that is known without asking the matcher, against what the matcher says. */
export async function comparePublished(list: CheckList, context: PublishedContext): Promise<void> {
  const { provider, deployment, clients, hash } = context;
  const { chainId, exchange: address, firstBlock } = deployment;
  const rebuilt = await rebuildState({ provider, chainId, exchange: address, firstBlock, hash }).catch(
    (error: Error) => error.message,
  );
  const isRebuilt = typeof rebuilt !== "string";
  list.check("each batch's words lead to the root that was proven", isRebuilt, isRebuilt ? "" : rebuilt);
  if (!isRebuilt) return;
  const { accounts, progress } = rebuilt;
  const { batchNumber, feesPicoUsd } = progress.sharedState;
  const isComplete = batchNumber >= context.settledBatches;
  list.check(`the contract accepted batches 1 to ${batchNumber}, in order`, isComplete, String(context.settledBatches));
  for (const client of clients) await compareAccount(list, context, accounts, client);
  const exchange = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
  const [, settledMicroUsd] = (await exchange.getFunction("vault").staticCall()) as [bigint, bigint];
  // Sizes add up to zero in every market, so funding that is not settled yet adds up to nothing.
  let heldPicoUsd = feesPicoUsd;
  for (const { account } of accounts.entries()) heldPicoUsd += adjustedCollateralPicoUsd(accounts.leaf(account));
  list.equal(
    "published collateral and fees are the contract's pool, to the pico-dollar",
    settledMicroUsd * PICO_PER_MICRO,
    heldPicoUsd,
  );
}

async function compareAccount(
  list: CheckList,
  context: PublishedContext,
  accounts: AccountStore,
  client: ClearbookClient,
): Promise<void> {
  const record = accounts.record(client.account);
  if (record === undefined) {
    list.check(`account ${client.account} is published`, false, "nothing");
    return;
  }
  // The matcher tells collateral with funding settled to its epoch, which may be newer than the account's last batch.
  const { state, epochNumber } = await stateInOneEpoch(client);
  const indices = await indicesOfEpoch(context, epochNumber);
  const owed = record.sizesLots.reduce(
    (sum, size, market) => sum + size * ((indices[market] ?? 0n) - (record.fundingIndexPicoUsd[market] ?? 0n)),
    0n,
  );
  const foundPicoUsd = parseDecimal(state.collateral, PICO_DECIMALS, "collateral");
  list.equal(
    `account ${client.account}: collateral ${state.collateral} USD`,
    foundPicoUsd,
    record.collateralPicoUsd - owed,
  );
  const sizes = record.sizesLots.flatMap((lots, index) => {
    const market = DEVNET_MARKETS[index]?.market;
    return lots === 0n || market === undefined ? [] : [`${market.symbol} ${baseFromLots(market, lots)}`];
  });
  const told = state.positions.map(({ market, size }) => `${market} ${size}`);
  list.equal(`account ${client.account}: positions ${told.join(", ") || "none"}`, told.join(), sizes.join());
}

/** An account and the epoch that its funding is settled to. */
async function stateInOneEpoch(client: ClearbookClient): Promise<{ state: WireAccount; epochNumber: number }> {
  for (;;) {
    const before = await client.time();
    const state = await client.state();
    const { epochNumber } = await client.time();
    if (before.epochNumber === epochNumber) return { state, epochNumber };
  }
}
